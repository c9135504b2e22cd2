import { beforeAll, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { Board } from '../../src/core/board';
import { concatBytes } from '../../src/core/bytes';
import { canonicalJson, docContent } from '../../src/core/canonical';
import { decodeEnvelope, type Envelope, seal } from '../../src/core/envelope';
import { CloseCode, UpdateRefused } from '../../src/core/errors';
import { BOARD, CHAT, desk, MAIN_PAGE, STAGE } from '../../src/core/ids';
import { SessionKey } from '../../src/core/keys';
import { type Member, member, NOW, ROOM, School, sessionOf, user } from '../support/school';

let school: School;
beforeAll(async () => {
  school = await School.open();
});

const points = [
  { x: 10, y: 10, pressure: 128, t: 0 },
  { x: 20.5, y: 11, pressure: 130, t: 16 },
];
const stroke = { page: MAIN_PAGE, points, kind: 'draw', colour: 'blue', size: 4, nowMs: NOW } as const;

function boardOf({ replica, ticket }: Member): Board {
  const board = new Board(replica.doc(BOARD));
  board.setAuthor(ticket.session);
  return board;
}

async function introduce(...members: Member[]): Promise<void> {
  for (const one of members) for (const other of members) await one.replica.admitTicket(other.token, NOW);
}

const kinds = async (to: Member, ...envelopes: Envelope[]): Promise<string[]> => {
  const out: string[] = [];
  for (const envelope of envelopes) {
    out.push(...(await to.replica.receive(envelope, 'peer', NOW)).map((event) => event.kind));
  }
  return out;
};

const content = ({ replica }: Member): string => canonicalJson(docContent(BOARD, replica.doc(BOARD)));

describe('two replicas', () => {
  test('meet with the same content, and copies are dropped E5', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    await introduce(a, b);
    const [onA, onB] = [boardOf(a), boardOf(b)];
    onA.addStroke(stroke);
    onB.addStroke({ ...stroke, colour: 'red' });
    const [fromA, fromB] = [await a.flush(), await b.flush()];
    expect(await kinds(b, ...fromA, ...fromA)).toEqual(['applied', 'duplicate']);
    expect(await kinds(a, ...fromB)).toEqual(['applied']);
    expect(content(a)).toBe(content(b));
    expect(onA.shapes(MAIN_PAGE)).toHaveLength(2);
  });

  test('edits of one moment become one envelope E11', async () => {
    const a = await member(school, 1);
    const board = boardOf(a);
    const [id] = board.addStroke(stroke);
    if (id === undefined) throw new Error('no stroke');
    board.move([id], 5, 5);
    board.setFields([id], { colour: 'green' });
    expect(await a.flush()).toHaveLength(1);
    board.erase([id]);
    const [second] = await a.flush();
    expect(second?.seq).toBe(2);
  });

  test('an envelope over a hole waits, and the hole is asked for E6', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    await introduce(a, b);
    const board = boardOf(a);
    const envelopes: Envelope[] = [];
    for (let i = 0; i < 3; i++) {
      board.addStroke(stroke);
      envelopes.push(...(await a.flush()));
    }
    const [first, second, third] = envelopes;
    if (!first || !second || !third) throw new Error('three strokes');
    expect(await kinds(b, third, second)).toEqual(['parked', 'parked']);
    expect(b.replica.wants(NOW + 100)).toEqual([]);
    expect(b.replica.wants(NOW + 300)).toEqual([{ doc: BOARD, session: sessionOf(1), from: 1, to: 1 }]);
    expect(await kinds(b, first)).toEqual(['applied', 'applied', 'applied']);
    expect(content(b)).toBe(content(a));
    await kinds(b, third);
    expect(b.replica.parked).toBe(0);
  });

  test('what is parked for 30 s is dropped E6', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    await introduce(a, b);
    const board = boardOf(a);
    board.addStroke(stroke);
    await a.flush();
    board.addStroke(stroke);
    await kinds(b, ...(await a.flush()));
    expect(b.replica.parked).toBe(1);
    b.replica.expire(NOW + 30_001);
    expect(b.replica.parked).toBe(0);
  });

  test('work whose base is missing waits for it, over streams E7', async () => {
    const [a, b, c] = [await member(school, 1), await member(school, 2), await member(school, 3)];
    await introduce(a, b, c);
    const [id] = boardOf(a).addStroke(stroke);
    const fromA = await a.flush();
    await kinds(b, ...fromA);
    if (id === undefined) throw new Error('no stroke');
    boardOf(b).move([id], 7, 0);
    const fromB = await b.flush();
    expect(await kinds(c, ...fromB)).toEqual(['parked']);
    expect(c.replica.wants(NOW + 300)[0]).toMatchObject({ session: sessionOf(1), from: 1 });
    expect(await kinds(c, ...fromA)).toEqual(['applied', 'applied']);
    expect(c.replica.doc(BOARD).store.pendingStructs).toBeNull();
    expect(content(c)).toBe(content(b));
  });

  test('an unknown session waits for its ticket E8', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    boardOf(a).addStroke(stroke);
    expect(await kinds(b, ...(await a.flush()))).toEqual(['parked']);
    const { events } = await b.replica.admitTicket(a.token, NOW);
    expect(events.map((event) => event.kind)).toEqual(['applied']);
  });

  test('holes are filled from whoever holds them, in causal order B2', async () => {
    const [a, b, c] = [await member(school, 1), await member(school, 2), await member(school, 3)];
    await introduce(a, b);
    const [onA, onB] = [boardOf(a), boardOf(b)];
    for (let i = 0; i < 5; i++) {
      const ids = onA.addStroke(stroke);
      await kinds(b, ...(await a.flush()));
      onB.move(ids, 1, 1);
      await kinds(a, ...(await b.flush()));
    }
    const { tickets, envelopes, more } = b.replica.missingFor(c.replica.heads(), () => true, 524_288);
    expect([tickets.length, envelopes.length, more]).toEqual([2, 10, false]);
    for (const token of tickets) await c.replica.admitTicket(token, NOW);
    expect(await kinds(c, ...envelopes)).toEqual(Array(10).fill('applied'));
    expect(content(c)).toBe(content(a));
    expect(b.replica.missingFor(c.replica.heads(), () => true, 524_288).envelopes).toEqual([]);
    expect(b.replica.missingFor([], () => true, 1).more).toBe(true);
  });
});

