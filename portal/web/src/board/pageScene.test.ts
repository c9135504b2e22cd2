import { beforeEach, describe, expect, test } from 'vitest';
import { Doc, Map as YMap } from 'yjs';
import { Board } from '../core/board';
import { MAIN_PAGE, type SessionId, type ShapeId } from '../core/ids';
import { encodeInk, type InkPoint } from '../core/ink';
import { PageScene, type SceneChange } from './pageScene';
import { roughMeasure } from './scene';
import { stubCanvas } from './testCanvas';

const ALICE = '00000000000000a1' as SessionId;

function line(x: number): InkPoint[] {
  return [0, 10, 20, 30].map((step) => ({ x: x + step, y: 50, pressure: null, t: null }));
}

describe('a page on the screen', () => {
  let doc: Doc;
  let board: Board;
  let scene: PageScene;
  let changes: SceneChange[];

  const draw = (x: number): ShapeId => {
    const [id] = board.addStroke({ page: MAIN_PAGE, points: line(x), kind: 'draw', colour: 'red', size: 4, nowMs: 0 });
    if (!id) {
      throw new Error('no stroke');
    }
    return id;
  };

  beforeEach(() => {
    stubCanvas();
    doc = new Doc();
    board = new Board(doc);
    board.setAuthor(ALICE);
    scene = new PageScene(roughMeasure);
    scene.open(board, MAIN_PAGE);
    changes = [];
    board.onChange((change) => changes.push(...scene.update(change.shapes)));
  });

  test('a new stroke is painted on top', () => {
    const id = draw(0);
    expect(changes).toEqual([{ kind: 'append', id, box: expect.objectContaining({ id }) }]);
  });

  test('a stroke that comes late and belongs under another repaints its box', () => {
    const top = draw(0);
    board.setFields([top], { index: 'zz' });
    changes.length = 0;
    const { blob, x, y } = encodeInk(line(5));
    const fields = { type: 'draw', page: 'main', index: 'a0', x, y, size: 4, ink: blob };
    doc.getMap('shapes').set('00000000000000b2-1', new YMap(Object.entries(fields)));
    expect(changes.map(({ kind }) => kind)).toEqual(['repaint']);
  });

  test('erasing repaints, undo paints again', () => {
    const id = draw(0);
    changes.length = 0;
    board.erase([id]);
    expect(changes.map(({ kind }) => kind)).toEqual(['repaint']);
    expect(scene.boxOf(id)).toBeNull();
    changes.length = 0;
    board.undo();
    expect(changes.map(({ kind }) => kind)).toEqual(['append']);
  });

  test('moving repaints where it was and where it is', () => {
    const id = draw(0);
    changes.length = 0;
    board.move([id], 500, 0);
    const [change] = changes;
    expect(change?.kind).toBe('repaint');
    expect(change?.box.minX).toBeLessThan(10);
    expect(change?.box.maxX).toBeGreaterThan(500);
  });

  test('strokes of other pages are not on this one', () => {
    const page = board.addPage({});
    board.addStroke({ page, points: line(0), kind: 'draw', colour: 'red', size: 4, nowMs: 0 });
    expect(changes).toEqual([]);
  });

  test('ink that cannot be read, or that claims to be vast, is drawn as nothing and harms nothing', () => {
    const good = encodeInk(line(0)).blob;
    const torn = good.slice(0, good.length - 2);
    const vast = new Uint8Array([1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0]);
    for (const [n, ink] of [torn, vast].entries()) {
      const record = new YMap<unknown>(
        Object.entries({ type: 'draw', page: 'main', index: 'a0', x: 0, y: 0, size: 4, ink }),
      );
      doc.getMap('shapes').set(`00000000000000b${n}-1`, record);
    }
    expect(scene.item('00000000000000b0-1' as ShapeId)).toBeNull();
    expect(scene.boxOf('00000000000000b1-1' as ShapeId)).toBeNull();
    scene.paintShape({} as CanvasRenderingContext2D, '00000000000000b0-1' as ShapeId, 1);
    expect(() => scene.open(board, MAIN_PAGE)).not.toThrow();
  });

  test('fading and lifting repaint exactly the shapes whose look changes', () => {
    const [a, b] = [draw(0), draw(200)];
    expect(scene.setFaded(new Set([a])).length).toBe(1);
    expect(scene.setFaded(new Set([a, b])).length).toBe(1);
    expect(scene.setFaded(new Set()).length).toBe(2);
    expect(scene.setLifted(new Set([b])).length).toBe(1);
  });
});
