import { beforeEach, expect, test } from 'vitest';
import type { ShapeId } from '../../core/ids';
import { isLine, isStroke, type Shape } from '../../core/shape';
import { Hands } from '../hands';
import { OpenJsonError, readOpen } from '../openJson';
import { LassoTool } from './lasso';
import { NoteTool } from './note';
import { RubberTool } from './rubber';
import { SelectTool } from './select';
import { ShapeTool } from './shape';
import { at, TestHost } from './testHost';

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

const only = (): Shape => {
  const [shape] = host.board.shapes(host.page);
  if (!shape) {
    throw new Error('nothing on the page');
  }
  return shape;
};

function pull(
  tool: { down: SelectTool['down']; move: SelectTool['move']; up: SelectTool['up'] },
  ...way: [number, number][]
) {
  const [first, ...rest] = way.map(([x, y]) => at(x, y));
  const last = rest.at(-1);
  if (!first || !last) {
    throw new Error('no way');
  }
  tool.down(first);
  tool.move(rest);
  tool.up(last);
}

function box(x: number, y: number, form: TestHost['form'] = 'rectangle', side = 100): ShapeId {
  host.form = form;
  pull(new ShapeTool(host), [x, y], [x + side, y + side]);
  const id = [...host.selection][0];
  if (!id) {
    throw new Error('nothing was made');
  }
  return id;
}

function choose(...ids: ShapeId[]): void {
  host.selection = new Set(ids);
}

test('a shape is pulled open from any corner, a click puts one down whole', () => {
  pull(new ShapeTool(host), [200, 150], [100, 100]);
  expect(only()).toMatchObject({ type: 'geo', form: 'rectangle', x: 100, y: 100, w: 100, h: 50, colour: 'blue' });
  expect([...host.selection]).toEqual([only().id]);
  host.board.undo();
  const tool = new ShapeTool(host);
  tool.down(at(400, 300));
  tool.up(at(401, 300));
  expect(only()).toMatchObject({ x: 320, y: 240, w: 160, h: 120 });
});

test('Shift keeps a shape as wide as high and a line on steps of 15°', () => {
  host.form = 'ellipse';
  const tool = new ShapeTool(host);
  tool.down(at(0, 0));
  tool.up(at(100, -40, { isShift: true }));
  expect(only()).toMatchObject({ x: 0, y: -100, w: 100, h: 100 });
  host.board.undo();
  host.form = 'line';
  tool.down(at(0, 0));
  tool.up(at(100, 4, { isShift: true }));
  expect(only()).toMatchObject({ type: 'line', head: 'none' });
  const line = only();
  expect(isLine(line) && line.dy).toBeCloseTo(0, 9);
});

test('an arrow from shape to shape is bound to both and goes along, also while it is dragged', () => {
  const one = box(0, 0);
  const two = box(400, 0);
  host.form = 'arrow';
  pull(new ShapeTool(host), [50, 50], [450, 50]);
  const arrow = [...host.selection][0] as ShapeId;
  expect(host.board.shape(arrow)).toMatchObject({ start: one, end: two });
  host.selection = new Set([two]);
  const select = new SelectTool(host);
  select.down(at(400, 70));
  select.move([at(400, 370)]);
  expect([...host.lifted]).toEqual([two, arrow]);
  expect(select.sketches().length).toBe(3);
  select.up(at(400, 370));
  const shape = host.board.shape(arrow);
  expect(shape && isLine(shape) && shape.ends.y2).toBeGreaterThan(250);
});

test('an arrow that is pulled away lets go', () => {
  box(0, 0);
  host.form = 'arrow';
  pull(new ShapeTool(host), [50, 50], [450, 50]);
  const arrow = [...host.selection][0] as ShapeId;
  pull(new SelectTool(host), [300, 50], [300, 250]);
  expect(host.board.shape(arrow)).toMatchObject({ start: '', end: '' });
  const shape = host.board.shape(arrow);
  expect(shape && isLine(shape) && [shape.ends.y1, shape.ends.y2]).toEqual([250, 250]);
});

