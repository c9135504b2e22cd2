import { describe, expect, it } from 'vitest';
import type { Box } from './camera';
import { freePlace } from './freePlace';

const SEEN: Box = { minX: 0, minY: 0, maxX: 1600, maxY: 900 };
const box = (x: number, y: number, w: number, h: number): Box => ({ minX: x, minY: y, maxX: x + w, maxY: y + h });

describe('where something new is put', () => {
  it('is the middle of a blank page', () => {
    expect(freePlace(200, 100, SEEN, [], null)).toEqual({ x: 800, y: 450 });
  });

  it('is under what is chosen, flush left with it: steps of a calculation stand in a column', () => {
    const first = box(700, 400, 200, 100);
    expect(freePlace(150, 100, SEEN, [first], first)).toEqual({ x: 775, y: 574 });
  });

  it('covers nothing while there is room', () => {
    const taken = [box(0, 0, 1600, 500), box(0, 500, 900, 400), box(1300, 500, 300, 100)];
    const at = freePlace(300, 200, SEEN, taken, null);
    if (at === null) throw new Error('there is room');
    for (const { minX, minY, maxX, maxY } of taken) {
      expect(at.x + 150 <= minX || at.x - 150 >= maxX || at.y + 100 <= minY || at.y - 100 >= maxY).toBe(true);
    }
    expect(at.x + 150).toBeLessThanOrEqual(1600);
    expect(at.y + 100).toBeLessThanOrEqual(900);
  });

  it('is beside a worksheet that stands in the middle', () => {
    const at = freePlace(300, 100, SEEN, [box(480, 0, 640, 900)], null);
    expect(Math.abs((at?.x ?? 800) - 800)).toBeGreaterThan(320 + 150);
  });

  it('is nowhere when everything is full, and what lies out of sight does not count', () => {
    expect(freePlace(200, 100, SEEN, [SEEN], null)).toBeNull();
    expect(freePlace(200, 100, SEEN, [box(2000, 2000, 9e5, 9e5)], null)).toEqual({ x: 800, y: 450 });
    expect(freePlace(3000, 100, SEEN, [box(0, 0, 900, 900)], null)).toBeNull();
  });
});
