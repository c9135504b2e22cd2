import { beforeEach, describe, expect, test } from 'vitest';
import { decodeInk } from '../../core/ink';
import type { StrokeShape } from '../../core/shape';
import { PenTool } from './pen';
import { at, TestHost } from './testHost';

describe('pen', () => {
  let host: TestHost;
  let pen: PenTool;

  beforeEach(() => {
    host = new TestHost();
    pen = new PenTool(host, 'pen');
  });

  const strokes = (): StrokeShape[] =>
    host.board.shapes(host.page).filter((shape): shape is StrokeShape => shape.type !== 'text');

  function drawPoints(count: number, pressure: number | null = null): void {
    pen.down(at(0, 0, { pressure }));
    pen.move(
      Array.from({ length: count - 2 }, (_, i) => at(i + 1, Math.round(Math.sin(i) * 20), { pressure, timeMs: i + 1 })),
    );
    pen.up(at(count - 1, 3, { pressure, timeMs: count }));
  }

  test('a stroke becomes one shape with its points, times and the chosen look', () => {
    drawPoints(20);
    const [shape] = strokes();
    expect(strokes().length).toBe(1);
    expect(shape).toMatchObject({ type: 'draw', colour: 'blue', size: 4, page: 'main', createdMs: 1_000 });
    const points = shape ? decodeInk(shape.ink).points : [];
    expect(points.length).toBe(20);
    expect(points[5]?.t).toBe(5);
    expect(points[0]?.pressure).toBeNull();
  });

  test('a long stroke is split at 256 points, repeats the joint and is one undo step', () => {
    drawPoints(600, 200);
    const parts = strokes().map((shape) => ({ shape, points: decodeInk(shape.ink).points }));
    expect(parts.map(({ points }) => points.length)).toEqual([256, 256, 90]);
    const end = parts[0]?.points.at(-1);
    const start = parts[1]?.points[0];
    expect((end?.x ?? 0) + (parts[0]?.shape.x ?? 0)).toBeCloseTo((start?.x ?? 0) + (parts[1]?.shape.x ?? 0), 6);
    expect(start?.pressure).toBe(200);
    host.board.undo();
    expect(strokes()).toEqual([]);
    expect(host.board.canUndo).toBe(false);
    host.board.redo();
    expect(strokes().length).toBe(3);
  });

  test('what the others see live has the numbers of the shapes to come (L3)', () => {
    drawPoints(300);
    expect(host.told.map(({ stroke }) => host.board.shapeId(stroke))).toEqual(strokes().map(({ id }) => id));
    expect(host.told.map(({ points }) => points.length)).toEqual([256, 45]);
    expect(host.isDrawing).toBe(false);
  });

  test('samples that do not move the pen are left out', () => {
    pen.down(at(10, 10));
    pen.move([at(10.2, 10.1), at(10.3, 10.3), at(12, 10)]);
    pen.up(at(12, 10));
    expect(decodeInk(strokes()[0]?.ink ?? new Uint8Array()).points.length).toBe(2);
  });

  test('when the page is shown larger, small movements count', () => {
    host.camera = { x: 0, y: 0, zoom: 8 };
    pen.down(at(10, 10));
    pen.move([at(10.2, 10.1), at(10.4, 10.3)]);
    pen.up(at(10.6, 10.3));
    expect(decodeInk(strokes()[0]?.ink ?? new Uint8Array()).points.length).toBe(4);
  });

  test('a tap is a dot', () => {
    pen.down(at(10, 10));
    pen.up(at(10, 10));
    expect(strokes().length).toBe(1);
  });

  test('a cancelled stroke leaves no trace', () => {
    pen.down(at(0, 0));
    pen.move([at(10, 10), at(20, 20)]);
    pen.cancel();
    expect(strokes()).toEqual([]);
    expect(pen.strokes()).toEqual([]);
    expect(host.board.canUndo).toBe(false);
    expect(host.isDrawing).toBe(false);
  });

  test('a page that ends with the pen down keeps the ink so far', () => {
    pen.down(at(0, 0));
    pen.move([at(10, 10), at(20, 20)]);
    pen.endNow();
    pen.endNow();
    expect(strokes()).toHaveLength(1);
    expect(host.isDrawing).toBe(false);
  });

  test('a stroke that lost the right to draw half-way ends without one', () => {
    pen.down(at(0, 0));
    pen.move([at(10, 10)]);
    host.board.setAuthor(null);
    expect(() => pen.up(at(20, 20))).toThrow('read-only');
    expect(pen.strokes()).toEqual([]);
    expect(host.isDrawing).toBe(false);
  });

  test('the highlighter makes highlights', () => {
    const highlighter = new PenTool(host, 'highlighter');
    highlighter.down(at(0, 0));
    highlighter.up(at(30, 0));
    expect(strokes()[0]?.type).toBe('highlight');
  });
});
