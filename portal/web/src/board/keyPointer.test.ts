import { beforeEach, expect, test } from 'vitest';
import { decodeInk } from '../core/ink';
import { KeyPointer } from './keyPointer';
import { EraserTool } from './tools/eraser';
import { LassoTool } from './tools/lasso';
import { PenTool } from './tools/pen';
import { TestHost } from './tools/testHost';
import { TextTool } from './tools/text';
import type { Tool, ToolName } from './tools/tool';

let host: TestHost;
let tool: Tool;
let pointer: KeyPointer;
const name = { value: 'pen' as ToolName };
let pointed: number;

function hold(held: ToolName, made: Tool): void {
  name.value = held;
  tool = made;
}

beforeEach(() => {
  host = new TestHost();
  pointed = 0;
  hold('pen', new PenTool(host, 'pen'));
  pointer = new KeyPointer({
    tool: name,
    get view() {
      return host.view;
    },
    toolInHand: () => tool,
    setCamera: (camera) => host.view.setCamera(camera),
    attempt: (run) => run(),
    onPointer: () => {
      pointed += 1;
    },
    say: (words) => host.say(words),
  });
});

const press = (...keys: string[]): boolean[] => keys.map((key) => pointer.key(key, false));

test('a pen is taken up, put down, led and lifted with the keyboard, and every step is told', () => {
  expect(press('ArrowLeft')).toEqual([false]);
  expect(press('Enter', 'Enter', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Enter')).not.toContain(false);
  const [shape] = host.board.shapes(host.page);
  if (shape?.type !== 'draw') throw new Error('no stroke');
  const { points } = decodeInk(shape.ink);
  expect([shape.x, shape.y]).toEqual([800, 450]);
  expect(points.at(-1)).toMatchObject({ x: 20, y: 10 });
  expect(host.said).toEqual([
    'In the middle. Arrows move it, Enter puts it down, Escape puts it away.',
    'Down at 20 across, 11.3 down',
    '20.3 across, 11.3 down',
    '20.5 across, 11.3 down',
    '20.5 across, 11.5 down',
    'Lifted at 20.5 across, 11.5 down',
  ]);
  expect(pointed).toBeGreaterThan(0);
});

test('Escape drops the stroke, then the pen, and then it is the board’s key again', () => {
  press('Enter', 'Enter', 'ArrowRight');
  expect(pointer.isPressed).toBe(true);
  expect(press('Escape', 'Escape', 'Escape')).toEqual([true, true, false]);
  expect([host.ids(), host.isDrawing, pointer.sketches()]).toEqual([[], false, []]);
});

test('another tool or page leaves nothing of it', () => {
  press('Enter', 'Enter', 'ArrowRight');
  pointer.leave();
  expect([pointer.isPressed, host.ids(), pointer.sketches(), press('ArrowLeft')]).toEqual([false, [], [], [false]]);
});

test('eraser, lasso and text are led the same way; shapes have keys of their own', () => {
  const gone = host.draw(820, 450);
  hold('eraser', new EraserTool(host));
  press('Enter', 'Enter', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Enter', 'Escape');
  expect(host.board.shape(gone)?.erased).toBe(true);
  const caught = host.draw(820, 500, 20);
  hold('lasso', new LassoTool(host));
  press('Enter', 'Enter');
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft']) for (let i = 0; i < 3; i++) pointer.key(key, true);
  press('Enter', 'Escape');
  expect([...host.selection]).toEqual([caught]);
  hold('text', new TextTool(host));
  press('Enter', 'Enter');
  expect(host.opened).toMatchObject([{ id: null, x: 800 }]);
  expect(pointer.sketches()).toEqual([]);
  hold('shape', tool);
  expect(press('Enter')).toEqual([false]);
});

test('the page comes along where the pointer would leave what is seen', () => {
  press('Enter');
  for (let i = 0; i < 20; i++) pointer.key('ArrowDown', true);
  expect(host.camera.y).toBeGreaterThan(0);
});
