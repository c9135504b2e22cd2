import { expect, test } from 'vitest';
import { type Entry, SpatialIndex } from './spatial';

const entry = (id: string, index: string, x: number, y = 0): Entry => ({
  id,
  index,
  minX: x,
  minY: y,
  maxX: x + 10,
  maxY: y + 10,
});

test('what is inside comes in painting order: by index, then by id', () => {
  const spatial = new SpatialIndex();
  spatial.load([entry('c', 'a1', 0), entry('b', 'a0', 5), entry('a', 'a1', 2), entry('far', 'a0', 500)]);
  const found = spatial.inside({ minX: 0, minY: 0, maxX: 20, maxY: 20 });
  expect(found.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});

test('an entry is covered by what overlaps it and is painted later', () => {
  const spatial = new SpatialIndex();
  spatial.load([entry('a', 'a1', 0), entry('z', 'a9', 300)]);
  expect(spatial.isCovered(entry('new', 'a0', 5))).toBe(true);
  expect(spatial.isCovered(entry('new', 'a2', 5))).toBe(false);
  expect(spatial.isCovered(entry('new', 'a2', 100))).toBe(false);
});

test('putting an entry again moves it', () => {
  const spatial = new SpatialIndex();
  spatial.put(entry('a', 'a0', 0));
  spatial.put(entry('a', 'a0', 400));
  expect(spatial.size).toBe(1);
  expect(spatial.inside({ minX: 0, minY: 0, maxX: 20, maxY: 20 })).toEqual([]);
  expect(spatial.bounds()?.minX).toBe(400);
  spatial.remove('a');
  expect(spatial.bounds()).toBeNull();
});

test('what comes under others takes its place, and the order holds when all are ranked anew', () => {
  const spatial = new SpatialIndex();
  spatial.load([entry('top', 'z', 0)]);
  const everything = { minX: -5, minY: -5, maxX: 50_000, maxY: 20 };
  for (let n = 0; n < 1200; n += 1) {
    spatial.put(entry(`n${(n * 7919) % 1200}`, `a${String((n * 31) % 97).padStart(3, '0')}`, n));
    if (n % 100 === 0) {
      const keys = spatial.inside(everything).map(({ index, id }) => `${index} ${id}`);
      expect(keys).toEqual([...keys].sort());
    }
  }
});