describe('hostile envelopes', () => {
  test('a forged signature is refused E2', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    await introduce(a, b);
    boardOf(a).addStroke(stroke);
    const [good] = await a.flush();
    if (!good) throw new Error('no envelope');
    const forged = decodeEnvelope(concatBytes(good.body, new Uint8Array(64).fill(7)));
    expect(await kinds(b, forged)).toEqual(['refused']);
    expect(await kinds(b, good)).toEqual(['applied']);
  });

  test('two histories under one number freeze the session E5', async () => {
    const key = await SessionKey.generate();
    const token = await school.issue(key, { session: sessionOf(9), client: 1009 });
    const b = await member(school, 2);
    await b.replica.admitTicket(token, NOW);
    const make = (text: string, seq = 1, prev = new Uint8Array(16)): Promise<Envelope> => {
      const doc = new Y.Doc();
      doc.clientID = 1009;
      doc.getMap('shapes').set(`${sessionOf(9)}-1`, text);
      const update = Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>;
      return seal(ROOM, { doc: BOARD, session: sessionOf(9), seq, prev, authoredMs: NOW, update }, key.sign);
    };
    expect(await kinds(b, await make('one'))).toEqual(['applied']);
    expect(await kinds(b, await make('two'))).toEqual(['equivocation']);
    expect(await kinds(b, await make('three', 2))).toEqual(['refused']);
  });

  test.each([
    ['P2', 'another client', 1, (doc: Y.Doc) => doc.getMap('shapes').set(`${sessionOf(9)}-1`, 1)],
    ['P5', 'unknown root', 1009, (doc: Y.Doc) => doc.getMap('evil').set('x', 1)],
    ['P6', 'the name of another', 1009, (doc: Y.Doc) => doc.getMap('shapes').set(`${sessionOf(1)}-1`, 1)],
  ])('rule %s: %s', async (rule, _what, client, write) => {
    const key = await SessionKey.generate();
    const b = await member(school, 2);
    await b.replica.admitTicket(await school.issue(key, { session: sessionOf(9), client: 1009 }), NOW);
    const doc = new Y.Doc();
    doc.clientID = client;
    write(doc);
    const update = Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>;
    const prev = new Uint8Array(16);
    const fields = { doc: BOARD, session: sessionOf(9), seq: 1, prev, authoredMs: NOW, update };
    const events = await b.replica.receive(await seal(ROOM, fields, key.sign), 'peer', NOW);
    expect(events).toMatchObject([{ kind: 'refused', rule }]);
    expect(Object.keys(docContent(BOARD, b.replica.doc(BOARD)))).toEqual([]);
  });

  test('a student writes neither the stage nor the desk of another P7', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2, { role: 'tutor' })];
    await introduce(a, b);
    const key = await SessionKey.generate();
    await b.replica.admitTicket(await school.issue(key, { session: sessionOf(9), client: 1009, user: 'mallory' }), NOW);
    for (const doc of [STAGE, desk(user('anna'))]) {
      const update = new Uint8Array([0, 0]);
      const fields = { doc, session: sessionOf(9), seq: 1, prev: new Uint8Array(16), authoredMs: NOW, update };
      const events = await b.replica.receive(await seal(ROOM, fields, key.sign), 'peer', NOW);
      expect(events).toMatchObject([{ kind: 'refused', code: CloseCode.not_allowed, rule: 'P7' }]);
    }
    expect(b.replica.docs().map(({ text }) => text)).not.toContain('desk/anna');
  });

  test('a revoked session is heard from the relay only S8', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    await introduce(a, b);
    boardOf(a).addStroke(stroke);
    const [envelope] = await a.flush();
    if (!envelope) throw new Error('no envelope');
    b.replica.revoke(a.ticket.session);
    expect(await kinds(b, envelope)).toEqual(['refused']);
    const events = await b.replica.receive(envelope, 'relay', NOW);
    expect(events.map(({ kind }) => kind)).toEqual(['applied']);
  });
});

