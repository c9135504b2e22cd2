import { expect, test } from 'vitest';
import { Doc } from 'yjs';
import { sceneItem } from '../../src/board/scene';
import { withEnds } from '../../src/core/arrows';
import { Board } from '../../src/core/board';
import { ExpressionError, parseExpression } from '../../src/core/expression';
import { MAIN_PAGE, type SessionId, type ShapeId } from '../../src/core/ids';
import { DASHES, FILLS, HEADS, isLine, PLOT_FORMS, readFields, type Shape, THINGS } from '../../src/core/shape';
import { hex, vectors } from './vectors';

type Fields = Readonly<Record<string, unknown>>;
type Letters = [number, number, number, number, string, boolean, [string, number, number][]];

interface ReadCase {
  readonly name: string;
  readonly fields: Fields;
  readonly shape: Fields | null;
  readonly scene: {
    readonly box: readonly number[];
    readonly paths?: readonly [string, number[][], string, number, number, number[]][];
    readonly label?: Letters | null;
  } | null;
}

interface BoundCase {
  readonly name: string;
  readonly shapes: Readonly<Record<string, Fields>>;
  readonly arrow: Fields;
  readonly ends: readonly number[];
}

interface ExpressionCase {
  readonly text: string;
  readonly error?: string;
  readonly at?: readonly number[];
  readonly values?: readonly (number | null)[];
}

const { read, bound, expressions } = vectors<{
  read: ReadCase[];
  bound: BoundCase[];
  expressions: ExpressionCase[];
}>('things');
const AUTHOR = '0123456789abcdef' as SessionId;

function fieldsOf(fields: Fields): Map<string, unknown> {
  const isBytes = (value: unknown): value is { hex: string } => typeof value === 'object' && value !== null;
  return new Map(Object.entries(fields).map(([name, value]) => [name, isBytes(value) ? hex(value.hex) : value]));
}

const measure = (line: string, size: number, bold = false): number => line.length * size * (bold ? 0.6 : 0.54);

function close(found: readonly number[], wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 6);
}

test('the words of the spec are those of the types', () => {
  expect([FILLS, DASHES, HEADS]).toEqual([THINGS.fills, THINGS.dashes, THINGS.heads]);
  expect(PLOT_FORMS).toEqual(THINGS.plot.forms);
});

test.each(read.map((each) => [each.name, each] as const))('%s is read and painted as in Python', (_, each) => {
  const shape = readFields(`${AUTHOR}-1` as ShapeId, fieldsOf(each.fields));
  if (each.shape === null || shape === null) {
    expect(shape).toBe(each.shape);
    return;
  }
  for (const [name, value] of Object.entries(each.shape)) {
    expect([name, (shape as unknown as Fields)[name]]).toEqual([name, value]);
  }
  const item = sceneItem(shape, measure);
  if (each.scene === null || item === null) {
    expect(item).toBe(each.scene);
    return;
  }
  if (item.kind !== 'stroke') {
    close([item.box.minX, item.box.minY, item.box.maxX, item.box.maxY], each.scene.box);
  }
  const label = item.kind === 'figure' ? item.label : item.kind === 'text' ? item : null;
  if (label) {
    const [x, y, rotation, size, colour, bold, lines] = each.scene.label as Letters;
    close([label.x, label.y, label.rotation, label.size], [x, y, rotation, size]);
    expect([label.colour, label.bold]).toEqual([colour, bold]);
    expect(label.lines.map((line) => line.text)).toEqual(lines.map(([text]) => text));
    close(
      label.lines.flatMap((line) => [line.x, line.baseline]),
      lines.flatMap(([, left, baseline]) => [left, baseline]),
    );
  } else {
    expect(each.scene.label ?? null).toBeNull();
  }
  const paths = item.kind === 'figure' ? item.paths : [];
  expect(paths.length).toBe(each.scene.paths?.length ?? 0);
  for (const [i, path] of paths.entries()) {
    const [verbs, points, colour, fill, width, dash] = each.scene.paths?.[i] ?? ['', [], '', 0, 0, []];
    expect([path.verbs, path.colour, path.fill, path.width]).toEqual([verbs, colour, fill, width]);
    close(path.dash, dash);
    close([...path.coords], points.flat());
  }
});

test.each(bound.map((each) => [each.name, each] as const))('%s: a bound arrow ends as in Python', (_, each) => {
  const shapes = new Map<string, Shape | null>();
  for (const [n, [key, fields]] of Object.entries(each.shapes).entries()) {
    shapes.set(key, readFields(`${AUTHOR}-${n + 1}` as ShapeId, fieldsOf(fields)));
  }
  const arrow = readFields(`${AUTHOR}-9` as ShapeId, fieldsOf(each.arrow));
  if (arrow === null) throw new Error('no arrow');
  const found = withEnds(arrow, (id) => shapes.get(id) ?? null);
  if (!isLine(found)) throw new Error('no line');
  close([found.ends.x1, found.ends.y1, found.ends.x2, found.ends.y2], each.ends);
});

test.each(expressions.map((each) => [each.text, each] as const))(
  'the function %s is what it is in Python',
  (_, each) => {
    if (each.error !== undefined) {
      const said = each.error;
      expect(() => parseExpression(each.text)).toThrow(
        expect.toSatisfy((error) => error instanceof ExpressionError && error.message === said),
      );
      return;
    }
    const expression = parseExpression(each.text);
    for (const [i, x] of (each.at ?? []).entries()) {
      const [found, wanted] = [expression.at(x), each.values?.[i] ?? Number.NaN];
      if (Number.isNaN(wanted)) expect(found).toBeNaN();
      else expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)));
    }
  },
);

