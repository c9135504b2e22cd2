/** Two histories of one session, told to different pages: how they find out, and what becomes of it (E5, B3). */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { ownBytes } from '../../src/core/bytes';
import { type Envelope, seal } from '../../src/core/envelope';
import { BOARD, type SessionId } from '../../src/core/ids';
import type { SessionKey } from '../../src/core/keys';
import type { LessonSession } from '../../src/net/session';
import { Pages } from '../support/lesson';
import { MemoryRelay } from '../support/relay';
import { ROOM, School } from '../support/school';
import { Wire } from '../support/wire';

let school: School;
let relay: MemoryRelay;
let wire: Wire;
let pages: Pages;
const join = (who: string): Promise<LessonSession> => pages.joinAs(school, who);

interface Inside {
  readonly own: { readonly ticket: { readonly session: SessionId; readonly client: number } };
  readonly replica: { readonly author: { own: { sign: SessionKey['sign'] } } };
  readonly mesh: { sendSync: (to: SessionId, message: object) => boolean };
  readonly socket: { send: (message: object) => boolean };
}
/** What a modified client has at hand. */
const inside = (session: LessonSession): Inside => session as unknown as Inside;
const idOf = (session: LessonSession): SessionId => inside(session).own.ticket.session;
const ups = (session: LessonSession): number => session.connection.peers.filter(({ path }) => path === 'mesh').length;
const sees = (session: LessonSession) =>
  session
    .participants()
    .map(({ user }) => user as string)
    .sort();

/** Her first number twice, made beside her own board. */
async function twoHistories(eve: LessonSession): Promise<[Envelope, Envelope]> {
  const { own, replica } = inside(eve);
  const { session, client } = own.ticket;
  const made = [1, 2].map((value, n) => {
    const doc = new Y.Doc();
    doc.clientID = client;
    doc.getMap('shapes').set(`${session}-1`, value);
    const update = ownBytes(Y.encodeStateAsUpdate(doc));
    const fields = { doc: BOARD, session, seq: 1, prev: new Uint8Array(16), authoredMs: n + 1, update };
    return seal(ROOM, fields, replica.author.own.sign);
  });
  return (await Promise.all(made)) as [Envelope, Envelope];
}

/** Whether a page holds something of hers. */
const holds = (session: LessonSession, eve: LessonSession): boolean =>
  Object.keys(session.diagnostics().heads()).some((key) => key.includes(idOf(eve)));

const tell = (eve: LessonSession, to: LessonSession, envelope: Envelope) =>
  expect(inside(eve).mesh.sendSync(idOf(to), { type: 'ENVELOPE', envelope })).toBe(true);

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  school = await School.open();
  relay = new MemoryRelay(school.keys);
  wire = new Wire();
  pages = new Pages(relay, wire.createPeer);
});
afterEach(async () => {
  await pages.close();
  vi.unstubAllGlobals();
});

describe('without a relay', () => {
  test('two pages that were told different things prove it to each other, and both let go of her', async () => {
    const [tara, bob, eve] = [await join('tara'), await join('bob'), await join('eve')];
    const all = [tara, bob, eve];
    await vi.waitFor(() => expect(all.map(ups)).toEqual([2, 2, 2]), 5_000);
    const [one, two] = await twoHistories(eve);
    relay.die();
    const found: string[] = [];
    for (const session of [tara, bob]) session.on('equivocation', ({ session: whom }) => found.push(whom));
    tell(eve, tara, one);
    tell(eve, bob, two);
    // HAVE goes every 5 s while heads change (B4).
    await vi.waitFor(() => expect([ups(tara), ups(bob)]).toEqual([1, 1]), 8_000);
    expect(new Set(found)).toEqual(new Set([idOf(eve)]));
    expect([sees(tara), sees(bob)]).toEqual([
      ['bob', 'tara'],
      ['bob', 'tara'],
    ]);
    // Nothing more of hers is taken, whoever brings it.
    const refused: number[] = [];
    bob.on('refused', ({ code }) => refused.push(code));
    tell(tara, bob, await seal(ROOM, { ...one, authoredMs: 99 }, inside(eve).replica.author.own.sign));
    await vi.waitFor(() => expect(refused).toEqual([4411]));
  }, 30_000);
});

describe('with a relay', () => {
  test('who saw both tells it, and a page that holds the other history asks for the relay’s', async () => {
    const [tara, bob, eve] = [await join('tara'), await join('bob'), await join('eve')];
    await vi.waitFor(() => expect([tara, bob, eve].map(ups)).toEqual([2, 2, 2]), 5_000);
    const [one, two] = await twoHistories(eve);
    bob.cut({ relay: true });
    tell(eve, bob, two);
    await vi.waitFor(() => expect(holds(bob, eve)).toBe(true));
    inside(eve).socket.send({ type: 'ENVELOPE', envelope: one });
    await vi.waitFor(() => expect(holds(tara, eve)).toBe(true));
    const rebuilt: string[] = [];
    bob.on('rebuild', ({ doc }) => rebuilt.push(doc));
    bob.cut({ relay: false });
    // The relay's digest names her number with its own hash (S3): this page's copy goes (B3).
    await vi.waitFor(() => expect(rebuilt).toContain(BOARD.text), 10_000);
  }, 30_000);
});
