import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CloseCode } from '../../src/core/errors';
import type { Role } from '../../src/core/ids';
import { MAIN_PAGE, type ShapeId } from '../../src/core/ids';
import type { LessonSession } from '../../src/net/session';
import { MemoryDevice } from '../support/device';
import { online, Pages, saved, stroke } from '../support/lesson';
import { MemoryPortal } from '../support/portal';
import { MemoryRelay } from '../support/relay';
import { ROOM, School } from '../support/school';

let school: School;
let relay: MemoryRelay;
let pages: Pages;

const join = (user: string, portal?: MemoryPortal, role?: Role): Promise<LessonSession> =>
  pages.join(portal ?? new MemoryPortal(school, user, role));
const leave = (session: LessonSession): Promise<void> => pages.leave(session);

const content = (session: LessonSession): string => session.diagnostics().boardContent();

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  school = await School.open();
  relay = new MemoryRelay(school.keys);
  pages = new Pages(relay);
});

afterEach(async () => {
  await pages.close();
  vi.unstubAllGlobals();
});

describe('over the relay', () => {
  test('two people draw together, see each other by their tickets, and all is saved', async () => {
    const [a, b] = [await join('anna'), await join('ben', undefined, 'tutor')];
    await vi.waitFor(() => expect(a.participants().map(({ name }) => name)).toHaveLength(2));
    stroke(a);
    stroke(b);
    b.stage.set({ state: 'live' });
    a.chat.post('hello', a.now());
    await saved(a);
    await saved(b);
    await vi.waitFor(() => expect(content(a)).toBe(content(b)));
    expect(b.board.shapes(MAIN_PAGE)).toHaveLength(2);
    expect(b.chat.messages()[0]).toMatchObject({ text: 'hello' });
    const author = b.chat.messages()[0]?.author;
    expect(author && b.person(author)).toMatchObject({ name: 'Name of anna', role: 'student' });
    expect(a.participants().map(({ role, isMe }) => [role, isMe])).toContainEqual(['tutor', false]);
    expect(a.saveState).toEqual({ kind: 'saved', unacked: 0 });
    expect(a.connection.peers).toMatchObject([{ path: 'relay' }]);
    expect(a.roomMs()).toBeGreaterThanOrEqual(5_000);
  });

  test('a student has no stage, and colours are the same for all', async () => {
    const [a, b] = [await join('anna'), await join('ben')];
    await vi.waitFor(() => expect(a.participants()).toHaveLength(2));
    await vi.waitFor(() => expect(b.participants()).toHaveLength(2));
    expect(a.stage.writable).toBe(false);
    const colours = (session: LessonSession) =>
      session
        .participants()
        .map(({ user, colour }) => [user, colour])
        .sort();
    expect(colours(a)).toEqual(colours(b));
    expect(new Set(colours(a).map(([, colour]) => colour)).size).toBe(2);
  });

  test('presence and live ink reach the other, and the shape takes the live stroke’s place L4', async () => {
    const [a, b] = [await join('anna'), await join('ben')];
    await vi.waitFor(() => expect(b.participants()).toHaveLength(2));
    const from = a.me?.session;
    if (from === undefined) throw new Error('no ticket');
    a.setPresence({ hand: true, page: MAIN_PAGE });
    await vi.waitFor(() => expect(b.participants().find(({ session }) => session === from)?.presence.hand).toBe(true));
    const n = a.board.nextShapeNumber();
    a.live.cursor(MAIN_PAGE, 3, 4);
    a.live.begin({ page: MAIN_PAGE, stroke: n, kind: 'draw', colour: 'red', size: 4 });
    for (let i = 0; i < 600; i++) a.live.extend([{ x: i, y: 1, pressure: 7 }]);
    await vi.waitFor(() => expect(b.live.peer(from).stroke?.points).toHaveLength(600));
    expect(b.live.peer(from)).toMatchObject({
      cursor: { x: 599, y: 1, laser: false },
      stroke: { id: a.board.shapeId(n) },
    });
    const points = [{ x: 0, y: 1, pressure: 7, t: 0 }];
    a.board.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'red', size: 4, nowMs: 1, atN: n });
    a.live.end();
    await vi.waitFor(() => expect(b.board.shape(a.board.shapeId(n) as ShapeId)).not.toBeNull());
    expect(b.live.peer(from).stroke).toBeNull();
  });
});

