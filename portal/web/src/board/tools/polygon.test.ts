import { beforeEach, expect, test } from 'vitest';
import { decodeInk } from '../../core/ink';
import type { Shape } from '../../core/shape';
import { PolygonTool } from './polygon';
import { TestHost } from './testHost';
import type { ToolPoint } from './tool';

let host: TestHost;
let tool: PolygonTool;

beforeEach(() => {
  host = new TestHost();
  tool = new PolygonTool(host);
});

const at = (x: number, y: number): ToolPoint => ({
  ...{ x, y, pressure: null, timeMs: 0, isShift: false },
  screen: { x, y },
});

function click(x: number, y: number): void {
  tool.down(at(x, y));
  tool.up(at(x, y));
}

const polygons = (): Shape[] => host.board.shapes(host.page).filter((shape) => !shape.erased);

function corners(): [number, number][] {
  const [shape] = polygons();
  if (shape?.type !== 'geo' || !shape.ink) {
    throw new Error('no polygon');
  }
  return decodeInk(shape.ink).points.map(({ x, y }) => [x + shape.x, y + shape.y]);
}

test('a click on the first corner closes it: one shape, chosen, one step of undo', () => {
  for (const [x, y] of [
    [100, 100],
    [200, 120],
    [160, 220],
  ] as const)
    click(x, y);
  expect(polygons()).toEqual([]);
  expect(tool.sketches().length).toBeGreaterThan(3);
  click(105, 96);
  expect(corners()).toEqual([
    [100, 100],
    [200, 120],
    [160, 220],
  ]);
  expect(host.selection).toEqual(new Set([polygons()[0]?.id]));
  expect(tool.sketches()).toEqual([]);
  host.board.undo();
  expect(polygons()).toEqual([]);
});

test('a double click and Enter close it where the last corner is; two corners are no polygon', () => {
  click(0, 0);
  click(90, 0);
  tool.key('Enter', false);
  click(90, 0);
  tool.doubleClick();
  expect(polygons()).toEqual([]);
  tool.leave();
  for (const [x, y] of [
    [0, 0],
    [90, 0],
    [90, 90],
    [90, 90],
  ] as const)
    click(x, y);
  tool.doubleClick();
  expect(corners()).toEqual([
    [0, 0],
    [90, 0],
    [90, 90],
  ]);
  for (const [x, y] of [
    [0, 0],
    [90, 0],
    [90, 90],
  ] as const)
    click(x, y);
  expect(tool.key('Enter', false)).toBe(true);
  expect(polygons()).toHaveLength(2);
});

test('with the keyboard alone: Enter takes a corner up and puts it down, arrows move it, Enter in place closes', () => {
  expect(tool.key('ArrowLeft', false)).toBe(false);
  tool.key('Enter', false);
  tool.key('Enter', false);
  for (let i = 0; i < 3; i++) tool.key('ArrowRight', true);
  tool.key('Enter', false);
  tool.key('ArrowDown', true);
  tool.key('Enter', false);
  tool.key('ArrowLeft', false);
  tool.key('Enter', false);
  tool.key('Enter', false);
  expect(corners()).toEqual([
    [800, 450],
    [920, 450],
    [920, 490],
    [910, 490],
  ]);
});

test('each step with the keyboard is told: where the corner is, which one it is, and when the next press closes', () => {
  for (const key of ['Enter', 'Enter', 'ArrowRight']) tool.key(key, false);
  tool.key('Backspace', false);
  expect(host.said).toEqual([
    'In the middle. Arrows move the corner, Enter puts it down, Escape drops it.',
    'Corner 1 at 20 across, 11.3 down',
    '20.3 across, 11.3 down',
    'Corner taken back. 0 are left.',
  ]);
  tool.leave();
  for (const [x, y] of [
    [0, 0],
    [90, 0],
    [90, 20],
  ] as const)
    click(x, y);
  tool.doubleClick();
  for (const [x, y] of [
    [0, 0],
    [90, 0],
    [10, 20],
    [10, 10],
  ] as const)
    click(x, y);
  tool.hover(at(10, 10));
  host.said.length = 0;
  tool.key('ArrowLeft', false);
  expect(host.said).toEqual(['At the first corner: Enter closes it.']);
  tool.leave();
  tool.key('Enter', false);
  host.said.length = 0;
  tool.key('Enter', false);
  tool.key('Enter', false);
  expect(host.said.at(-1)).toBe('A polygon has three corners at least.');
  tool.key('Escape', false);
  expect(host.said.at(-1)).toBe('Polygon dropped');
});

test('Backspace takes the last corner back, Escape all of them, and then they are the board’s keys again', () => {
  for (const [x, y] of [
    [0, 0],
    [90, 0],
    [90, 90],
    [500, 500],
  ] as const)
    click(x, y);
  expect(tool.key('Backspace', false)).toBe(true);
  tool.key('Enter', false);
  expect(corners()).toHaveLength(3);
  click(0, 0);
  expect([tool.key('Escape', false), tool.key('Escape', false), tool.key('Backspace', false)]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a second finger, another tool and the sixty-fourth corner', () => {
  click(0, 0);
  tool.down(at(50, 50));
  tool.cancel();
  click(90, 0);
  click(90, 90);
  click(0, 0);
  expect(corners()).toHaveLength(3);
  click(300, 300);
  tool.leave();
  expect(tool.sketches()).toEqual([]);
  for (let i = 0; i < 64; i++) click(300 + 20 * i, 300 + (i % 2) * 40);
  expect(polygons()).toHaveLength(2);
});
