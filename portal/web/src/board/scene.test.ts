import { describe, expect, test } from 'vitest';
import type { PageId, SessionId, ShapeId } from '../core/ids';
import { encodeInk, type InkPoint } from '../core/ink';
import type { StrokeShape, TextShape } from '../core/shape';
import {
  cssColour,
  FONT_ASCENT_EM,
  outlineOf,
  roughMeasure,
  sceneItem,
  shapeBox,
  strokeItem,
  textLines,
} from './scene';

const base = {
  id: '0123456789abcdef-1' as ShapeId,
  author: '0123456789abcdef' as SessionId,
  page: 'main' as PageId,
  index: 'a0',
  colour: 'red',
  createdMs: 0,
  erased: false,
  rotation: 0,
  opacity: 1,
  locked: false,
  group: '',
} as const;

function strokeShape(points: InkPoint[], size: number, type: 'draw' | 'highlight' = 'draw'): StrokeShape {
  const { blob, x, y } = encodeInk(points);
  const xs = points.map((point) => point.x - x);
  const ys = points.map((point) => point.y - y);
  return { ...base, type, x, y, size, ink: blob, w: Math.max(...xs), h: Math.max(...ys) };
}

/** A seeded scribble. */
function scribble(seed: number, withPressure: boolean): InkPoint[] {
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  let [x, y] = [random() * 1000, random() * 1000];
  return Array.from({ length: 2 + Math.floor(random() * 80) }, () => {
    x = Math.round((x + (random() - 0.5) * 60) * 10) / 10;
    y = Math.round((y + (random() - 0.5) * 60) * 10) / 10;
    return { x, y, pressure: withPressure ? Math.floor(random() * 256) : null, t: null };
  });
}

describe('strokes', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('the box from the header holds all that is painted (seed %i)', (seed) => {
    for (const size of [2, 16, 40]) {
      const points = scribble(seed, seed % 2 === 0);
      const shape = strokeShape(points, size, size === 40 ? 'highlight' : 'draw');
      const item = sceneItem(shape, roughMeasure);
      const box = shapeBox(shape, roughMeasure);
      expect(item?.kind).toBe('stroke');
      if (item?.kind === 'stroke') {
        expect(item.outline.length).toBeGreaterThan(6);
        for (let i = 0; i < item.outline.length; i += 2) {
          const [x, y] = [item.x + (item.outline[i] ?? 0), item.y + (item.outline[i + 1] ?? 0)];
          expect(x).toBeGreaterThan(box.minX);
          expect(x).toBeLessThan(box.maxX);
          expect(y).toBeGreaterThan(box.minY);
          expect(y).toBeLessThan(box.maxY);
        }
      }
    }
  });

  test('live ink and the finished shape have the same outline', () => {
    const points = scribble(42, true);
    const shape = strokeShape(points, 8);
    const live = strokeItem(points, 'draw', { x: 0, y: 0, colour: 'red', size: 8 });
    const done = sceneItem(shape, roughMeasure);
    if (done?.kind !== 'stroke') {
      throw new Error('not a stroke');
    }
    expect(live.outline.length).toBe(done.outline.length);
    for (let i = 0; i < done.outline.length; i += 2) {
      expect((done.outline[i] ?? 0) + done.x).toBeCloseTo(live.outline[i] ?? 0, 3);
      expect((done.outline[i + 1] ?? 0) + done.y).toBeCloseTo(live.outline[i + 1] ?? 0, 3);
    }
  });

  test('a single point is a dot, no points are nothing', () => {
    expect(outlineOf([{ x: 5, y: 5, pressure: null }], 'draw', 4).length).toBeGreaterThan(8);
    expect(outlineOf([], 'draw', 4).length).toBe(0);
  });

  test('a highlighter is flat and translucent', () => {
    const item = strokeItem(scribble(3, true), 'highlight', { x: 0, y: 0, colour: 'yellow', size: 20 });
    expect(item.opacity).toBe(0.35);
  });
});

describe('text', () => {
  const shape: TextShape = { ...base, type: 'text', x: 10, y: 20, size: 24, text: 'one\n\nthree', bold: false };

  test('lines stand at the font’s ascent and the line height apart', () => {
    const lines = textLines(shape.text, shape.x, shape.y, shape.size);
    expect(lines.map((line) => line.text)).toEqual(['one', '', 'three']);
    expect(lines[0]?.baseline).toBeCloseTo(20 + FONT_ASCENT_EM * 24, 9);
    expect((lines[2]?.baseline ?? 0) - (lines[1]?.baseline ?? 0)).toBeCloseTo(24 * 1.3, 9);
  });

  test('its box is as wide as the widest line', () => {
    const box = shapeBox(shape, (line) => line.length * 10);
    expect(box).toEqual({ minX: 10, minY: 20, maxX: 60, maxY: 20 + 3 * 24 * 1.3 });
  });
});

test('an unknown colour, also one named like a property of every object, is black', () => {
  for (const name of ['mauve', '__proto__', 'constructor', '']) {
    expect(cssColour(name, 'light')).toBe('#1f2328');
  }
  expect(cssColour('red', 'dark')).toBe('#ff6b70');
});
