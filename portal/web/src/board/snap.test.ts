import { expect, test } from 'vitest';
import { snapBox, snapEdge } from './snap';

const box = (minX: number, minY: number, w = 100, h = 50) => ({ minX, minY, maxX: minX + w, maxY: minY + h });
const NO_GRID = { x: null, y: null };

test('an edge or the middle near that of another thing comes into line with it, and says so', () => {
  const found = snapBox(box(104, 300), [box(100, 0)], NO_GRID, 6);
  expect([found.dx, found.dy]).toEqual([-4, 0]);
  expect(found.lines).toContainEqual({ axis: 'x', at: 100, from: 0, to: 350, isGap: false });
  expect(snapBox(box(143, 300, 20), [box(100, 0)], NO_GRID, 6).dx).toBe(-3);
});

test('beyond reach nothing moves', () => {
  expect(snapBox(box(120, 300), [box(0, 0, 10, 10)], NO_GRID, 6)).toEqual({ dx: 0, dy: 0, lines: [] });
});

test('between two neighbours the gaps become equal', () => {
  const others = [box(0, 0), box(400, 7)];
  const found = snapBox(box(203, 20, 100), others, NO_GRID, 6);
  expect(found.dx).toBe(-3);
  const gaps = found.lines.filter(({ isGap }) => isGap).map(({ from, to }) => to - from);
  expect(gaps).toEqual([100, 100]);
});

test('after two others the gap becomes as theirs', () => {
  const found = snapBox(box(283, 3), [box(0, 20), box(140, 11)], NO_GRID, 6);
  expect(found.dx).toBe(-3);
  expect(found.lines.filter(({ isGap }) => isGap)).toHaveLength(2);
});

test('the lines of the page draw what no other thing draws', () => {
  const grid = { x: 40, y: 40 };
  expect(snapBox(box(83, 197), [], grid, 6)).toEqual({ dx: -3, dy: 3, lines: [] });
  expect(snapBox(box(83, 197), [box(85, 0, 10, 10)], grid, 6).dx).toBe(2);
  expect(snapEdge('x', 118, [], grid, 6)).toBe(120);
  expect(snapEdge('y', 118, [box(0, 115)], NO_GRID, 6)).toBe(115);
});
