/** What is known to kill, freeze or split a CRDT library, each by its name; `test_poison.py` is its twin. */
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { Board } from '../../src/core/board';
import { ProtocolError, UpdateRefused } from '../../src/core/errors';
import { type Capability, MAIN_PAGE, parseDocRef, type Role, type SessionId, type UserId } from '../../src/core/ids';
import { Ledger } from '../../src/core/ledger';
import { SNAPSHOT_LIMITS } from '../../src/core/limits';
import { decodeMessage } from '../../src/core/messages';
import { checkUpdate } from '../../src/core/policy';
import { scanUpdate } from '../../src/core/yupdate';
import { hex, vectors } from './vectors';

type Poison = { poison: string; file: 'policy' | 'yupdates'; case: string; result: string };
type Policy = { name: string; result: string };
type Update = { name: string; hex: string; scan: unknown };

const poison = vectors<Poison[]>('poison');
const policy = vectors<Policy[]>('policy');
const updates = vectors<Update[]>('yupdates');

const A = 'aaaaaaaaaaaaaaaa' as SessionId;
const B = 'bbbbbbbbbbbbbbbb' as SessionId;
const WRITER = {
  session: B,
  client: 7,
  user: 'mallory' as UserId,
  role: 'student' as Role,
  caps: new Set(['board' as Capability]),
};

describe('poison', () => {
  test.each(poison)('$poison: $result', ({ file, case: name, result }) => {
    if (file === 'policy') {
      // Judged in updates.test.ts, case by case.
      expect(policy.filter((one) => one.name === name)).toMatchObject([{ result }]);
      expect(result).not.toBe('ok');
      return;
    }
    const [found, ...others] = updates.filter((one) => one.name === name);
    expect(others).toEqual([]);
    expect(found?.scan).toBeNull();
    expect(() => scanUpdate(hex(found?.hex ?? ''))).toThrow(UpdateRefused);
  });

  test.each([
    ['HAVE', [3, 0]],
    ['WANT', [4, 0, ...new Uint8Array(8)]],
    ['PRESENCE', [6, ...new Uint8Array(8)]],
  ])('a number of 200 kilobytes in %s ends at once W1', (_, start) => {
    const data = new Uint8Array(200_000).fill(0xff);
    data.set(start);
    const began = performance.now();
    expect(() => decodeMessage(data, 262_144)).toThrow(ProtocolError);
    expect(performance.now() - began).toBeLessThan(50);
  });

  test('seven bytes that erase ten thousand characters P4', () => {
    const theirs = new Y.Doc();
    theirs.clientID = 2;
    theirs.getText('text').insert(0, 'a'.repeat(10_000));
    const seven = hex('0001020100904e');
    const ledger = new Ledger();
    ledger.note(scanUpdate(Y.encodeStateAsUpdate(theirs), SNAPSHOT_LIMITS));
    expect(() => checkUpdate(scanUpdate(seven), parseDocRef('board'), WRITER, ledger)).toThrow(
      expect.objectContaining({ rule: 'P4' }),
    );
    Y.applyUpdate(theirs, seven);
    expect(theirs.getText('text').length).toBe(0); // the library does as it is told
  });

  test('a deletion moves no clock, so a state vector acknowledges nothing', () => {
    const doc = new Y.Doc();
    doc.getMap('shapes').set('x', 1);
    const before = Y.encodeStateVector(doc);
    doc.getMap('shapes').delete('x');
    expect(Y.encodeStateVector(doc)).toEqual(before);
  });

  test('undo of an erasure makes nothing anew under another name', () => {
    const [docA, docB] = [new Y.Doc(), new Y.Doc()];
    const [a, b] = [new Board(docA), new Board(docB)];
    a.setAuthor(A);
    b.setAuthor(B);
    const points = [0, 1, 2].map((x) => ({ x, y: x, pressure: 100, t: x }));
    const [id] = a.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'red', size: 4, nowMs: 1 });
    if (id === undefined) throw new Error('no stroke');
    Y.applyUpdate(docB, Y.encodeStateAsUpdate(docA));
    const written: Uint8Array[] = [];
    docB.on('update', (update: Uint8Array) => written.push(update));
    b.erase([id]);
    expect(b.shape(id)?.erased).toBe(true);
    b.undo();
    expect(written.length).toBe(2);
    for (const update of written) expect(scanUpdate(update).rootKeys).toEqual([]);
    expect(b.shape(id)).toMatchObject({ author: A, erased: false });
  });

  test('a page that loads its own client id is given another by yjs: ids are fresh for each page', () => {
    const kept = new Y.Doc();
    kept.clientID = 5;
    kept.getMap('meta').set('k', 1);
    const again = new Y.Doc();
    again.clientID = 5;
    Y.applyUpdate(again, Y.encodeStateAsUpdate(kept));
    expect(again.clientID).not.toBe(5);
  });
});
