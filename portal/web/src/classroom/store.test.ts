import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryRoom } from '../../dev/memoryRoom';
import { MAIN_PAGE, type PageId, type Role, type UserId } from '../core/ids';
import { readPresence } from '../core/presence';
import { PortalError } from '../net/portal';
import type { ClassroomPortal } from './api';
import type { Participant } from './room';
import { endLesson, startLesson } from './staff';
import { RoomStore } from './store';

let store: RoomStore | null = null;

function open(role: Role): { room: MemoryRoom; store: RoomStore } {
  const info = {
    lesson: 'l1',
    title: 'Fractions',
    subject: 'Mathematics',
    room: 'r1',
    state: 'open',
    starts_at: '',
    time_zone: 'UTC',
    ends_at: '',
    me: { user: 'me', name: 'Me', role },
    school: 'School',
    demo: false,
    recording: 'required',
    notice: '',
  } as const;
  const other = role === 'tutor' ? 'student' : 'tutor';
  const room = new MemoryRoom(info, [{ name: 'Other', role: other }]);
  store = new RoomStore(room);
  return { room, store };
}

/** What somebody with the right to the stage writes there. */
function setStage(room: MemoryRoom, fields: Parameters<MemoryRoom['stage']['set']>[0]): void {
  const { writable } = room.stage;
  room.stage.writable = true;
  room.stage.set(fields);
  room.stage.writable = writable;
}

afterEach(() => {
  store?.close();
  store = null;
});

describe('who may draw when', () => {
  test('a student waits for the tutor; staff prepare the board', () => {
    const student = open('student');
    expect(student.store.mayDraw.value).toBe(false);
    setStage(student.room, { state: 'live' });
    expect(student.store.mayDraw.value).toBe(true);
    setStage(student.room, { state: 'ended' });
    expect(student.store.mayDraw.value).toBe(false);
    student.store.close();
    expect(open('tutor').store.mayDraw.value).toBe(true);
  });

  test('a closed room has ended, whatever the stage says', () => {
    const { room, store: opened } = open('student');
    setStage(room, { state: 'live' });
    room.emit('room', 'closed');
    expect(opened.state.value).toBe('ended');
    expect(opened.mayDraw.value).toBe(false);
  });

  test('a session that was replaced writes no more until it is back', () => {
    const { room, store: opened } = open('tutor');
    room.emit('stopped', { code: 4409, reason: 'replaced' });
    expect(opened.mayDraw.value).toBe(false);
    room.emit('connection', { ...room.connection, relay: 'online' });
    expect(opened.mayDraw.value).toBe(true);
  });
});

describe('pages', () => {
  let room: MemoryRoom;
  let opened: RoomStore;
  let second: PageId;

  function use(role: Role): void {
    ({ room, store: opened } = open(role));
    second = room.board.addPage({});
  }

  beforeEach(() => use('student'));

  test('a student follows the tutor until turning a page, and again on request', () => {
    setStage(room, { page: second });
    expect(opened.page.value).toBe(second);
    opened.turnTo('main' as PageId);
    expect(opened.isFollowing.value).toBe(false);
    setStage(room, { page: 'main' as PageId });
    setStage(room, { page: second });
    expect(opened.page.value).toBe('main');
    opened.follow();
    expect(opened.page.value).toBe(second);
  });

  test('the tutor’s turning is everybody’s', () => {
    opened.close();
    use('tutor');
    opened.turnTo(second);
    expect(room.stage.page).toBe(second);
    expect(opened.isFollowing.value).toBe(true);
  });

  test('a page that is erased under somebody leads back to the first', () => {
    opened.turnTo(second);
    room.board.erasePage(second);
    expect(opened.page.value).toBe('main');
  });

  test('cursors of another page are not shown', () => {
    const other = room.participants()[1]?.session;
    if (!other) {
      throw new Error('nobody is here');
    }
    room.setLive(other, { cursor: { page: second, desk: null, x: 1, y: 2 }, stroke: null });
    expect(opened.cursors.value).toEqual([]);
    opened.turnTo(second);
    expect(opened.cursors.value.map(({ name }) => name)).toEqual(['Other']);
  });
});

describe('who is listed', () => {
  const names = (opened: RoomStore): string[] => opened.everybody.value.map(({ name }) => name);

  test('somebody in two tabs is one person, with the hand of either', () => {
    const { room, store: opened } = open('tutor');
    room.enter({ name: 'Leo', role: 'student', presence: { hand: true } });
    const second = room.enter({ name: 'Leo', role: 'student' });
    expect(names(opened)).toEqual(['Me', 'Other', 'Leo']);
    const leo = opened.everybody.value.at(-1);
    expect([leo?.session, leo?.presence.hand]).toEqual([second, true]);
  });

  test('of a page that was loaded again the reachable one is shown, and no hand is left behind', () => {
    const { room, store: opened } = open('tutor');
    const before = room.enter({ name: 'Leo', role: 'student', presence: { hand: true } });
    const after = room.enter({ name: 'Leo', role: 'student' });
    const peers = room.connection.peers.map((peer) =>
      peer.session === before ? { ...peer, path: 'none' as const } : peer,
    );
    room.emit('connection', { ...room.connection, peers });
    const leo = opened.everybody.value.at(-1);
    expect([leo?.session, leo?.presence.hand]).toEqual([after, false]);
  });
});

