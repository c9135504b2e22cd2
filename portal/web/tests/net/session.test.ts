import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CloseCode } from '../../src/core/errors';
import type { Role } from '../../src/core/ids';
import { MAIN_PAGE, type ShapeId } from '../../src/core/ids';
import { LessonSession } from '../../src/net/session';
import { MemoryPortal } from '../support/portal';
import { MemoryRelay } from '../support/relay';
import { School } from '../support/school';

let school: School;
let relay: MemoryRelay;
const open: LessonSession[] = [];

/** A peer connection that never connects: these tests are about the relay path. */
class NoPeer extends EventTarget {
  signalingState = 'stable';
  connectionState = 'new';
  localDescription = null;
  createDataChannel = (): object => ({ readyState: 'connecting', bufferedAmount: 0 });
  addTransceiver = (kind: string): object => ({
    receiver: { track: { kind } },
    sender: { replaceTrack: async () => {}, getParameters: () => ({ encodings: [] }) },
    setCodecPreferences: () => {},
  });
  getTransceivers = (): object[] => [];
  setLocalDescription = async (): Promise<void> => {};
  setRemoteDescription = async (): Promise<void> => {};
  restartIce = (): void => {};
  close = (): void => {};
}

async function join(user: string, portal = new MemoryPortal(school, user), role?: Role): Promise<LessonSession> {
  const made = role === undefined ? portal : new MemoryPortal(school, user, role);
  const session = await LessonSession.open({
    lesson: 'L1',
    portal: made,
    connect: relay.connect,
    createPeer: () => new NoPeer() as unknown as RTCPeerConnection,
  });
  open.push(session);
  return session;
}

async function leave(session: LessonSession): Promise<void> {
  open.splice(open.indexOf(session), 1);
  await session.close();
}

const stroke = (session: LessonSession) =>
  session.board.addStroke({
    page: MAIN_PAGE,
    points: [
      { x: 1, y: 2, pressure: 9, t: 0 },
      { x: 5, y: 2, pressure: 9, t: 9 },
    ],
    kind: 'draw',
    colour: 'blue',
    size: 4,
    nowMs: session.now(),
  });

const content = (session: LessonSession): string => session.diagnostics().boardContent();
const saved = (session: LessonSession) => vi.waitFor(() => expect(session.diagnostics().unacked()).toBe(0), 5_000);
const online = (session: LessonSession) => vi.waitFor(() => expect(session.connection.relay).toBe('online'), 5_000);

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  school = await School.open();
  relay = new MemoryRelay(school.keys);
});

afterEach(async () => {
  for (const session of [...open]) await leave(session);
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
      cursor: { x: 3, y: 4, laser: false },
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
  open.splice(open.indexOf(a), 1);
  await a.forget();
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain('chalkmesh/lesson-1/anna');
});