describe('snapshots', () => {
  test('bring a newcomer to the heads, and envelopes go on from there P8', async () => {
    const [a, b] = [await member(school, 1), await member(school, 2)];
    await introduce(a, b);
    const board = boardOf(a);
    for (let i = 0; i < 20; i++) board.addStroke(stroke);
    await a.flush();
    const update = Y.encodeStateAsUpdate(a.replica.doc(BOARD)) as Uint8Array<ArrayBuffer>;
    b.replica.applySnapshot(BOARD, a.replica.heads(), update);
    board.addStroke(stroke);
    expect(await kinds(b, ...(await a.flush()))).toEqual(['applied']);
    expect(content(b)).toBe(content(a));
    expect(await kinds(b, ...a.sent)).toEqual(a.sent.map(() => 'duplicate'));
    // What came inside a snapshot cannot be handed on as envelopes.
    expect(b.replica.missingFor([], () => true, 1e9).envelopes).toEqual([]);
  });

  test('with a hole are refused P8', async () => {
    const doc = new Y.Doc();
    doc.getMap('shapes').set('a', 1);
    const before = Y.encodeStateVector(doc);
    doc.getMap('shapes').set('b', 1);
    const b = await member(school, 2);
    const update = Y.encodeStateAsUpdate(doc, before) as Uint8Array<ArrayBuffer>;
    expect(() => b.replica.applySnapshot(CHAT, [], update)).toThrow(UpdateRefused);
  });
});
