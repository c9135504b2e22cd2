import { beforeEach, expect, test } from 'vitest';
import { SelectTool } from './select';
import { at, TestHost } from './testHost';
import { TextTool } from './text';

let host: TestHost;
let select: SelectTool;

beforeEach(() => {
  host = new TestHost();
  select = new SelectTool(host);
});

test('a click selects the topmost thing, a click beside it nothing', () => {
  host.draw(0, 50);
  const top = host.draw(0, 50);
  select.down(at(50, 51));
  select.up(at(50, 51));
  expect([...host.selection]).toEqual([top]);
  select.down(at(500, 500));
  select.up(at(500, 500));
  expect(host.selection.size).toBe(0);
});

test('dragging moves the selection as one step, and shows it above the page meanwhile', () => {
  const id = host.draw(0, 50);
  const before = host.board.shape(id);
  select.down(at(50, 50));
  select.move([at(60, 60), at(90, 80)]);
  expect([...host.lifted]).toEqual([id]);
  expect(select.sketches().length).toBe(2);
  select.up(at(90, 80));
  expect(host.lifted.size).toBe(0);
  expect(host.board.shape(id)?.x).toBeCloseTo((before?.x ?? 0) + 40, 6);
  expect(host.board.shape(id)?.y).toBeCloseTo((before?.y ?? 0) + 30, 6);
  host.board.undo();
  expect(host.board.shape(id)?.x).toBe(before?.x);
});

test('a trembling click moves nothing', () => {
  const id = host.draw(0, 50);
  const before = host.board.shape(id);
  select.down(at(50, 50));
  select.move([at(51, 51)]);
  select.up(at(52, 51));
  expect(host.board.shape(id)).toBe(before);
});

test('Shift adds and takes away; a box takes what lies inside', () => {
  const a = host.draw(0, 50);
  const b = host.draw(0, 150);
  select.down(at(50, 50));
  select.up(at(50, 50));
  select.down(at(50, 150, { isShift: true }));
  select.up(at(50, 150, { isShift: true }));
  expect([...host.selection]).toEqual([a, b]);
  select.down(at(50, 50, { isShift: true }));
  select.up(at(50, 50, { isShift: true }));
  expect([...host.selection]).toEqual([b]);
  select.down(at(-20, 20));
  select.move([at(300, 300)]);
  select.up(at(300, 300));
  expect([...host.selection]).toEqual([a, b]);
});

test('the text tool opens the text under the pointer, or a new one there', () => {
  const text = { page: host.page, x: 100, y: 100, text: 'hello', colour: 'red', size: 24, nowMs: 0 } as const;
  const id = host.board.addText(text);
  const tool = new TextTool(host);
  tool.up(at(110, 110));
  tool.up(at(400, 400));
  expect(host.opened[0]).toEqual({ id, x: 100, y: 100 });
  expect(host.opened[1]?.id).toBeNull();
  expect(host.opened[1]?.y).toBeLessThan(400);
  select.doubleClick(at(110, 110));
  expect(host.opened[2]?.id).toBe(id);
});
