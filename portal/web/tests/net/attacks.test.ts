/** What a modified client says, and what this client makes of it; the table of attacks is docs/threat-model.md. */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Board } from '../../src/core/board';
import { decodeEnvelope, type Envelope, seal } from '../../src/core/envelope';
import { CloseCode } from '../../src/core/errors';
import { asUserId, BOARD, type Capability, MAIN_PAGE, type SessionId } from '../../src/core/ids';
import { SessionKey } from '../../src/core/keys';
import type { Head, Message } from '../../src/core/messages';
import { decodePresence } from '../../src/core/presence';
import { Bucket } from '../../src/net/rates';
import type { LessonSession } from '../../src/net/session';
import { online, Pages, saved, stroke } from '../support/lesson';
import { MemoryPortal } from '../support/portal';
import { MemoryRelay } from '../support/relay';
import { type Member, member, NOW, ROOM, School, sessionOf } from '../support/school';

let school: School;
let relay: MemoryRelay;
let pages: Pages;

const POINT = { x: 1, y: 2, pressure: 9, t: 0 };

async function join(portal: MemoryPortal): Promise<LessonSession> {
  const session = await pages.join(portal);
  await online(session);
  return session;
}

/** The relay says it to everybody. */
const say = (message: Message): void => relay.broadcast({} as never, message);
const headOf = (session: SessionId): Head => {
  const head = relay.replica.heads().find((one) => one.session === session && one.doc.text === 'board');
  if (head === undefined) throw new Error('nothing of that session');
  return head;
};

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

describe('a digest that differs B3', () => {
  test('HAVE with another hash, then SNAPSHOT: the copy on this device goes, and the relay’s is taken', async () => {
    const portal = new MemoryPortal(school, 'anna');
    const session = await join(portal);
    stroke(session);
    await saved(session);
    const own = session.me?.session;
    if (own === undefined) throw new Error('no ticket');
    const rebuilt: string[] = [];
    session.on('rebuild', ({ doc }) => rebuilt.push(doc));
    const head = { ...headOf(own), hash: crypto.getRandomValues(new Uint8Array(16)) };
    say({ type: 'HAVE', replyWanted: false, heads: [head] });
    say({ type: 'SNAPSHOT', doc: BOARD, heads: [head], update: new Uint8Array([0, 0]) });
    await vi.waitFor(() => expect(rebuilt).toEqual(['board', 'board']));
    expect(session.board.shapes(MAIN_PAGE)).toHaveLength(1);
    await pages.leave(session);
    // The relay lost the stroke; a copy on this device would bring it back.
    relay = pages.relay = new MemoryRelay(school.keys);
    const again = await join(portal);
    expect(again.board.shapes(MAIN_PAGE)).toHaveLength(0);
  });

  test('a digest that agrees changes nothing', async () => {
    const session = await join(new MemoryPortal(school, 'anna'));
    stroke(session);
    await saved(session);
    const rebuilt: string[] = [];
    session.on('rebuild', ({ doc }) => rebuilt.push(doc));
    say({ type: 'HAVE', replyWanted: false, heads: relay.replica.heads() });
    stroke(session);
    await saved(session);
    expect(rebuilt).toEqual([]);
  });

  test('work of a session that was put out, which the relay will never take, goes S8', async () => {
    const session = await join(new MemoryPortal(school, 'anna'));
    const rebuilt: string[] = [];
    session.on('rebuild', ({ doc }) => rebuilt.push(doc));
    const { ticket } = await member(school, 7);
    say({ type: 'REFUSED', doc: BOARD, session: ticket.session, seq: 1, code: CloseCode.revoked, reason: 'no' });
    await vi.waitFor(() => expect(rebuilt).toEqual(['board']));
  });
});