const box = (x: number) => ({ x, y: 0, w: 100, h: 50, form: 'rectangle', colour: 'red', size: 4 });

function boardOf(doc: Doc): Board {
  const board = new Board(doc);
  board.setAuthor(AUTHOR);
  return board;
}

test('a bound arrow is a changed shape when what it is bound to moves, and after a reload', () => {
  const doc = new Doc();
  const board = boardOf(doc);
  const geo = (x: number) => board.addThing({ type: 'geo', page: MAIN_PAGE, nowMs: 1, fields: box(x) });
  const [one, two] = [geo(0), geo(300)];
  const fields = { x: 0, y: 0, dx: 9, dy: 9, start: one, end: two, colour: 'red', size: 4 };
  const arrow = board.addThing({ type: 'arrow', page: MAIN_PAGE, nowMs: 1, fields });
  const seen: string[][] = [];
  board.onChange(({ shapes }) => seen.push([...shapes]));
  board.move([two], 0, 400);
  expect(seen).toEqual([[two, arrow]]);
  const ends = (of: Board) => {
    const shape = of.shape(arrow);
    return shape && isLine(shape) ? shape.ends : null;
  };
  expect(ends(board)?.y2).toBeGreaterThan(350);
  expect(ends(new Board(doc))).toEqual(ends(board));
  board.erase([one, two]);
  expect(ends(board)).toEqual({ x1: 0, y1: 0, x2: 9, y2: 9 });
});

test('things made together get order keys of their own and are one step; absent fields come and go', () => {
  const board = boardOf(new Doc());
  const ids = board.together(() =>
    [0, 200, 400].map((x) => board.addThing({ type: 'geo', page: MAIN_PAGE, nowMs: 1, fields: box(x) })),
  );
  expect(board.shapes(MAIN_PAGE).map(({ id }) => id)).toEqual(ids);
  expect(new Set(board.shapes(MAIN_PAGE).map(({ index }) => index)).size).toBe(3);
  board.setFields(ids, { rotation: 1, locked: true });
  expect(board.shape(ids[0] as ShapeId)?.locked).toBe(true);
  board.undo();
  expect(board.shape(ids[0] as ShapeId)).toMatchObject({ locked: false, rotation: 0 });
  board.undo();
  expect(board.shapes(MAIN_PAGE)).toEqual([]);
});

test('a thing that nobody could draw is not made', () => {
  const board = boardOf(new Doc());
  const wrong = { ...box(0), w: 0 };
  expect(() => board.addThing({ type: 'geo', page: MAIN_PAGE, nowMs: 1, fields: wrong })).toThrow();
  expect(board.shapes(MAIN_PAGE)).toEqual([]);
});

const TYPES = ['draw', 'highlight', 'text', 'geo', 'line', 'arrow', 'note', 'image', 'math', 'plot', 'frame'];

test('whatever stands in the fields, a shape is painted within a finite box or left out', () => {
  let state = 12_345;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const numbers = [
    0,
    -0,
    1,
    50,
    1e-9,
    5e-324,
    1e5,
    1e6,
    -1e6,
    1e15,
    1.7e308,
    Number.NaN,
    Infinity,
    '5',
    true,
    null,
    undefined,
  ];
  const words = [
    '',
    'none',
    'soft',
    'solid',
    'dotted',
    'both',
    '__proto__',
    'constructor',
    `${AUTHOR}-1`,
    'x'.repeat(70),
    7,
  ];
  const texts = ['', 'a'.repeat(5000), '\n'.repeat(5000), 'word '.repeat(900), '\ud83d\ude00'.repeat(50), '\ud800', 4];
  const inks = [
    ...read.flatMap(({ fields }) => ('ink' in fields ? [fieldsOf(fields).get('ink')] : [])),
    new Uint8Array(3),
  ];
  const formulas = read.flatMap(({ fields }) => ('formula' in fields ? [fields.formula] : []));
  for (let round = 0; round < 1_000; round++) {
    const fields = new Map<string, unknown>([
      ['type', pick([...TYPES])],
      ['page', 'main'],
      ['form', pick([...Object.keys(THINGS.forms), 'axes', 'line', '__proto__', 'toString'])],
      ['formula', pick(formulas)],
      ['entries', pick(['x^2', '1/x\ntan(x)', '9^9^9^x', '1/3', ...words])],
      ['asset', pick(['ab'.repeat(32), ...words])],
      ['text', pick(texts)],
      ['ink', pick(inks)],
    ]);
    for (const name of ['x_from', 'y_from']) fields.set(name, random() < 0.6 ? -9 : pick(numbers));
    for (const name of ['x_to', 'y_to']) fields.set(name, random() < 0.6 ? 9 : pick(numbers));
    for (const name of ['x_step', 'y_step']) fields.set(name, pick(['1/3', '0.001', '99999', ...words]));
    for (const name of ['grid', 'reduced']) fields.set(name, random() < 0.5);
    for (const name of ['x', 'y', 'w', 'h', 'dx', 'dy']) fields.set(name, random() < 0.6 ? 50 : pick(numbers));
    for (const name of ['size', 'rotation', 'opacity', 'locked', 'bold']) fields.set(name, pick(numbers));
    for (const name of ['fill', 'dash', 'head', 'start', 'end', 'group', 'colour', 'caption'])
      fields.set(name, pick(words));
    const shape = readFields(`${AUTHOR}-2` as ShapeId, fields);
    const other = readFields(`${AUTHOR}-1` as ShapeId, new Map([...fields, ['type', 'geo']]));
    const item =
      shape &&
      sceneItem(
        withEnds(shape, () => other),
        measure,
      );
    if (item) expect(Object.values(item.box).every((edge) => Number.isFinite(edge))).toBe(true);
  }
});
