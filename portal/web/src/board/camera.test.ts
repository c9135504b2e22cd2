import { describe, expect, test } from 'vitest';
import {
  fitBox,
  frameOf,
  HOME_BOX,
  MAX_ZOOM,
  MIN_ZOOM,
  panBy,
  pinch,
  resizeAround,
  toBoard,
  toScreen,
  visibleBox,
  zoomAt,
} from './camera';

const view = { width: 800, height: 600, ratio: 2 };

describe('camera', () => {
  test('screen and board points are each other’s inverse', () => {
    const camera = { x: -37.5, y: 12.25, zoom: 0.6 };
    const there = toScreen(camera, { x: 101, y: -7 });
    const back = toBoard(camera, there);
    expect(back.x).toBeCloseTo(101, 9);
    expect(back.y).toBeCloseTo(-7, 9);
  });

  test('zooming holds the point under the pointer, also at the limits', () => {
    let camera = { x: 5, y: 9, zoom: 1 };
    const anchor = { x: 333, y: 111 };
    const held = toBoard(camera, anchor);
    for (const factor of [1.3, 8, 8, 0.01, 0.01, 2]) {
      camera = zoomAt(camera, anchor, factor);
      expect(toBoard(camera, anchor).x).toBeCloseTo(held.x, 6);
      expect(toBoard(camera, anchor).y).toBeCloseTo(held.y, 6);
      expect(camera.zoom).toBeGreaterThanOrEqual(MIN_ZOOM);
      expect(camera.zoom).toBeLessThanOrEqual(MAX_ZOOM);
    }
  });

  test('panning moves the page with the finger', () => {
    const camera = panBy({ x: 0, y: 0, zoom: 2 }, 10, -20);
    expect(camera).toEqual({ x: -5, y: 10, zoom: 2 });
  });

  test('a pinch keeps both fingers on their board points', () => {
    const before = [
      { x: 100, y: 100 },
      { x: 200, y: 100 },
    ] as const;
    const after = [
      { x: 80, y: 150 },
      { x: 280, y: 150 },
    ] as const;
    const camera = { x: 3, y: 4, zoom: 0.5 };
    const next = pinch(camera, before, after);
    for (const i of [0, 1] as const) {
      expect(toBoard(next, after[i]).x).toBeCloseTo(toBoard(camera, before[i]).x, 6);
      expect(toBoard(next, after[i]).y).toBeCloseTo(toBoard(camera, before[i]).y, 6);
    }
    expect(pinch(camera, [before[0], before[0]], after).zoom).toBe(0.5);
  });

  test('fitting shows the whole box, on wide and on tall screens', () => {
    for (const viewport of [view, { width: 390, height: 700, ratio: 3 }, { width: 2000, height: 300, ratio: 1 }]) {
      const shown = visibleBox(fitBox(HOME_BOX, viewport, 12), viewport);
      expect(shown.minX).toBeLessThanOrEqual(0);
      expect(shown.minY).toBeLessThanOrEqual(0);
      expect(shown.maxX).toBeGreaterThanOrEqual(1600);
      expect(shown.maxY).toBeGreaterThanOrEqual(900);
    }
  });

  test('the frame’s origin is a whole device pixel', () => {
    const frame = frameOf({ x: 1.2345, y: -9.87, zoom: 0.777 }, view);
    expect(Number.isInteger(frame.originX)).toBe(true);
    expect(Number.isInteger(frame.originY)).toBe(true);
    expect(frame.scale).toBeCloseTo(1.554, 9);
  });

  test('a window that changes its size keeps the middle in the middle', () => {
    const after = { width: 400, height: 900, ratio: 2 };
    const camera = { x: 10, y: 20, zoom: 0.5 };
    const moved = resizeAround(camera, view, after);
    expect(toBoard(moved, { x: 200, y: 450 })).toEqual(toBoard(camera, { x: 400, y: 300 }));
  });
});
