import { describe, expect, it } from 'vitest';
import type { BoardSource } from '../board/source';
import { PARTICIPANT_COLOURS } from '../core/colours';
import { MAIN_PAGE as PAGE, type ShapeId } from '../core/ids';
import type { Shape } from '../core/shape';
import { AuthorLens, inkOf, PLAIN_LOOK } from './lens';

const shape = (id: string, author: string): Shape =>
  ({ id, author, page: PAGE, colour: 'black', type: 'draw' }) as unknown as Shape;
const SHAPES = [shape('a', 's1'), shape('b', 's2')];
const BOARD: BoardSource = {
  shapes: () => SHAPES,
  shape: (id) => SHAPES.find((each) => each.id === id) ?? null,
  pages: () => [],
  onChange: () => () => undefined,
};

describe('the lens', () => {
  it('changes nothing until it is asked to', () => {
    const lens = new AuthorLens(BOARD);
    expect(lens.shapes(PAGE)).toBe(SHAPES);
  });

  it('shows the work of one alone', () => {
    const lens = new AuthorLens(BOARD);
    lens.setLook({ only: new Set(['s2']), colours: null });
    expect(lens.shapes(PAGE)).toEqual([SHAPES[1]]);
    expect(lens.shape('a' as ShapeId)).toBeNull();
    lens.setLook(PLAIN_LOOK);
    expect(lens.shape('a' as ShapeId)).toBe(SHAPES[0]);
  });

  it('gives each author a colour, and a shape that stays the same stays the same object', () => {
    const lens = new AuthorLens(BOARD);
    lens.setLook({ only: null, colours: new Map([['s1', 'green']]) });
    const [first, second] = lens.shapes(PAGE);
    expect(first).toMatchObject({ id: 'a', colour: 'green' });
    expect(second).toBe(SHAPES[1]);
    expect(lens.shapes(PAGE)[0]).toBe(first);
    expect(lens.shape('a' as ShapeId)).toBe(first);
    expect(SHAPES[0]?.colour).toBe('black');
  });
});

it('as many people as there are colours draw in colours of their own', () => {
  expect(new Set(PARTICIPANT_COLOURS.map(inkOf)).size).toBe(PARTICIPANT_COLOURS.length);
  expect(inkOf('#000000')).toBe('black');
});
