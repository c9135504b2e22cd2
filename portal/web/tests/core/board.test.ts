import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { Board, type BoardChange } from '../../src/core/board';
import { Chat } from '../../src/core/chat';
import { NotWritable } from '../../src/core/errors';
import { MAIN_PAGE, type SessionId, type ShapeId, shapeAuthor } from '../../src/core/ids';
import { Stage } from '../../src/core/stage';
import { diffText } from '../../src/core/text';

const A = 'aaaaaaaaaaaaaaaa' as SessionId;
const B = 'bbbbbbbbbbbbbbbb' as SessionId;
const points = (n: number) => Array.from({ length: n }, (_, i) => ({ x: i, y: i, pressure: 100, t: i * 10 }));
const stroke = (n = 3) =>
  ({ page: MAIN_PAGE, points: points(n), kind: 'draw', colour: 'red', size: 4, nowMs: 1 }) as const;

/** Two boards whose documents hear each other at once. */
function pair(): { a: Board; b: Board; docA: Y.Doc; docB: Y.Doc } {
  const [docA, docB] = [new Y.Doc(), new Y.Doc()];
  const [a, b] = [new Board(docA), new Board(docB)];
  docA.on('update', (update, origin) => origin !== 'sync' && Y.applyUpdate(docB, update, 'sync'));
  docB.on('update', (update, origin) => origin !== 'sync' && Y.applyUpdate(docA, update, 'sync'));
  a.setAuthor(A);
  b.setAuthor(B);
  return { a, b, docA, docB };
}

