/** Signed revocations over links and relay, and who may say them (protocol.md T5, S8). */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CloseCode, TicketError } from '../../src/core/errors';
import { MAIN_PAGE } from '../../src/core/ids';
import { encodeMessage } from '../../src/core/messages';
import type { LessonSession } from '../../src/net/session';
import { Pages } from '../support/lesson';
import { MemoryRelay } from '../support/relay';
import { School, user } from '../support/school';
import { Wire } from '../support/wire';

let school: School;
let relay: MemoryRelay;
let wire: Wire;
let pages: Pages;
const join = (who: string): Promise<LessonSession> => pages.joinAs(school, who);

const ownSession = (session: LessonSession) => {
  const { me } = session;
  if (me === null) throw new Error('no ticket');
  return me.session;
};

const ups = (session: LessonSession): number => session.connection.peers.filter(({ path }) => path === 'mesh').length;
const meshed = (...sessions: LessonSession[]) =>
  vi.waitFor(() => expect(sessions.map(ups)).toEqual(sessions.map(() => sessions.length - 1)), 5_000);
const sees = (session: LessonSession) =>
  session
    .participants()
    .map(({ user }) => user as string)
    .sort();
const draw = (session: LessonSession) =>
  session.board.addStroke({
    page: MAIN_PAGE,
    points: [{ x: 1, y: 2, pressure: 9, t: 0 }],
    kind: 'draw',
    colour: 'blue',
    size: 4,
    nowMs: session.now(),
  });
/** The end of `to`'s link to `from`, as a modified client at `from` would use it. */
function raw(from: LessonSession, to: LessonSession) {
  const sync = wire.standing.flatMap(({ channels }) => channels).filter(({ label }) => label === 'sync');
  const mine = new Set(
    (from as unknown as { mesh: { links: Map<string, { channels: { sync: unknown } }> } }).mesh.links.values(),
  );
  const channel = [...mine]
    .map(({ channels }) => channels.sync)
    .find((one) => sync.some((end) => end === one && end.other !== null && holds(to, end.other)));
  if (channel === undefined) throw new Error('no link');
  return channel as { send: (bytes: Uint8Array) => void };
}
function holds(session: LessonSession, channel: unknown): boolean {
  const { links } = (session as unknown as { mesh: { links: Map<string, { channels: { sync: unknown } | null }> } })
    .mesh;
  return [...links.values()].some(({ channels }) => channels?.sync === channel);
}

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
  test('what the tutor’s page got reaches everybody, and all drop the one within 2 s', async () => {
    const [tara, bob, eve] = [await join('tara'), await join('bob'), await join('eve')];
    await meshed(tara, bob, eve);
    relay.die();
    const beganMs = Date.now();
    await tara.removePerson(user('eve'));
    await vi.waitFor(
      () =>
        expect([sees(tara), sees(bob)]).toEqual([
          ['bob', 'tara'],
          ['bob', 'tara'],
        ]),
      2_000,
    );
    expect(Date.now() - beganMs).toBeLessThan(2_000);
    expect([ups(tara), ups(bob)]).toEqual([1, 1]);
    draw(bob);
    await vi.waitFor(() => expect(tara.board.shapes(MAIN_PAGE)).toHaveLength(1));
  });

  test('her later work is refused though another brings it', async () => {
    const [tara, bob, eve] = [await join('tara'), await join('bob'), await join('eve')];
    await meshed(tara, bob, eve);
    relay.die();
    const token = await school.revoke({ sids: [ownSession(eve)] });
    await tara.putOutBy(token);
    await vi.waitFor(() => expect(sees(bob)).toEqual(['bob', 'tara']), 2_000);
    const refused: number[] = [];
    tara.on('refused', ({ code }) => refused.push(code));
    const written: Uint8Array[] = [];
    draw(eve);
    eve.flush();
    const { replica } = eve as unknown as { replica: { log: { raw: Uint8Array }[]; flushed: () => Promise<void> } };
    await replica.flushed();
    for (const { raw: bytes } of replica.log) written.push(bytes);
    for (const bytes of written) raw(bob, tara).send(new Uint8Array([1, ...bytes]));
    await vi.waitFor(() => expect(refused).toEqual(written.map(() => CloseCode.revoked)));
    expect(tara.board.shapes(MAIN_PAGE)).toEqual([]);
    expect(ups(tara)).toBe(1);
  });

  test('who is put out stops, and writes no more', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    relay.die();
    const stopped: number[] = [];
    bob.on('stopped', ({ code }) => stopped.push(code));
    raw(tara, bob).send(encodeMessage({ type: 'REVOCATION', token: await school.revoke({ sub: 'bob' }) }));
    await vi.waitFor(() => expect(stopped).toEqual([CloseCode.revoked]));
    expect(() => draw(bob)).toThrow();
  });
});

