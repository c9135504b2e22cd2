import { describe, expect, test } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, Map as YMap, Text as YText } from 'yjs';
import { Board } from '../../src/core/board';
import { encodeUtf8, SameText } from '../../src/core/bytes';
import { MAIN_PAGE, type SessionId } from '../../src/core/ids';
import { SNAPSHOT_LIMITS } from '../../src/core/limits';
import { openUpdate } from '../../src/core/opening';
import { scanUpdate } from '../../src/core/yupdate';
import { hex, vectors } from './vectors';

const A = 'aaaaaaaaaaaaaaaa' as SessionId;
const updates = vectors<{ name: string; hex: string }[]>('yupdates').filter(({ hex: text }) => {
  try {
    scanUpdate(hex(text), SNAPSHOT_LIMITS);
    return true;
  } catch {
    return false;
  }
});

const opened = (update: Uint8Array): Doc => {
  const doc = new Doc();
  openUpdate(doc, update, 'test');
  return doc;
};

describe('a document opened in one go', () => {
  test.each(updates)('has what Yjs itself reads: $name', ({ hex: text }) => {
    const theirs = new Doc();
    applyUpdate(theirs, hex(text));
    const ours = opened(hex(text));
    expect([...encodeStateAsUpdate(ours)]).toEqual([...encodeStateAsUpdate(theirs)]);
  });

  test('has letters of every script, keys that share a place among those read before, and bytes', () => {
    const from = new Doc();
    const root = from.getMap('shapes');
    for (const key of ['Ä', 'Ã¤', 'ab', 'ba', 'כותרת', 'a'.repeat(40), '', 'ab!', '\ufeffx']) {
      root.set(
        key,
        new YMap(Object.entries({ [key]: key, bytes: Uint8Array.of(1, 2, 3), list: [1, 'é', { 深: null }] })),
      );
    }
    root.set('text', new YText('naïve 😀'));
    const update = encodeStateAsUpdate(from);
    expect(opened(update).getMap('shapes').toJSON()).toEqual(root.toJSON());
  });

  test('is read again as it was written, and edits of it go on', () => {
    const from = new Doc();
    const board = new Board(from);
    board.setAuthor(A);
    const points = [0, 1, 2].map((i) => ({ x: i, y: i, pressure: null, t: i }));
    const [id] = board.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'red', size: 4, nowMs: 1 });
    const there = new Board(opened(encodeStateAsUpdate(from)));
    expect(there.shapes(MAIN_PAGE)).toEqual(board.shapes(MAIN_PAGE));
    there.setAuthor(A);
    expect(there.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'red', size: 4, nowMs: 1 })).not.toContain(
      id,
    );
  });

  test('that ends early is refused', () => {
    const from = new Doc();
    from.getMap('shapes').set('name', 'a value of some length');
    const update = encodeStateAsUpdate(from);
    for (let length = 1; length < update.length - 1; length += 1) {
      expect(() => opened(update.slice(0, length))).toThrow();
    }
  });
});

test('a text read again is the same one, and no other that only has as many bytes', () => {
  const same = new SameText();
  const read = (text: string): string => same.decode(encodeUtf8(text), 0, encodeUtf8(text).length);
  for (const text of ['main', 'main', 'Ã©', 'é', 'é', 'main', '', 'maim', '\u0080']) {
    expect(read(text)).toBe(text);
  }
});
