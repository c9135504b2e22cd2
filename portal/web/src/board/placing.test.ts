/** Where copies, notes and pictures go, and keys that are pressed twice. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hands } from './hands';
import { handleBoardKey, type KeyTarget } from './keyboard';
import { setLetterKeys } from './letterKeys';
import { NoteTool } from './tools/note';
import { ShapeTool } from './tools/shape';
import { TestHost } from './tools/testHost';
import type { ToolName } from './tools/tool';

let host: TestHost;
let hands: Hands;

beforeEach(() => {
  host = new TestHost();
  const { board, page, scene } = host;
  hands = new Hands({
    board,
    page,
    view: { scene, visible: { minX: 0, minY: 0, maxX: 1600, maxY: 900 } },
    get selection() {
      return host.selection;
    },
    set selection(ids) {
      host.selection = ids;
    },
    cameras: { reveal: () => undefined },
    now: () => host.now(),
    attempt: (run) => run(),
  });
});

afterEach(() => vi.unstubAllGlobals());

const places = (): (readonly [number, number])[] => host.board.shapes(host.page).map(({ x, y }) => [x, y] as const);

function bar(x: number, y: number): void {
  const fields = { x, y, w: 80, h: 40, form: 'rectangle', colour: 'black', size: 4 } as const;
  host.selection = new Set([host.board.addThing({ type: 'geo', page: host.page, fields, nowMs: 0 })]);
}

describe('a copy', () => {
  it('lies beside its original, and goes on in the steps in which the first was moved', () => {
    bar(100, 100);
    hands.duplicate();
    expect(places()).toEqual([
      [100, 100],
      [124, 124],
    ]);
    hands.move(56, -24);
    hands.duplicate();
    hands.duplicate();
    expect(places().slice(1)).toEqual([
      [180, 100],
      [260, 100],
      [340, 100],
    ]);
  });

  it('of something else begins anew', () => {
    bar(100, 100);
    hands.duplicate();
    hands.move(56, -24);
    bar(500, 500);
    hands.duplicate();
    expect(places().at(-1)).toEqual([524, 524]);
  });
});

it('where the screen is full, the sheet has room, and where that is full too, there is room under everything', () => {
  const seen: unknown[] = [];
  const near = new Hands({
    board: host.board,
    page: host.page,
    view: { scene: host.scene, visible: { minX: 0, minY: 0, maxX: 400, maxY: 300 } },
    cameras: { reveal: (box) => seen.push(box) },
    selection: new Set(),
    now: () => 0,
    attempt: (run) => run(),
  });
  const put = (w: number, h: number): void => {
    bar(0, 0);
    host.board.setFields([...host.selection], { w, h });
  };
  put(400, 300);
  const beside = near.placeFor(200, 100);
  expect(beside.x > 500 || beside.y > 350).toBe(true);
  put(1600, 880);
  expect(near.placeFor(200, 100)).toEqual({ x: 200, y: 957 });
  expect(seen).toHaveLength(2);
});

it('a picture is as large as there is room for, and covers nothing', () => {
  expect(hands.pictureBox(3200, 900)).toMatchObject({ w: 720, x: 440 });
  bar(0, 0);
  host.board.setFields([...host.selection], { w: 1600, h: 560 });
  host.selection = new Set();
  const beside = hands.pictureBox(1600, 900);
  expect(beside.w).toBeLessThan(720);
  expect(beside.y).toBeGreaterThan(560);
  expect(hands.pictureBox(1600, 900, { x: 400, y: 300 })).toMatchObject({ w: 720, x: 40 });
});

describe('lines with the keyboard alone', () => {
  it('of a line by itself the end moves; of several things all sides do', () => {
    const fields = { x: 100, y: 100, dx: 160, dy: 0, colour: 'black', size: 4 } as const;
    const id = host.board.addThing({ type: 'line', page: host.page, fields, nowMs: 0 });
    host.selection = new Set([id]);
    hands.grow(20, 40);
    expect(host.board.shape(id)).toMatchObject({ x: 100, y: 100, dx: 180, dy: 40 });
  });

  it('an arrow goes from one thing to the other, and follows both', () => {
    bar(0, 0);
    const [from] = [...host.selection];
    bar(400, 300);
    const [to] = [...host.selection];
    const [first, second] = [from, to].map((id) => (id ? host.board.shape(id) : null));
    if (first?.type !== 'geo' || second?.type !== 'geo') throw new Error('no shapes');
    host.form = 'arrow';
    new ShapeTool(host).join(first, second);
    const arrow = host.board.shapes(host.page).find(({ type }) => type === 'arrow');
    expect(arrow).toMatchObject({ start: from, end: to, x: 40, y: 20, dx: 400, dy: 300 });
  });
});

it('a note that is put down on a phone, where a whole page is small, can be read there', () => {
  const put = (zoom: number): number => {
    host.camera = { x: 0, y: 0, zoom };
    return new NoteTool(host).placed.w * zoom;
  };
  expect(put(1)).toBe(200);
  expect(put(0.54)).toBe(108);
  expect(put(0.23)).toBeCloseTo(90);
});

it('the key of the eraser turns it round, like its button', () => {
  vi.stubGlobal('HTMLElement', class {});
  const tool = { value: 'pen' as ToolName };
  const target = {
    tool,
    choose: (name: ToolName) => {
      tool.value = name;
    },
    isWritable: { value: true },
    toolKey: () => false,
    selection: new Set(),
  } as unknown as KeyTarget;
  const press = (key: string): string => {
    handleBoardKey(target, { type: 'keydown', key, target: null, preventDefault: () => undefined } as never);
    return tool.value;
  };
  expect(['e', 'e', 'e', 'p', 'p'].map(press)).toEqual(['eraser', 'rubber', 'eraser', 'pen', 'pen']);
  setLetterKeys(false);
  expect(['e', 'h'].map(press)).toEqual(['pen', 'pen']);
  setLetterKeys(true);
  expect(press('h')).toBe('highlighter');
});
