import { describe, expect, it } from 'vitest';
import { isExcalidraw, readExcalidraw } from './excalidraw';
import { OpenJsonError } from './openJson';

const HASH = 'ab'.repeat(32);
const keep = (): Promise<string> => Promise.resolve(HASH);
const BASE = { x: 100, y: 50, width: 200, height: 100, angle: 0, strokeColor: '#e03131', strokeWidth: 2, opacity: 100 };

const file = (elements: readonly object[], files: object = {}): string =>
  JSON.stringify({ type: 'excalidraw', version: 2, source: 'https://excalidraw.com', elements, appState: {}, files });

async function shapes(elements: readonly object[], files: object = {}) {
  const { pages, left } = await readExcalidraw(file(elements, files), keep);
  return { shapes: pages[0]?.shapes ?? [], left };
}

describe('an Excalidraw file', () => {
  it('is told by what it says it is', () => {
    expect(isExcalidraw(file([]))).toBe(true);
    expect(isExcalidraw('{"format": "chalkmesh-board", "note": "type excalidraw"}')).toBe(false);
  });

  it('becomes shapes of ours: forms with their letters, colours, groups, what is bound and what is locked', async () => {
    const { shapes: made, left } = await shapes([
      { ...BASE, type: 'rectangle', id: 'A', backgroundColor: '#ffc9c9', fillStyle: 'solid', groupIds: ['g'] },
      { ...BASE, type: 'text', id: 'T', containerId: 'A', text: 'one half', fontSize: 20 },
      { ...BASE, type: 'ellipse', id: 'B', x: 600, strokeColor: '#1971c2', strokeStyle: 'dashed', locked: true },
      {
        ...{
          ...BASE,
          type: 'arrow',
          id: 'C',
          points: [
            [0, 0],
            [300, 0],
          ],
          endArrowhead: 'arrow',
        },
        ...{ startBinding: { elementId: 'A' }, endBinding: { elementId: 'B' } },
      },
      { ...BASE, type: 'text', id: 'U', text: 'alone', fontSize: 28 },
      { ...BASE, type: 'embeddable', id: 'E', link: 'https://example.org' },
      { ...BASE, type: 'rectangle', id: 'F', isDeleted: true },
    ]);
    expect(left).toBe(1);
    expect(made.map(({ type }) => type)).toEqual(['geo', 'geo', 'arrow', 'text']);
    const [rectangle, ellipse, arrow] = made;
    expect(rectangle).toMatchObject({ form: 'rectangle', text: 'one half', fill: 'soft', colour: 'red', group: 'g' });
    expect(ellipse).toMatchObject({ form: 'ellipse', dash: 'dashed', colour: 'blue', locked: true });
    expect(arrow).toMatchObject({ dx: 300, dy: 0, head: 'end', start: rectangle?.id, end: ellipse?.id });
  });

  it('keeps ink with its pressure, lines of several corners, heads at the start, and turns lines about their middle', async () => {
    const { shapes: made } = await shapes([
      { ...BASE, type: 'freedraw', id: 'A', points: Array.from({ length: 300 }, (_, i) => [i, i % 7]), pressures: [] },
      {
        ...BASE,
        type: 'line',
        id: 'B',
        points: [
          [0, 0],
          [50, 50],
          [100, 0],
        ],
      },
      {
        ...BASE,
        type: 'arrow',
        id: 'C',
        points: [
          [0, 0],
          [100, 0],
        ],
        startArrowhead: 'arrow',
        endArrowhead: null,
      },
      {
        ...BASE,
        type: 'line',
        id: 'D',
        angle: Math.PI / 2,
        points: [
          [0, 0],
          [100, 0],
        ],
      },
    ]);
    expect(made.map(({ type }) => type)).toEqual(['draw', 'draw', 'line', 'line', 'arrow', 'line']);
    expect(made[2]?.group).toBe(made[3]?.group);
    expect(made[4]).toMatchObject({ x: 200, y: 50, dx: -100, dy: 0, head: 'end' });
    const turned = made[5];
    expect(turned?.type === 'line' && [turned.x, turned.y, turned.dx, turned.dy].map(Math.round)).toEqual([
      150, 0, 0, 100,
    ]);
  });

  it('brings pictures along that are pictures, and leaves the others out', async () => {
    const image = { ...BASE, type: 'image' };
    const { shapes: made, left } = await shapes(
      [
        { ...image, id: 'A', fileId: 'good' },
        { ...image, id: 'B', fileId: 'svg' },
        { ...image, id: 'C', fileId: '__proto__' },
      ],
      {
        good: { dataURL: 'data:image/png;base64,iVBORw0KGgo=' },
        svg: { dataURL: 'data:image/svg+xml;base64,PHN2Zy8+' },
      },
    );
    expect(made.map((shape) => shape.type === 'image' && shape.asset)).toEqual([HASH]);
    expect(left).toBe(2);
  });

  it.each([
    ['cut off', '{"type":"excalidraw","elements":['],
    ['without elements', '{"type":"excalidraw"}'],
    ['another kind', '{"type":"excalidrawlib","elements":[]}'],
    ['nested without end', `{"type":"excalidraw","elements":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['too many', file(Array.from({ length: 20_001 }, () => ({ type: 'text' })))],
  ])('that is %s is refused in words', async (_, text) => {
    const outcome = readExcalidraw(text, keep).catch((error: unknown) => error);
    const result = await outcome;
    expect(result instanceof OpenJsonError || (result as { pages: unknown[] }).pages.length === 1).toBe(true);
  });

  it('with nonsense in every field draws nothing and breaks nothing', async () => {
    const nonsense = [null, 7, 'x', [], { __proto__: 1 }, Number.MAX_VALUE];
    const kinds = ['rectangle', 'text', 'line', 'arrow', 'freedraw', 'image', 'frame', '__proto__', 'constructor'];
    const elements = kinds.flatMap((type) =>
      nonsense.map((value) => ({
        ...{ type, id: value, x: value, y: value, width: value, height: value, angle: value, points: value },
        ...{ strokeColor: value, groupIds: value, text: value, fileId: value, startBinding: value, opacity: value },
      })),
    );
    const { shapes: made } = await shapes(elements);
    expect(made.every(({ type, x }) => (type === 'geo' || type === 'frame') && x === 7)).toBe(true);
  });
});