describe('board', () => {
  test('numbers shapes by session, keeps a reserved number, splits long strokes', () => {
    const { a, b } = pair();
    const n = a.nextShapeNumber();
    expect(a.addStroke(stroke())).toEqual([`${A}-2`]);
    expect(a.addStroke({ ...stroke(600), atN: n })).toEqual([`${A}-1`, `${A}-3`, `${A}-4`]);
    expect(b.shapes(MAIN_PAGE).map(({ id }) => id)).toEqual([`${A}-2`, `${A}-1`, `${A}-3`, `${A}-4`]);
    expect(b.shape(`${A}-2` as ShapeId)).toMatchObject({ author: A, type: 'draw', w: 2, colour: 'red', createdMs: 1 });
  });

  test('tells which shapes changed, and whether it was us', () => {
    const { a, b } = pair();
    const heard: BoardChange[] = [];
    const here: BoardChange[] = [];
    b.onChange((change) => heard.push(change));
    a.onChange((change) => here.push(change));
    const [id] = a.addStroke(stroke());
    if (id === undefined) throw new Error('no stroke');
    a.move([id], 3, 0);
    expect(heard.map(({ shapes, local }) => [[...shapes], local])).toEqual([
      [[id], false],
      [[id], false],
    ]);
    expect(here[0]?.local).toBe(true);
    expect(b.shape(id)).toMatchObject({ x: 3, y: 0 });
  });

  test('a move and a recolour made at once both survive', () => {
    const { a, docA } = pair();
    const [id] = a.addStroke(stroke());
    if (id === undefined) throw new Error('no stroke');
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(docA));
    const away = new Board(other);
    away.setAuthor(B);
    away.setFields([id], { colour: 'green' });
    a.move([id], 5, 0);
    Y.applyUpdate(docA, Y.encodeStateAsUpdate(other));
    expect(a.shape(id)).toMatchObject({ x: 5, colour: 'green' });
  });

  test('undo takes back own work only, where nobody changed it since', () => {
    const { a, b } = pair();
    const [mine] = a.addStroke(stroke());
    const [theirs] = b.addStroke(stroke());
    if (!mine || !theirs) throw new Error('no stroke');
    a.move([mine], 10, 0);
    b.move([mine], 5, 0);
    expect(a.undo()).toBe(true); // the move is another's now, so the stroke itself goes
    expect(a.shape(mine)).toMatchObject({ x: 15, erased: true });
    expect(a.shape(theirs)).toMatchObject({ erased: false });
    expect(a.canUndo).toBe(false);
    expect(a.redo()).toBe(true);
    expect(b.shapes(MAIN_PAGE)).toHaveLength(2);
    expect(b.shape(mine)?.author).toBe(A);
  });

  test('a drag of the eraser is one step; a new step clears redo', () => {
    const { a } = pair();
    const ids = [1, 2, 3].flatMap(() => a.addStroke(stroke()));
    const close = a.openStep();
    for (const id of ids) a.erase([id]);
    close();
    expect(a.shapes(MAIN_PAGE)).toHaveLength(0);
    a.undo();
    expect(a.shapes(MAIN_PAGE)).toHaveLength(3);
    expect(a.canRedo).toBe(true);
    a.addStroke(stroke());
    expect(a.canRedo).toBe(false);
  });

  test('text is edited by the smallest splice, and undone', () => {
    const { a, b } = pair();
    const id = a.addText({ page: MAIN_PAGE, x: 1, y: 2, text: 'a😀c', colour: 'black', size: 24, nowMs: 1 });
    b.editText(id, 'a😁c');
    expect(a.shape(id)).toMatchObject({ type: 'text', text: 'a😁c' });
    b.undo();
    expect(a.shape(id)).toMatchObject({ text: 'a😀c' });
    expect(diffText('a😀c', 'a😁c')).toEqual({ at: 1, remove: 2, insert: '😁' });
    expect(diffText('', 'x')).toEqual({ at: 0, remove: 0, insert: 'x' });
    expect(diffText('aaa', 'aa')).toEqual({ at: 2, remove: 1, insert: '' });
  });

  test('pages have an order, and main is always there', () => {
    const { a, b } = pair();
    const last = a.addPage({ title: 'Two' });
    const middle = b.addPage({ title: 'Between', after: MAIN_PAGE, background: 'grid' });
    expect(a.pages().map(({ id }) => id)).toEqual([MAIN_PAGE, middle, last]);
    a.setPage(MAIN_PAGE, { title: 'One' });
    a.erasePage(middle);
    a.erasePage(MAIN_PAGE);
    expect(b.pages().map(({ title }) => title)).toEqual(['One', 'Two']);
  });

  test('hostile content is drawn as nothing and breaks nothing', () => {
    const { a, docA } = pair();
    const shapes = docA.getMap('shapes');
    const put = (id: string, fields: Record<string, unknown>): unknown =>
      shapes.set(id, new Y.Map(Object.entries(fields)));
    const good = {
      type: 'draw',
      page: 'main',
      index: 'a1',
      x: 0,
      y: 0,
      size: 4,
      colour: 'red',
      ink: new Uint8Array([9]),
    };
    put(`${B}-1`, good);
    put(`${B}-2`, { ...good, x: Number.NaN });
    put(`${B}-3`, { ...good, type: 'text', text: 5 });
    put(`${B}-4`, { ...good, type: 'text', text: 'plain', size: -1, colour: 'ultraviolet' });
    put('no-author', { ...good, type: 'text', text: 'x' });
    shapes.set(`${B}-5`, 'not a map');
    docA.getMap('pages').set('p', 7);
    expect(a.shapes(MAIN_PAGE).map(({ id, size, colour }) => [id, size, colour])).toEqual([[`${B}-4`, 24, 'black']]);
    put(`${B}-6`, { ...good, type: 'text', text: 'top', index: `z${'z'.repeat(300)}` });
    put(`${B}-7`, { ...good, type: 'text', text: 'top', index: 'not a key' });
    const [id] = a.addStroke(stroke());
    expect(a.shape(id as ShapeId)?.index).toBe('a2');
    expect(a.pages()).toHaveLength(1);
  });

  test('new ink goes on top of the highest key that is one, whatever came before it', () => {
    const { a, docA } = pair();
    const put = (n: number, index: string, page: string = MAIN_PAGE): unknown =>
      docA
        .getMap('shapes')
        .set(
          `${B}-${n}`,
          new Y.Map(Object.entries({ type: 'text', page, index, x: 0, y: 0, size: 4, colour: 'red', text: 'x' })),
        );
    for (const [i, index] of ['a3', 'zz ', 'a1', 'b00', 'no key', 'a9'].entries()) put(i + 1, index);
    put(9, 'c000', 'other');
    const indexes = [a.addStroke(stroke()), a.addStroke(stroke())].map(([id]) => a.shape(id as ShapeId)?.index);
    expect(indexes).toEqual(['b01', 'b02']);
    put(10, 'b00V');
    put(11, 'b0A');
    const [id] = a.addStroke(stroke());
    expect(a.shape(id as ShapeId)?.index).toBe('b0B');
  });

  test('the author is in the id, whoever was read before, and in no other name', () => {
    const authors = [
      `${A}-1`,
      `${A}-1z`,
      `${B}-1`,
      `${A}-01`,
      `${A}-`,
      `${A}-1A`,
      `${A}-${'1'.repeat(11)}`,
      `${A}_1`,
      '',
    ];
    expect(authors.map(shapeAuthor)).toEqual([A, A, B, null, null, null, null, null, null]);
  });

  test('without a session it is read-only', () => {
    const board = new Board(new Y.Doc());
    expect(board.writable).toBe(false);
    expect(() => board.addStroke(stroke())).toThrow(NotWritable);
    expect(() => board.addPage()).toThrow(NotWritable);
  });
});

test('chat keeps the order of talk on any clock', () => {
  const doc = new Y.Doc();
  const [a, b] = [new Chat(doc), new Chat(doc)];
  a.setAuthor(A);
  b.setAuthor(B);
  a.post('from the future', 9_000);
  b.post('answer', 5_000);
  doc.getMap('messages').set('nobody', { text: 'x', at: 1 });
  doc.getMap('messages').set(`${B}-9`, { text: 'x', at: 'now' });
  expect(b.messages().map(({ text, author, at }) => [text, author, at])).toEqual([
    ['from the future', A, 9_000],
    ['answer', B, 9_001],
  ]);
});

test('stage reads tolerantly and is written by staff only', () => {
  const doc = new Y.Doc();
  const stage = new Stage(doc);
  expect(() => stage.set({ state: 'live' })).toThrow(NotWritable);
  stage.writable = true;
  stage.set({ state: 'live', startedMs: 5 });
  expect([stage.state, stage.page, stage.startedMs]).toEqual(['live', MAIN_PAGE, 5]);
  doc.getMap('stage').set('state', 'party');
  expect(stage.state).toBe('waiting');
});
