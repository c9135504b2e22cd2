/** Channels that fill, stand still and drain, and ICE restarts, on connections in memory (protocol.md M2, M5–M7, W7). */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CloseCode } from '../../src/core/errors';
import { MAIN_PAGE } from '../../src/core/ids';
import { SessionKey } from '../../src/core/keys';
import { LIMITS } from '../../src/core/limits';
import type { Message } from '../../src/core/messages';
import { Channels } from '../../src/net/channels';
import type { Agent, SignalData } from '../../src/net/control';
import { Link } from '../../src/net/link';
import { NO_MEDIA } from '../../src/net/media';
import { LessonSession } from '../../src/net/session';
import { MemoryPortal } from '../support/portal';
import { MemoryRelay } from '../support/relay';
import { ROOM, School, sessionOf } from '../support/school';
import { Wire, type WireChannel, type WirePeer } from '../support/wire';

const SYNC_MAX = 1_048_576;
const BULK_MAX = 65_536;
const ticket = (length: number): Message => ({ type: 'TICKET', token: 'x'.repeat(length) });

/** One end of channels whose other end is only listened to. */
function channels() {
  const wire = new Wire();
  const [here, there] = [wire.createPeer({}), wire.createPeer({})] as unknown as [WirePeer, WirePeer];
  const heard: Message[] = [];
  const broken: number[] = [];
  let drained = 0;
  const hooks = {
    message: (message: Message) => void heard.push(message),
    bulk: () => {},
    bulkDrained: () => {
      drained += 1;
    },
    open: () => {},
    closed: () => {},
    broken: (code: number) => void broken.push(code),
  };
  const made = new Channels(here as unknown as RTCPeerConnection, hooks);
  const other = new Channels(there as unknown as RTCPeerConnection, { ...hooks, bulkDrained: () => {} });
  const join = async (): Promise<void> => {
    await here.setLocalDescription();
    await there.setRemoteDescription(described(here));
    await there.setLocalDescription();
    await here.setRemoteDescription(described(there));
  };
  const named = (label: string): WireChannel => {
    const found = here.channels.find((channel) => channel.label === label);
    if (found === undefined) throw new Error(label);
    return found;
  };
  return { wire, made, other, heard, broken, join, named, drains: () => drained };
}

function described(peer: WirePeer) {
  if (peer.localDescription === null) throw new Error('not described');
  return peer.localDescription;
}