describe('signatures and histories', () => {
  const update = async (eve: Member): Promise<Envelope> => {
    const board = new Board(eve.replica.doc(BOARD));
    board.setAuthor(eve.ticket.session);
    board.addStroke({ page: MAIN_PAGE, points: [POINT], kind: 'draw', colour: 'blue', size: 4, nowMs: NOW });
    const [envelope] = await eve.flush();
    if (envelope === undefined) throw new Error('nothing was sealed');
    return envelope;
  };

  const unsigned = (envelope: Envelope): Envelope => {
    const raw = envelope.raw.slice();
    raw.fill(1, raw.length - 64);
    return decodeEnvelope(raw);
  };

  test('a wrong signature is refused, also from the relay, and the right one is taken after it E9', async () => {
    const [eve, bob] = [await member(school, 1), await member(school, 2)];
    await bob.replica.admitTicket(eve.token, NOW);
    const first = await update(eve);
    const forged = unsigned(first);
    expect(await bob.replica.receive(forged, 'peer', NOW)).toMatchObject([{ kind: 'refused', rule: 'E2' }]);
    expect(await bob.replica.receive(forged, 'relay', NOW)).toMatchObject([{ kind: 'refused', rule: 'E2' }]);
    expect(bob.replica.missingFor([], () => true, 1e6).envelopes).toEqual([]);
    expect(await bob.replica.receive(first, 'relay', NOW)).toMatchObject([{ kind: 'applied' }]);
    const next = await update(eve);
    expect(await bob.replica.receive(next, 'peer', NOW)).toMatchObject([{ kind: 'applied' }]);
    expect(bob.replica.heads()).toMatchObject([{ session: eve.ticket.session, seq: 2 }]);
  });

  test('a frozen session is taken from the relay alone, which says what its history is E5', async () => {
    const [eve, bob] = [await member(school, 1), await member(school, 2)];
    await bob.replica.admitTicket(eve.token, NOW);
    const [one, two] = [await update(eve), await update(eve)];
    await bob.replica.receive(one, 'peer', NOW);
    const other = await seal(ROOM, { ...one, authoredMs: 5 }, eve.sign);
    expect(await bob.replica.receive(other, 'peer', NOW)).toMatchObject([{ kind: 'equivocation' }]);
    expect(await bob.replica.receive(two, 'peer', NOW)).toMatchObject([{ kind: 'refused', rule: 'E5' }]);
    expect(await bob.replica.receive(two, 'relay', NOW)).toMatchObject([{ kind: 'applied' }]);
  });

  test('nothing of a revoked session is taken from peers S8', async () => {
    const [eve, bob] = [await member(school, 1), await member(school, 2)];
    await bob.replica.admitTicket(eve.token, NOW);
    bob.replica.revoke(eve.ticket.session);
    const envelope = await update(eve);
    expect(await bob.replica.receive(envelope, 'peer', NOW)).toMatchObject([{ kind: 'refused', rule: 'S8' }]);
    expect(await bob.replica.receive(envelope, 'relay', NOW)).toMatchObject([{ kind: 'applied' }]);
  });
});

describe('rights on direct links', () => {
  test.each([
    ['without the right to draw, live ink is not shown', 'student', ['chat', 'presence'], null, false],
    ['with it, it is', 'student', ['board', 'presence'], null, true],
    ['at their own desk it is, to staff', 'tutor', ['desk', 'presence'], 'eve', true],
    ['at their own desk it is not to others', 'student', ['desk', 'presence'], 'eve', false],
    ['at a desk where the school has none it is not', 'tutor', ['board', 'presence'], 'eve', false],
    ['at another’s desk it is not', 'tutor', ['desk', 'presence'], 'anna', false],
  ] as const)('%s M9 D4', async (_name, role, caps, at, shown) => {
    const session = await join(new MemoryPortal(school, 'anna', role));
    const key = await SessionKey.generate();
    const eve = sessionOf(99);
    const token = await school.issue(key, {
      session: eve,
      client: 4099,
      user: 'eve',
      caps: caps as readonly Capability[],
    });
    await relay.announce(token);
    await vi.waitFor(() => expect(session.participants()).toHaveLength(2));
    const point = { x10: 1, y10: 1, pressure: 9 };
    const ink = { stroke: 1, kind: 'draw', colour: 'red', size10: 40, first: 0, points: [point] } as const;
    const desk = at === null ? null : asUserId(at);
    say({ type: 'LIVE', live: { session: eve, tick: 1, page: MAIN_PAGE, desk, cursor: null, laser: false, ink } });
    say({ type: 'PRESENCE', session: eve, version: 1, json: new TextEncoder().encode('{"hand":true}') });
    await vi.waitFor(() => expect(session.participants().find(({ user }) => user === 'eve')?.presence.hand).toBe(true));
    expect(session.live.peer(eve).stroke !== null).toBe(shown);
  });

  test('members of the prototype in a presence are no members of ours', () => {
    const json = '{"__proto__":{"hand":true,"polluted":1},"constructor":1,"page":"p"}';
    expect(decodePresence(new TextEncoder().encode(json))).toMatchObject({ page: 'p', hand: false });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('a bucket gives its burst, and then its rate', () => {
    const bucket = new Bucket(2, 3, 0);
    expect([0, 0, 0, 0, 0.5, 0.5].map((now) => bucket.take(now))).toEqual([true, true, true, false, true, false]);
  });
});