describe('starting and ending', () => {
  const portal = (answers: Partial<ClassroomPortal>): ClassroomPortal => answers as ClassroomPortal;

  test('without a recorder the lesson does not go live, and the reason is told', async () => {
    const { room } = open('tutor');
    const start = async (): Promise<void> => {
      throw new PortalError(409, 'recorder_missing', 'The recorder is not in the room.');
    };
    expect(await startLesson(portal({ start }), room)).toEqual({
      title: 'The recorder is not ready',
      message: 'The recorder is not in the room.',
    });
    expect(room.stage.state).toBe('waiting');
  });

  test('going live sets the stage and its clock', async () => {
    const { room } = open('tutor');
    expect(await startLesson(portal({ start: async () => undefined }), room)).toBeNull();
    expect(room.stage.state).toBe('live');
    expect(room.stage.startedMs).not.toBeNull();
  });

  test('an end that the portal does not take is taken back', async () => {
    const { room } = open('tutor');
    setStage(room, { state: 'live' });
    const end = async (): Promise<void> => {
      throw new PortalError(0, 'unreachable', 'No answer.');
    };
    await endLesson(portal({ end }), room);
    expect(room.stage.state).toBe('live');
    await endLesson(portal({ end: async () => undefined }), room);
    expect(room.stage.state).toBe('ended');
  });
});

describe('together', () => {
  const view = { x: 100, y: 50, zoom: 1, w: 800, h: 450 };

  /** The other person in the room says something of itself. */
  function says(room: MemoryRoom, presence: Partial<Participant['presence']>): void {
    const people = room.participants().map((person) => {
      return person.isMe ? person : { ...person, presence: { ...person.presence, ...presence } };
    });
    room.participants = () => people;
    room.emit('participants', people);
  }

  test('a student who is held only watches, on every page, until the tutor lets go', () => {
    const { room, store: opened } = open('student');
    setStage(room, { state: 'live' });
    room.stage.writable = true;
    room.stage.hold('me' as UserId, true);
    expect(opened.mayDraw.value).toBe(false);
    opened.turnTo(room.board.addPage());
    expect(opened.mayDraw.value).toBe(false);
    room.stage.hold('me' as UserId, false);
    expect(opened.mayDraw.value).toBe(true);
  });

  test('nobody can hold the tutor, and the tutor sees who is held', () => {
    const { room, store: opened } = open('tutor');
    room.stage.writable = true;
    room.stage.hold('me' as UserId, true);
    expect(opened.mayDraw.value).toBe(true);
    const student = room.participants().find(({ isMe }) => !isMe);
    if (!student) throw new Error('nobody here');
    opened.hold(student.user, true);
    expect([...opened.held.value]).toContain(student.user);
  });

  test('the view follows the leader until one looks around by hand, and again after that', () => {
    const { room, store: opened } = open('student');
    const seen: unknown[] = [];
    opened.onView = (box) => seen.push(box);
    const tutor = room.participants().find(({ isMe }) => !isMe);
    setStage(room, { lead: tutor?.session ?? '' });
    says(room, { page: MAIN_PAGE, view });
    expect(seen.at(-1)).toEqual({ minX: 100, minY: 50, maxX: 900, maxY: 500 });
    opened.looksAround();
    const before = seen.length;
    says(room, { page: MAIN_PAGE, view: { ...view, x: 0 } });
    expect(seen.length).toBe(before);
    opened.follow();
    expect(seen.at(-1)).toEqual({ minX: 0, minY: 50, maxX: 800, maxY: 500 });
  });

  test('only staff lead, and a view that is told wrongly moves nobody', () => {
    const { room, store: opened } = open('tutor');
    const seen: unknown[] = [];
    opened.onView = (box) => seen.push(box);
    const student = room.participants().find(({ isMe }) => !isMe);
    setStage(room, { lead: student?.session ?? '' });
    says(room, { page: MAIN_PAGE, view });
    expect(seen).toEqual([]);
    for (const wrong of [
      { x: 1e300, y: 0, zoom: 1, w: 9, h: 9 },
      { x: 0, y: 0, zoom: 1, w: Number.NaN, h: 5 },
    ]) {
      const read = readPresence({ view: wrong }).view;
      expect(read === null || read.w === 0).toBe(true);
    }
  });

  test('who leads tells where they look', () => {
    const { room, store: opened } = open('tutor');
    room.stage.writable = true;
    opened.sees(view);
    expect(room.participants()[0]?.presence.view).toBeNull();
    opened.setLeading(true);
    expect(opened.isLeading).toBe(true);
    expect(room.participants()[0]?.presence.view).toEqual(view);
    opened.setLeading(false);
    expect(room.stage.lead).toBe('');
  });
});