test('the end of an arrow is bound by dragging its handle onto a shape', () => {
  host.form = 'arrow';
  pull(new ShapeTool(host), [0, 300], [200, 300]);
  const arrow = [...host.selection][0] as ShapeId;
  const two = box(400, 250);
  host.selection = new Set([arrow]);
  pull(new SelectTool(host), [200, 300], [450, 300]);
  expect(host.board.shape(arrow)).toMatchObject({ start: '', end: two });
});

test('a corner resizes about the other corner, the knob turns about the middle', () => {
  const id = box(100, 100);
  const { boxOf } = { boxOf: () => host.scene.boxOf(id) };
  const own = boxOf();
  if (!own) {
    throw new Error('no box');
  }
  pull(new SelectTool(host), [own.maxX, own.maxY], [own.maxX + 100, own.maxY + 50]);
  const wide = host.board.shape(id);
  expect(wide?.type === 'geo' && wide.w > 190 && wide.h > 140).toBe(true);
  expect(host.scene.boxOf(id)?.minX).toBeCloseTo(own.minX, 0);
  const now = host.scene.boxOf(id);
  if (!now) {
    throw new Error('no box');
  }
  const middle = { x: (now.minX + now.maxX) / 2, y: (now.minY + now.maxY) / 2 };
  pull(new SelectTool(host), [middle.x, now.minY - 26], [middle.x + 300, middle.y]);
  expect(host.board.shape(id)?.rotation).toBeCloseTo(Math.PI / 2, 6);
  host.board.undo();
  host.board.undo();
  expect(host.board.shape(id)).toMatchObject({ x: 100, y: 100, w: 100, h: 100, rotation: 0 });
});

test('what is locked stays: it is not dragged, erased, cut or caught', () => {
  const id = box(0, 0);
  choose(id);
  hands.lock(true);
  pull(new SelectTool(host), [0, 50], [200, 50]);
  expect(host.board.shape(id)).toMatchObject({ x: 0, locked: true });
  choose(id);
  hands.remove();
  hands.move(5, 5);
  expect(host.board.shape(id)).toMatchObject({ x: 0, erased: false });
  hands.lock(false);
  hands.move(5, 5);
  expect(host.board.shape(id)).toMatchObject({ x: 5, locked: false });
});

test('a group is chosen, moved and copied together; copies are a group of their own', () => {
  const [one, two] = [box(0, 0), box(300, 0)];
  choose(one, two);
  hands.group();
  const select = new SelectTool(host);
  host.selection = new Set();
  select.down(at(0, 50));
  select.up(at(0, 50));
  expect([...host.selection].sort()).toEqual([one, two].sort());
  choose(one, two);
  hands.duplicate();
  const groups = new Set(host.board.shapes(host.page).map((shape) => shape.group));
  expect(groups.size).toBe(2);
  host.board.undo();
  expect(host.board.shapes(host.page).length).toBe(2);
});

test('levels: to the front, to the back, and past one neighbour', () => {
  const [a, b, c] = [box(0, 0), box(10, 10), box(20, 20)];
  const order = () => host.board.shapes(host.page).map(({ id }) => id);
  choose(a);
  hands.level('forward');
  expect(order()).toEqual([b, a, c]);
  hands.level('front');
  expect(order()).toEqual([b, c, a]);
  hands.level('backward');
  expect(order()).toEqual([b, a, c]);
  choose(c);
  hands.level('back');
  expect(order()).toEqual([c, b, a]);
  host.board.undo();
  expect(order()).toEqual([b, a, c]);
});

test('edges are lined up and gaps made equal', () => {
  const ids = [box(0, 0), box(130, 40), box(600, 90)];
  choose(...ids);
  hands.align('top');
  hands.spread(true);
  const shapes = ids.map((id) => host.board.shape(id));
  expect(shapes.map((shape) => shape?.y)).toEqual([0, 0, 0]);
  expect(shapes.map((shape) => shape?.x)).toEqual([0, 300, 600]);
});

