import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryRoom } from '../../dev/memoryRoom';
import type { PageId, Role } from '../core/ids';
import { PortalError } from '../net/portal';
import type { ClassroomPortal } from './api';
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
    room.setLive(other, { cursor: { page: second, x: 1, y: 2 }, stroke: null });
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
