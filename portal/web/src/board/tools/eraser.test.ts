import { beforeEach, expect, test } from 'vitest';
import { EraserTool } from './eraser';
import { at, TestHost } from './testHost';

let host: TestHost;
let eraser: EraserTool;

beforeEach(() => {
  host = new TestHost();
  eraser = new EraserTool(host);
});

test('what a gesture touches fades first, is erased on release, and comes back as one step', () => {
  const a = host.draw(0, 50);
  const b = host.draw(0, 150);
  const away = host.draw(0, 400);
  eraser.down(at(50, 0));
  eraser.move([at(50, 60), at(50, 200)]);
  expect([...host.faded]).toEqual([a, b]);
  expect(host.ids().length).toBe(3);
  eraser.up(at(50, 200));
  expect(host.ids()).toEqual([away]);
  expect(host.faded.size).toBe(0);
  expect(host.board.shape(a)?.erased).toBe(true);
  host.board.undo();
  expect(host.ids()).toEqual([a, b, away]);
});

test('a gesture that touches nothing is no step', () => {
  host.draw(0, 50);
  host.board.undo();
  host.board.redo();
  eraser.down(at(500, 500));
  eraser.up(at(600, 600));
  expect(host.ids().length).toBe(1);
});

test('a cancelled gesture erases nothing', () => {
  host.draw(0, 50);
  eraser.down(at(50, 50));
  eraser.cancel();
  expect(host.faded.size).toBe(0);
  expect(host.ids().length).toBe(1);
});