test('what is copied is open JSON that another board can take, with its bonds; hostile files are sentences', () => {
  const [one, two] = [box(0, 0), box(300, 0, 'star')];
  host.form = 'arrow';
  pull(new ShapeTool(host), [50, 50], [350, 60]);
  const stroke = host.draw(0, 400);
  const arrow = host.board.shapes(host.page).find(isLine);
  choose(one, two, stroke, ...(arrow ? [arrow.id] : []));
  const text = hands.copy();
  const before = host.board.shapes(host.page).length;
  hands.paste(text);
  const pasted = host.board.shapes(host.page).slice(before);
  expect(pasted.map(({ type }) => type)).toEqual(['geo', 'geo', 'arrow', 'draw']);
  const copy = pasted.find(isLine);
  expect(copy?.start).toBe(pasted[0]?.id);
  expect(copy?.end).toBe(pasted[1]?.id);
  for (const wrong of ['', '{', '[]', '{"format":"chalkmesh-board"}', '{"format":"x","version":1,"pages":[]}']) {
    expect(() => readOpen(wrong)).toThrow(OpenJsonError);
  }
  const hostile = text.replaceAll('"geo"', '"__proto__"').replaceAll('"ink":"', '"ink":"!!');
  expect(readOpen(hostile).flatMap((page) => page.shapes.map(({ type }) => type))).toEqual(['arrow']);
  expect(
    readOpen('{"format":"chalkmesh-board","version":1,"pages":[{"shapes":[{"__proto__":{"type":"geo"}},7]}]}'),
  ).toEqual([{ title: '', background: 'plain', shapes: [] }]);
});

test('a note is put down where the click was, and opened', () => {
  new NoteTool(host).up(at(400, 300));
  expect(only()).toMatchObject({ type: 'note', x: 300, y: 200, w: 200, h: 200 });
  expect(host.opened[0]?.id).toBe(only().id);
});

test('a lasso catches what lies wholly inside it', () => {
  const inside = host.draw(100, 100);
  host.draw(100, 400);
  pull(new LassoTool(host), [0, 0], [300, 0], [300, 200], [0, 200], [0, 5]);
  expect([...host.selection]).toEqual([inside]);
  expect(host.chosen).toBe('select');
});

test('the rubber cuts a stroke in two in the middle, one step of undo, and leaves the rest in its place in the order', () => {
  const id = host.draw(0, 100, 400);
  const above = host.draw(0, 300);
  const rubber = new RubberTool(host);
  rubber.down(at(200, 50));
  rubber.move([at(200, 150)]);
  expect([...host.lifted]).toEqual([id]);
  expect(rubber.sketches().length).toBe(3);
  rubber.up(at(200, 150));
  const left = host.board.shapes(host.page);
  expect(left.map((shape) => shape.id).at(-1)).toBe(above);
  expect(left.length).toBe(3);
  const [one, two] = left.filter(isStroke).toSorted((a, b) => a.x - b.x || a.w - b.w);
  expect(one && two && [left[0]?.colour, left[1]?.colour]).toEqual(['red', 'red']);
  const ends = left.slice(0, 2).map((shape) => (isStroke(shape) ? [shape.x, shape.x + shape.w] : []));
  expect(ends.flat().every((x) => x <= 192 || x >= 208)).toBe(true);
  host.board.undo();
  expect(host.ids()).toEqual([id, above]);
  host.board.redo();
  expect(host.board.shapes(host.page).length).toBe(3);
});

test('a rubber that is taken away, or touches nothing, leaves no trace', () => {
  const id = host.draw(0, 100);
  const rubber = new RubberTool(host);
  rubber.down(at(50, 100));
  rubber.cancel();
  expect(host.lifted.size).toBe(0);
  rubber.down(at(500, 500));
  rubber.up(at(510, 500));
  expect(host.ids()).toEqual([id]);
});
