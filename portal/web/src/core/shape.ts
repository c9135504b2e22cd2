/** Typed, tolerant reading of shapes and pages: hostile but well-formed content reads as nothing (board.md). */
import palette from '@spec/palette.json';
import { AbstractType, Map as YMap, Text as YText } from 'yjs';
import { MAIN_PAGE, type PageId, type SessionId, type ShapeId, shapeAuthor } from './ids';
import { INK, inkBox } from './ink';

export type Colour = keyof typeof palette.colours;
export const PALETTE = palette;
export const COLOURS = Object.keys(palette.colours) as Colour[];
const isColour = (value: unknown): value is Colour => COLOURS.includes(value as Colour);

interface ShapeBase {
  readonly id: ShapeId;
  /** The session in the id (P6). */
  readonly author: SessionId;
  readonly page: PageId;
  /** Fractional-indexing key: painting order in the page, then the id. */
  readonly index: string;
  readonly x: number;
  readonly y: number;
  readonly colour: Colour;
  readonly size: number;
  readonly createdMs: number;
  readonly erased: boolean;
}

export interface StrokeShape extends ShapeBase {
  readonly type: 'draw' | 'highlight';
  /** Decode with decodeInk; its points are relative to x, y. */
  readonly ink: Uint8Array;
  /** Of the points, px. */
  readonly w: number;
  readonly h: number;
}

export interface TextShape extends ShapeBase {
  readonly type: 'text';
  readonly text: string;
}

export type Shape = StrokeShape | TextShape;

const BACKGROUNDS = ['plain', 'grid', 'lined', 'dots', 'axes'] as const;
export type Background = (typeof BACKGROUNDS)[number];

export interface Page {
  readonly id: PageId;
  readonly index: string;
  readonly title: string;
  readonly background: Background;
  readonly erased: boolean;
}

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const string = (value: unknown): string => (typeof value === 'string' ? value : '');

const LARGEST_SIZE = 1000;

/** The second size of its kind stands in for one that nobody can have chosen. */
function readSize(value: unknown, type: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= LARGEST_SIZE) return value;
  const { sizes } = type === 'text' ? INK.text : type === 'highlight' ? INK.highlighter : INK.pen;
  return sizes[1] ?? 1;
}

/** null: not a shape that this version can draw. */
export function readShape(id: ShapeId, record: unknown): Shape | null {
  if (!(record instanceof YMap)) return null;
  const x = finite(record.get('x'));
  const y = finite(record.get('y'));
  const author = shapeAuthor(id);
  const page = record.get('page');
  if (author === null || x === null || y === null || typeof page !== 'string' || page === '') return null;
  const colour: unknown = record.get('colour');
  const base: ShapeBase = {
    id,
    author,
    page: page as PageId,
    index: string(record.get('index')),
    x,
    y,
    colour: isColour(colour) ? colour : 'black',
    size: readSize(record.get('size'), record.get('type')),
    createdMs: Math.trunc(finite(record.get('created_ms')) ?? 0),
    erased: record.get('erased') === true,
  };
  switch (record.get('type')) {
    case 'draw':
      return readStroke(base, 'draw', record.get('ink'));
    case 'highlight':
      return readStroke(base, 'highlight', record.get('ink'));
    case 'text':
      return readText(base, record.get('text'));
    default:
      return null;
  }
}

function readStroke(base: ShapeBase, type: 'draw' | 'highlight', ink: unknown): StrokeShape | null {
  if (!(ink instanceof Uint8Array)) return null;
  try {
    return { ...base, type, ink, ...inkBox(ink) };
  } catch {
    // Any blob that is no ink, of whatever version, is drawn as nothing.
    return null;
  }
}

function readText(base: ShapeBase, text: unknown): TextShape | null {
  if (typeof text === 'string') return { ...base, type: 'text', text };
  return text instanceof YText ? { ...base, type: 'text', text: text.toString() } : null;
}

export function readPage(id: PageId, record: unknown): Page | null {
  if (!(record instanceof YMap)) return null;
  const background: unknown = record.get('background');
  return {
    id,
    index: string(record.get('index')) || (id === MAIN_PAGE ? 'a0' : ''),
    title: string(record.get('title')),
    background: BACKGROUNDS.includes(background as Background) ? (background as Background) : 'plain',
    erased: record.get('erased') === true && id !== MAIN_PAGE,
  };
}

/** The child of `root` under which `type` lies; null for the root itself. */
export function keyUnder(root: AbstractType<unknown>, type: AbstractType<unknown>): string | null {
  let at: AbstractType<unknown> = type;
  for (;;) {
    const { _item: item } = at;
    if (item === null || !(item.parent instanceof AbstractType)) return null;
    if (item.parent === root) return item.parentSub;
    at = item.parent;
  }
}

/** By order key, then id: plain code unit order, as in Python for ASCII. */
export function byIndex(a: { index: string; id: string }, b: { index: string; id: string }): number {
  if (a.index !== b.index) return a.index < b.index ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
