import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Point } from './camera';
import { recognise } from './recognise';
import { PenTool } from './tools/pen';
import { at, TestHost } from './tools/testHost';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A hand's way along corners, trembling a little. */
function way(corners: readonly [number, number][], tremble = 2): Point[] {
  const points: Point[] = [];
  for (const [i, [x, y]] of corners.entries()) {
    const [nextX, nextY] = corners[i + 1] ?? [x, y];
    for (let step = 0; step < (i + 1 < corners.length ? 20 : 1); step += 1) {
      const shake = tremble * Math.sin(points.length * 1.7);
      points.push({ x: x + ((nextX - x) * step) / 20 + shake, y: y + ((nextY - y) * step) / 20 - shake });
    }
  }
  return points;
}

const circle = (rx: number, ry: number): Point[] =>
  Array.from({ length: 60 }, (_, i) => ({ x: 300 + rx * Math.cos(i / 9.5), y: 300 + ry * Math.sin(i / 9.5) }));

test.each([
  [
    'line',
    way([
      [0, 0],
      [200, 30],
    ]),
  ],
  ['ellipse', circle(100, 100)],
  ['ellipse', circle(150, 60)],
  [
    'rectangle',
    way([
      [0, 0],
      [200, 3],
      [198, 100],
      [2, 98],
      [0, 0],
    ]),
  ],
  [
    'polygon',
    way([
      [100, 0],
      [200, 160],
      [0, 150],
      [100, 0],
    ]),
  ],
  [
    'polygon',
    way([
      [100, 0],
      [200, 100],
      [100, 200],
      [0, 100],
      [100, 0],
    ]),
  ],
] as const)('%s is recognised', (kind, points) => {
  expect(recognise(points, 1)?.kind).toBe(kind);
});

test('writing is left alone: what is small, what is open, what winds', () => {
  expect(recognise(circle(6, 6), 1)).toBeNull();
  expect(
    recognise(
      way([
        [0, 0],
        [100, 60],
        [200, 0],
      ]),
      1,
    ),
  ).toBeNull();
  const spiral = Array.from({ length: 120 }, (_, i) => ({ x: i * Math.cos(i / 6), y: i * Math.sin(i / 6) }));
  expect(recognise(spiral, 1)).toBeNull();
  expect(recognise([], 1)).toBeNull();
});

test('a pen that rests makes the shape that was meant, one step of undo; its line follows the pen', () => {
  const host = new TestHost();
  const pen = new PenTool(host, 'pen');
  pen.down(at(0, 0));
  pen.move(
    way([
      [0, 0],
      [200, 0],
    ]).map(({ x, y }) => at(x, y)),
  );
  vi.advanceTimersByTime(700);
  expect(pen.strokes()).toEqual([]);
  expect(pen.sketches().length).toBe(1);
  expect(host.isDrawing).toBe(false);
  pen.move([at(200, 100)]);
  pen.up(at(200, 100));
  expect(host.board.shapes(host.page)).toMatchObject([{ type: 'line', x: 0, y: 0, dx: 200, dy: 100 }]);
  host.board.undo();
  expect(host.ids()).toEqual([]);
});

test('a pen that goes on writes, and so does a highlighter that rests', () => {
  const host = new TestHost();
  for (const [name, restMs] of [
    ['pen', 400],
    ['highlighter', 2_000],
  ] as const) {
    const pen = new PenTool(host, name);
    pen.down(at(0, 0));
    pen.move(
      way([
        [0, 0],
        [200, 0],
      ]).map(({ x, y }) => at(x, y)),
    );
    vi.advanceTimersByTime(restMs);
    pen.up(at(200, 0));
  }
  expect(host.board.shapes(host.page).map(({ type }) => type)).toEqual(['draw', 'highlight']);
});

test('a stroke that is taken away while it rests leaves nothing', () => {
  const host = new TestHost();
  const pen = new PenTool(host, 'pen');
  pen.down(at(0, 0));
  pen.move(circle(100, 100).map(({ x, y }) => at(x, y)));
  vi.advanceTimersByTime(700);
  pen.cancel();
  expect([pen.strokes(), pen.sketches(), host.ids()]).toEqual([[], [], []]);
});