describe('when the relay is away', () => {
  test('work is kept, counted, and uploaded on return', async () => {
    const [a, b] = [await join('anna'), await join('ben')];
    await online(a);
    await online(b);
    relay.die();
    stroke(a);
    a.flush();
    stroke(a);
    await vi.waitFor(() => expect(a.saveState).toEqual({ kind: 'offline', unacked: 2 }), 5_000);
    relay.down = false;
    a.retry();
    b.retry();
    await saved(a);
    await vi.waitFor(() => expect(b.board.shapes(MAIN_PAGE)).toHaveLength(2));
    expect(content(a)).toBe(content(b));
    expect(a.saveState.kind).toBe('saved');
  });

  test('"Saving…" only after a second without an acknowledgement', async () => {
    const a = await join('anna');
    await online(a);
    relay.mute = true;
    const states: string[] = [];
    a.on('save', ({ kind }) => states.push(kind));
    stroke(a);
    expect(a.saveState.kind).toBe('saved');
    await vi.waitFor(() => expect(states).toEqual(['saving']), 3_000);
  });

  test('a page that is loaded again brings the work of the page before it', async () => {
    const a = await join('anna');
    await online(a);
    relay.die();
    stroke(a);
    a.flush();
    const before = content(a);
    await leave(a);
    const again = await join('anna');
    expect(content(again)).toBe(before);
    expect(again.me?.session).not.toBe(a.me?.session);
    expect(again.diagnostics().unacked()).toBe(1);
    const [id] = stroke(again);
    again.board.move(
      again.board.shapes(MAIN_PAGE).map((shape) => shape.id),
      1,
      0,
    );
    expect(id?.startsWith(again.me?.session ?? '?')).toBe(true);
    relay.down = false;
    again.retry();
    await saved(again);
    const b = await join('ben');
    await vi.waitFor(() => expect(content(b)).toBe(content(again)));
    expect(b.board.shapes(MAIN_PAGE)).toHaveLength(2);
  });

  test('the work of a closed tab is uploaded by the other tab', async () => {
    const [one, two] = [await join('anna'), await join('anna')];
    await online(one);
    await online(two);
    expect(one.me?.session).not.toBe(two.me?.session);
    relay.die();
    stroke(one);
    one.flush();
    await leave(one);
    relay.down = false;
    two.retry();
    await vi.waitFor(() => expect(two.board.shapes(MAIN_PAGE)).toHaveLength(1), 5_000);
    await vi.waitFor(() => expect(relay.replica.log).toHaveLength(1), 8_000);
  });

  test('a cut that is asked for closes the socket, and mending brings it back', async () => {
    const a = await join('anna');
    await online(a);
    a.cut({ relay: true });
    expect([a.connection.relay, a.cuts.relay]).toEqual(['offline', true]);
    stroke(a);
    a.cut({ relay: false });
    await saved(a);
  });
});

describe('with a journal', () => {
  let device: MemoryDevice;
  beforeEach(() => {
    device = new MemoryDevice();
    vi.stubGlobal('localStorage', device.storage);
    vi.stubGlobal('navigator', { locks: device.locks });
  });

  test('an edit is in it before the next line runs, and out of it when it is stored E11', async () => {
    const a = await join('anna');
    stroke(a);
    expect(device.storage.length).toBe(1);
    a.chat.post('hello', a.now());
    await saved(a);
    expect(device.storage.length).toBe(0);
  });

  test('a tab that is killed leaves its last stroke to the other tab, which tells everybody', async () => {
    const [one, two] = [await join('anna'), await join('anna')];
    await online(two);
    relay.die();
    stroke(one);
    device.memoryLocks.kill(`chalkmesh/${ROOM}/anna/${one.me?.session}`);
    await vi.waitFor(() => expect(two.board.shapes(MAIN_PAGE)).toHaveLength(1));
    relay.down = false;
    two.retry();
    await vi.waitFor(() => expect(relay.replica.log).toHaveLength(1), 8_000);
    expect(two.board.shapes(MAIN_PAGE)[0]?.author).toBe(one.me?.session);
  });

  test('forgotten with the room', async () => {
    const a = await join('anna');
    device.storage.setItem(`chalkmesh.journal/${ROOM}/anna/0123456789abcdef`, '1\n');
    await pages.forget(a);
    expect(device.storage.length).toBe(0);
  });

  test('and nothing else on this device to keep things with, work goes on and the page says so', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const a = await join('anna');
    const told = vi.fn();
    a.on('storage', told);
    expect(told).toHaveBeenCalledWith({ failed: true });
    await online(a);
    stroke(a);
    await saved(a);
    expect(device.storage.length).toBe(0);
  });

  test('that is refused everything, work goes on', async () => {
    device.storage.quota = 0;
    const a = await join('anna');
    await online(a);
    stroke(a);
    await saved(a);
    expect(relay.replica.log).toHaveLength(1);
  });
});

describe('tickets', () => {
  test('another client id when the first is taken T4', async () => {
    const portal = new MemoryPortal(school, 'anna');
    portal.taken = 2;
    const a = await join('anna', portal);
    expect([a.me?.user, portal.asked]).toEqual(['anna', 3]);
  });

  test('an expired ticket is renewed and the socket comes back 4402', async () => {
    const portal = new MemoryPortal(school, 'anna');
    const a = await join('anna', portal);
    await online(a);
    const { session } = a.me ?? {};
    relay.die();
    relay.down = false;
    relay.refuseWith = CloseCode.ticket_expired;
    a.retry();
    await vi.waitFor(() => expect(portal.renewed).toBeGreaterThan(0), 5_000);
    relay.refuseWith = null;
    await online(a);
    expect(a.me?.session).toBe(session);
  });

  test('a 44xx stops the socket and says so S11', async () => {
    relay.refuseWith = CloseCode.room_closed;
    const a = await join('anna');
    const stopped = vi.fn();
    a.on('stopped', stopped);
    await vi.waitFor(() => expect(a.connection.relay).toBe('stopped'));
    expect(stopped).toHaveBeenCalledWith(expect.objectContaining({ code: CloseCode.room_closed }));
    expect(a.saveState).toEqual({ kind: 'offline', unacked: 0 });
    relay.refuseWith = null;
    a.retry();
    await online(a);
  });

  test('without the portal the board of this device is shown, read-only until it answers', async () => {
    const a = await join('anna');
    stroke(a);
    await saved(a);
    await leave(a);
    const portal = new MemoryPortal(school, 'anna');
    portal.down = true;
    const again = await join('anna', portal);
    expect([again.me, again.board.writable, again.board.shapes(MAIN_PAGE).length]).toEqual([null, false, 1]);
    portal.down = false;
    again.retry();
    await vi.waitFor(() => expect(again.board.writable).toBe(true), 5_000);
    await online(again);
    stroke(again);
    await saved(again);
  });
});

test('forget deletes this device’s copy', async () => {
  const a = await join('anna');
  stroke(a);
  await saved(a);
  await pages.forget(a);
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain('chalkmesh/lesson-1/anna');
});