describe('what the school did not sign', () => {
  test('forged by its key’s name: nobody goes, and the link that brought it is closed', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    const forger = await School.open();
    raw(bob, tara).send(encodeMessage({ type: 'REVOCATION', token: await forger.revoke({ sub: 'tara' }) }));
    await vi.waitFor(() => expect(tara.connection.peers).toMatchObject([{ state: 'closed', path: 'relay' }]));
    expect(sees(tara)).toEqual(['bob', 'tara']);
    await expect(tara.putOutBy(await forger.revoke({ sub: 'bob' }))).rejects.toMatchObject({
      name: TicketError.name,
      code: CloseCode.ticket_refused,
    });
  });

  test('of another room: passed over', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    raw(bob, tara).send(encodeMessage({ type: 'REVOCATION', token: await school.revoke({ sub: 'bob' }, 'lesson-2') }));
    draw(bob);
    await vi.waitFor(() => expect(tara.board.shapes(MAIN_PAGE)).toHaveLength(1));
    expect([ups(tara), sees(tara)]).toEqual([1, ['bob', 'tara']]);
  });

  test('in the relay’s own name: nobody goes either', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    const forger = await School.open();
    relay.say({ t: 'revoked', token: await forger.revoke({ sub: 'bob' }), sessions: [ownSession(bob)], reason: 'x' });
    draw(bob);
    await vi.waitFor(() => expect(tara.board.shapes(MAIN_PAGE)).toHaveLength(1));
    expect([ups(tara), sees(tara)]).toEqual([1, ['bob', 'tara']]);
  });
});

describe('with a relay', () => {
  test('its word with the token puts one out of the mesh too', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    await relay.putOut(await school.revoke({ sub: 'bob' }));
    await vi.waitFor(() => expect(sees(tara)).toEqual(['tara']), 2_000);
    expect(ups(tara)).toBe(0);
  });

  test('a page brings it what it learned while the relay was away', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    tara.cut({ relay: true });
    await tara.putOutBy(await school.revoke({ sub: 'bob' }));
    tara.cut({ relay: false });
    await vi.waitFor(() => expect(relay.replica.isRevoked(ownSession(bob))).toBe(true), 5_000);
  });

  test('who comes later hears it in the welcome, and takes no link of that one', async () => {
    const [tara, bob] = [await join('tara'), await join('bob')];
    await meshed(tara, bob);
    const token = await school.revoke({ sub: 'bob' });
    await relay.putOut(token);
    const cara = await join('cara');
    await vi.waitFor(() => expect(sees(cara)).toContain('tara'), 5_000);
    await vi.waitFor(() => expect(ups(cara)).toBe(1), 5_000);
    expect(sees(cara)).toEqual(['cara', 'tara']);
  });

  test('the relay’s own decision on two histories needs no token, and is not handed on E5', async () => {
    const [tara, bob, eve] = [await join('tara'), await join('bob'), await join('eve')];
    await meshed(tara, bob, eve);
    bob.cut({ relay: true });
    relay.say({ t: 'frozen', sessions: [ownSession(eve)] });
    await vi.waitFor(() => expect(sees(tara)).toEqual(['bob', 'tara']), 2_000);
    draw(tara);
    await vi.waitFor(() => expect(bob.board.shapes(MAIN_PAGE)).toHaveLength(1));
    expect(sees(bob)).toEqual(['bob', 'eve', 'tara']);
  });
});
