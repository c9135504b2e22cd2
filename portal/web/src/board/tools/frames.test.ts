import { beforeEach, expect, test } from 'vitest';
import type { ShapeId } from '../../core/ids';
import { PenTool } from './pen';
import { SelectTool } from './select';
import { at, TestHost } from './testHost';

let host: TestHost;
let select: SelectTool;

beforeEach(() => {
  host = new TestHost();
  select = new SelectTool(host);
});

function add(type: 'geo' | 'frame', x: number, y: number, w: number, h: number, more = {}): ShapeId {
  const fields = { x, y, w, h, colour: 'blue', size: 4, form: 'rectangle', ...more };
  return host.board.addThing({ type, page: host.page, fields, nowMs: 1 });
}

function pull(from: [number, number], to: [number, number], how = {}): void {
  select.down(at(...from));
  select.move([at(...to, how)]);
  select.up(at(...to, how));
}

const place = (id: ShapeId): [number, number] | null => {
  const shape = host.board.shape(id);
  return shape ? [shape.x, shape.y] : null;
};

test('a frame takes along what lies wholly inside it, as one step of undo', () => {
  const frame = add('frame', 0, 0, 400, 300, { text: 'Task' });
  const inside = add('geo', 50, 50, 40, 40);
  const across = add('geo', 380, 50, 80, 40);
  const locked = add('geo', 200, 200, 40, 40);
  host.board.setFields([locked], { locked: true });
  pull([0, 150], [33, 957]);
  expect([frame, inside, across, locked].map(place)).toEqual([
    [33, 807],
    [83, 857],
    [380, 50],
    [200, 200],
  ]);
  host.board.undo();
  expect([frame, inside].map(place)).toEqual([
    [0, 0],
    [50, 50],
  ]);
});

test('a frame that is made larger leaves what lies in it where it is', () => {
  const frame = add('frame', 0, 0, 400, 300);
  const inside = add('geo', 50, 50, 40, 40);
  host.selection = new Set([frame]);
  pull([400, 300], [500, 450]);
  expect(host.board.shape(frame)).toMatchObject({ w: 500, h: 450 });
  expect(place(inside)).toEqual([50, 50]);
});

test('things come into line with each other, but not with the key that says otherwise, nor when it is turned off', () => {
  add('geo', 100, 0, 100, 50);
  const moved = add('geo', 400, 300, 100, 50);
  pull([400, 325], [103, 325]);
  expect(place(moved)).toEqual([100, 300]);
  pull([100, 325], [103, 325], { isFree: true });
  pull([100, 325], [104, 325], { isFree: true });
  expect(place(moved)).toEqual([104, 300]);
  host.snaps.value = false;
  pull([104, 325], [111, 325]);
  expect(place(moved)).toEqual([111, 300]);
});

test('on ruled paper things come to lie on its lines', () => {
  host.board.setPage(host.page, { background: 'grid' });
  const moved = add('geo', 400, 300, 100, 50);
  pull([400, 325], [518, 343]);
  expect(place(moved)).toEqual([520, 320]);
});

test('ink beside a guide goes along it, and is ink like any other', () => {
  host.guides.along = () => (to) => ({ x: to.x, y: 200 });
  const pen = new PenTool(host, 'pen');
  pen.down(at(10, 205));
  pen.move([at(50, 190), at(90, 260)]);
  pen.up(at(120, 100));
  const [stroke] = host.board.shapes(host.page);
  expect(stroke).toMatchObject({ type: 'draw', x: 10, y: 200, w: 110, h: 0 });
});