describe('what a channel takes', () => {
  test('nothing before it is open, and nothing after', async () => {
    const { made, join, named } = channels();
    expect([made.sendSync(ticket(9)), made.sendLive(ticket(9)), made.sendBulk(new Uint8Array(9))]).toEqual([
      false,
      false,
      false,
    ]);
    await join();
    expect([made.sendSync(ticket(9)), made.sendLive(ticket(9)), made.sendBulk(new Uint8Array(9))]).toEqual([
      true,
      true,
      true,
    ]);
    for (const label of ['sync', 'live', 'bulk']) named(label).setClosed();
    expect([made.sendSync(ticket(9)), made.sendLive(ticket(9)), made.sendBulk(new Uint8Array(9))]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('no message over the limit of a data channel W7', async () => {
    const { made, join } = channels();
    await join();
    expect(made.sendBulk(new Uint8Array(LIMITS.channel_message_bytes))).toBe(true);
    const envelope = { raw: new Uint8Array(LIMITS.channel_message_bytes) };
    expect(made.sendSync({ type: 'ENVELOPE', envelope } as unknown as Message)).toBe(false);
  });

  test('sync up to 1 MiB, and then waits until a quarter of it is left', async () => {
    const { wire, made, heard, join, named } = channels();
    await join();
    wire.blackout = true;
    let taken = 0;
    while (made.sendSync(ticket(4_000))) taken += 1;
    expect(named('sync').highestBuffered).toBeLessThanOrEqual(SYNC_MAX);
    expect(named('sync').highestBuffered).toBeGreaterThan(SYNC_MAX - 5_000);
    let free = false;
    const waited = made.drained().then(() => {
      free = true;
    });
    await Promise.resolve();
    expect(free).toBe(false);
    wire.mend();
    await waited;
    expect(named('sync').bufferedAmount).toBeLessThanOrEqual(SYNC_MAX / 4);
    expect(made.sendSync(ticket(4_000))).toBe(true);
    await vi.waitFor(() => expect(heard).toHaveLength(taken + 1));
  });

  test('who waits for room is let go when the channel closes', async () => {
    const { wire, made, join, named } = channels();
    await join();
    wire.blackout = true;
    while (made.sendSync(ticket(4_000)));
    const waited = made.drained();
    named('sync').setClosed();
    await waited;
    await made.drained();
  });

  test('live ink is left out rather than late', async () => {
    const { made, join, named, wire } = channels();
    await join();
    const live = named('live');
    Object.defineProperty(live, 'bufferedAmount', { value: 32_000, configurable: true });
    expect(made.sendLive(ticket(1_000))).toBe(false);
    expect(made.sendLive(ticket(100))).toBe(true);
    Object.defineProperty(live, 'bufferedAmount', { value: 0, configurable: true });
    expect(made.sendLive(ticket(1_000))).toBe(true);
    expect(wire.standing).toHaveLength(2);
  });

  test('no copy of an envelope while anything waits M7', async () => {
    const { wire, made, join } = channels();
    await join();
    expect(made.sendCopy(ticket(100), 0, 1_000, 1)).toBe(true);
    wire.blackout = true;
    made.sendSync(ticket(100));
    expect(made.sendCopy(ticket(100), 0, 9_000, 1)).toBe(false);
  });

  test('bulk keeps 64 KiB under way, in chunks of 16 KiB, and asks for more when a quarter is left', async () => {
    const { wire, made, join, named, drains } = channels();
    await join();
    const before = drains();
    wire.messagesATurn = 1;
    const chunk = new Uint8Array(16_384 - 64);
    let sent = 0;
    while (made.sendBulk(chunk)) sent += 1;
    expect(sent).toBe(4);
    expect(named('bulk').highestBuffered).toBeLessThanOrEqual(BULK_MAX);
    await vi.waitFor(() => expect(drains()).toBe(before + 1));
    expect(named('bulk').bufferedAmount).toBeLessThanOrEqual(BULK_MAX / 4);
    expect(made.sendBulk(chunk)).toBe(true);
  });

  test('what only the relay says closes, whichever channel it came on M9', async () => {
    const { other, broken, join } = channels();
    await join();
    other.sendSync({ type: 'ACK', entries: [] });
    other.sendLive({ type: 'SYNCED', docs: [] });
    await vi.waitFor(() => expect(broken).toEqual([CloseCode.not_allowed, CloseCode.not_allowed]));
  });
});

/** Two ends with their signals crossing; `signaling` false: nothing gets through. */
async function ends(agent: Agent = 'browser') {
  const wire = new Wire();
  const keys = [await SessionKey.generate(), await SessionKey.generate()] as const;
  const [low, high] = [sessionOf(1), sessionOf(2)];
  const made: Link[] = [];
  const signals: SignalData[] = [];
  const heard: Message[][] = [[], []];
  const way = { open: true };
  const points = await Promise.all(
    keys.map(({ point }) =>
      crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']),
    ),
  );
  for (const mine of [0, 1] as const) {
    const theirs = mine === 0 ? 1 : 0;
    const peerKey = points[theirs];
    if (peerKey === undefined) throw new Error('no key');
    made.push(
      new Link(
        {
          room: ROOM,
          own: mine === 0 ? low : high,
          peer: mine === 0 ? high : low,
          peerKey,
          agent,
          sign: keys[mine].sign,
          config: {},
          createPeer: wire.createPeer,
          lastEpoch: 0,
        },
        NO_MEDIA,
        {
          signal: (data) => {
            if (!way.open) return false;
            signals.push(data);
            made[theirs]?.receiveSignal(data);
            return true;
          },
          message: (message) => void heard[mine]?.push(message),
          bulk: () => {},
          bulkDrained: () => {},
          opened: () => {},
          changed: () => {},
          track: () => {},
        },
      ),
    );
  }
  const [one, two] = made;
  if (one === undefined || two === undefined) throw new Error('no links');
  one.begin();
  two.begin();
  await vi.waitFor(() => expect([one.state, two.state]).toEqual(['up', 'up']));
  return { wire, one, two, signals, heard, way };
}

describe('ICE restart', () => {
  test('after 4 s of disconnection: the same connection under new candidates, and nothing is lost', async () => {
    const { wire, one, two, heard, signals } = await ends();
    const before = wire.standing;
    wire.cut('disconnected');
    one.beat(Date.now() + 3_500, true);
    two.beat(Date.now() + 3_500, true);
    expect([one.state, two.state]).toEqual(['down', 'down']);
    for (let n = 0; n < 50; n++) expect(one.sendSync(ticket(1_000))).toBe(true);
    for (const peer of wire.standing) peer.setState('failed');
    wire.blackout = false;
    one.beat(Date.now() + 5_000, true);
    await vi.waitFor(() => expect([one.state, two.state]).toEqual(['up', 'up']));
    expect(wire.standing).toEqual(before);
    expect(before.map(({ generation }) => generation)).toEqual([2, 2]);
    expect([one.epoch, two.epoch]).toEqual([1, 1]);
    // Two offers and two answers, all signed, all under the one epoch.
    expect(signals.filter(({ kind }) => kind !== 'candidate').map(({ kind, epoch }) => [kind, epoch])).toEqual([
      ['offer', 1],
      ['answer', 1],
      ['offer', 1],
      ['answer', 1],
    ]);
    await vi.waitFor(() => expect(heard[1]?.filter(({ type }) => type === 'TICKET')).toHaveLength(50));
  });

  test('with the fresh TURN credentials of the renewed ticket', async () => {
    const { wire, one } = await ends();
    const config = { iceServers: [{ urls: 'turn:turn.test', username: 'later', credential: 'x' }] };
    one.configure(config);
    const [peer] = wire.standing;
    expect(peer?.configured).toEqual(config);
  });

  test('waits for a way to signal, and then does not wait longer', async () => {
    const { wire, one, two, way } = await ends();
    wire.cut('failed');
    way.open = false;
    const [first] = wire.standing;
    const beganMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (let s = 4; s < 60; s++) {
        vi.setSystemTime(beganMs + s * 1_000);
        one.beat(Date.now(), false);
      }
      expect([first?.restarts, one.state]).toEqual([0, 'down']);
      way.open = true;
      wire.blackout = false;
      one.revive();
      two.revive();
      await vi.waitFor(() => expect([one.state, two.state]).toEqual(['up', 'up']));
    } finally {
      vi.useRealTimers();
    }
    expect([first?.restarts, one.epoch]).toEqual([1, 1]);
  });

  test('both at once: the polite side yields, and there is one connection M1', async () => {
    const { wire, one, two } = await ends();
    const before = wire.standing;
    wire.cut('failed');
    one.beat(Date.now() + 4_000, true);
    two.beat(Date.now() + 4_000, true);
    wire.blackout = false;
    one.beat(Date.now() + 5_000, true);
    two.beat(Date.now() + 5_000, true);
    for (let n = 0; n < 30 && (one.state !== 'up' || two.state !== 'up'); n++) {
      await vi.waitFor(() => expect([one.state, two.state]).toEqual(['up', 'up'])).catch(() => null);
      one.revive();
    }
    expect([one.state, two.state]).toEqual(['up', 'up']);
    expect(wire.standing).toHaveLength(2);
    expect(before.length).toBe(2);
  });

  test('an offer that never arrived is made again', async () => {
    const { wire, one, way } = await ends();
    wire.cut('failed');
    one.beat(Date.now() + 4_000, true);
    way.open = false;
    one.beat(Date.now() + 5_000, true);
    const [peer] = wire.standing;
    await vi.waitFor(() => expect(peer?.signalingState).toBe('have-local-offer'));
    way.open = true;
    wire.blackout = false;
    one.revive();
    await vi.waitFor(() => expect(one.state).toBe('up'));
  });

  test('that comes to nothing gives way to a new connection under the next epoch M5', async () => {
    const { wire, one, two } = await ends();
    wire.cut('failed');
    one.beat(Date.now() + 4_000, true);
    two.beat(Date.now() + 4_000, true);
    one.beat(Date.now() + 5_000, true);
    await vi.waitFor(() => expect(wire.standing[0]?.restarts).toBe(1));
    // Nobody answers: the other page sleeps, say. After the watchdog's 12 s another connection is begun.
    wire.blackout = false;
    one.beat(Date.now() + 13_000, true);
    await vi.waitFor(() => expect([one.state, two.state]).toEqual(['up', 'up']));
    expect([one.epoch, two.epoch]).toEqual([2, 2]);
    expect(wire.standing).toHaveLength(2);
  });
});

describe('a whole board over a link', () => {
  const open: LessonSession[] = [];
  beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
  afterEach(async () => {
    for (const session of open.splice(0)) await session.close();
    vi.unstubAllGlobals();
  });

  test('goes in answers that the channel takes, never more than 1 MiB ahead, and arrives whole B2', async () => {
    const school = await School.open();
    const relay = new MemoryRelay(school.keys);
    const wire = new Wire();
    wire.messagesATurn = 8;
    const join = async (user: string): Promise<LessonSession> => {
      const portal = new MemoryPortal(school, user);
      const session = await LessonSession.open({
        lesson: 'L1',
        portal,
        connect: relay.connect,
        createPeer: wire.createPeer,
      });
      open.push(session);
      await vi.waitFor(() => expect(session.connection.relay).toBe('online'), 5_000);
      return session;
    };
    const [anna, ben] = [await join('anna'), await join('ben')];
    await vi.waitFor(() => expect(anna.connection.peers).toMatchObject([{ path: 'mesh' }]), 5_000);
    anna.cut({ relay: true });
    ben.cut({ relay: true });
    anna.cut({ mesh: true });
    const STROKES = 400;
    for (let n = 0; n < STROKES; n++) {
      const points = Array.from({ length: 256 }, (_, i) => ({
        x: (i * 7919 * (n + 1)) % 1900,
        y: (i * 104_729 + n) % 1000,
        pressure: (i * 31 + n) % 256,
        t: i * 11,
      }));
      anna.board.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'blue', size: 4, nowMs: anna.now() });
      anna.flush();
    }
    anna.cut({ relay: false, mesh: false });
    ben.cut({ relay: false });
    relay.mute = true;
    await vi.waitFor(() => expect(ben.board.shapes(MAIN_PAGE)).toHaveLength(STROKES), 20_000);
    for (const channel of wire.peers.flatMap(({ channels }) => channels)) {
      expect(channel.highestBuffered).toBeLessThanOrEqual(SYNC_MAX);
      expect(channel.longest).toBeLessThanOrEqual(LIMITS.channel_message_bytes);
    }
  });
});
