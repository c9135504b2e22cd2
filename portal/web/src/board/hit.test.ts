import { describe, expect, test } from 'vitest';
import { segmentDistance, touches } from './hit';
import { strokeItem } from './scene';

const along = Array.from({ length: 11 }, (_, i) => ({ x: 100 + i * 10, y: 50, pressure: null }));
const line = strokeItem(along, 'draw', { x: 0, y: 0, colour: 'black', size: 4 });

describe('touching a stroke', () => {
  test('on it, and within the radius', () => {
    expect(touches(line, { x: 150, y: 50 }, { x: 150, y: 50 }, 1)).toBe(true);
    expect(touches(line, { x: 150, y: 56 }, { x: 150, y: 56 }, 6)).toBe(true);
  });

  test('not beside it', () => {
    expect(touches(line, { x: 150, y: 60 }, { x: 150, y: 60 }, 5)).toBe(false);
    expect(touches(line, { x: 220, y: 50 }, { x: 240, y: 50 }, 5)).toBe(false);
  });

  test('a fast eraser that jumps across it between two samples', () => {
    expect(touches(line, { x: 150, y: 0 }, { x: 152, y: 100 }, 1)).toBe(true);
  });

  test('inside a loop is not on the line', () => {
    const loop = Array.from({ length: 40 }, (_, i) => ({
      x: 300 + 80 * Math.cos((i / 36) * 2 * Math.PI),
      y: 300 + 80 * Math.sin((i / 36) * 2 * Math.PI),
      pressure: null,
    }));
    const ring = strokeItem(loop, 'draw', { x: 0, y: 0, colour: 'black', size: 4 });
    expect(touches(ring, { x: 300, y: 300 }, { x: 300, y: 300 }, 6)).toBe(false);
    expect(touches(ring, { x: 380, y: 300 }, { x: 380, y: 300 }, 6)).toBe(true);
  });
});

test('distances between segments', () => {
  const at = (x: number, y: number) => ({ x, y });
  expect(segmentDistance(at(0, 0), at(10, 0), at(5, -5), at(5, 5))).toBe(0);
  expect(segmentDistance(at(0, 0), at(10, 0), at(0, 3), at(10, 3))).toBe(3);
  expect(segmentDistance(at(0, 0), at(0, 0), at(3, 4), at(3, 4))).toBe(5);
});
