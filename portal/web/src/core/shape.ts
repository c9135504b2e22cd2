/** Typed, tolerant reading of shapes and pages: hostile but well-formed content reads as nothing (board.md). */
import palette from '@spec/palette.json';
import things from '@spec/things.json';
import { AbstractType, Map as YMap } from 'yjs';
import { ProtocolError } from './errors';
import {
  type FieldSource,
  finite,
  identifier,
  isNear,
  length,
  letters,
  oneOf,
  shortString,
  sides,
  string,
} from './fields';
import { latexOf, parseFormula } from './formula';
import { MAIN_PAGE, type PageId, type SessionId, type ShapeId, shapeAuthor } from './ids';
import { decodeInk, INK, inkBox } from './ink';
import { STROKE_FIELD, unpackStroke, withStroke } from './stroke';
import { cutText } from './text';

export type { FieldSource } from './fields';
export type Colour = keyof typeof palette.colours;
export const PALETTE = palette;
export const COLOURS = Object.keys(palette.colours) as Colour[];
export const THINGS = things;
export type Form = keyof typeof things.forms;
export const FORMS = Object.keys(things.forms) as Form[];
/** In the order of spec/things.json; a test compares them. The first stands in for a wrong value. */
export const FILLS = ['none', 'soft', 'solid'] as const;
export const DASHES = ['solid', 'dashed', 'dotted'] as const;
export const HEADS = ['none', 'end', 'both'] as const;
export const PLOT_FORMS = ['axes', 'line'] as const;
export type Fill = (typeof FILLS)[number];
export type Dash = (typeof DASHES)[number];
export type Head = (typeof HEADS)[number];
export type PlotForm = (typeof PLOT_FORMS)[number];
const isColour = (value: unknown): value is Colour => COLOURS.includes(value as Colour);

/** What every shape has. Lengths in board px. */
export interface ShapeBase {
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
  /** Radians, clockwise, about the middle of the box; a text about its origin. */
  readonly rotation: number;
  readonly opacity: number;
  readonly locked: boolean;
  /** Shapes with one name here are chosen together; '' for none. */
  readonly group: string;
}

export interface StrokeShape extends ShapeBase {
  readonly type: 'draw' | 'highlight';
  /** Decode with decodeInk; its points are relative to x, y. */
  readonly ink: Uint8Array;
  /** Box of the points, px; unlike the ink's own where the stroke was resized. */
  readonly w: number;
  readonly h: number;
}

export interface TextShape extends ShapeBase {
  readonly type: 'text';
  readonly text: string;
  readonly bold: boolean;
}

export interface GeoShape extends ShapeBase {
  readonly type: 'geo';
  readonly form: Form;
  readonly w: number;
  readonly h: number;
  readonly fill: Fill;
  readonly dash: Dash;
  readonly text: string;
  readonly bold: boolean;
  /** Corners of a polygon as an ink blob, stretched over the box; null for other forms. */
  readonly ink: Uint8Array | null;
}

export interface NoteShape extends ShapeBase {
  readonly type: 'note';
  readonly w: number;
  readonly h: number;
  readonly text: string;
  readonly bold: boolean;
}

/** Where a line begins and ends, board px. */
export interface Ends {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface LineShape extends ShapeBase {
  readonly type: 'line' | 'arrow';
  /** From x, y to the end as it was drawn. */
  readonly dx: number;
  readonly dy: number;
  readonly dash: Dash;
  readonly head: Head;
  /** Shapes that the ends are bound to; '' for none. */
  readonly start: ShapeId | '';
  readonly end: ShapeId | '';
  /** Bound ends stand at their shapes (core/arrows). */
  readonly ends: Ends;
}

export interface ImageShape extends ShapeBase {
  readonly type: 'image';
  readonly w: number;
  readonly h: number;
  /** SHA-256 of the picture, 64 hex digits (A1). */
  readonly asset: string;
  /** What is to be seen, for those who cannot. */
  readonly caption: string;
}

export interface MathShape extends ShapeBase {
  readonly type: 'math';
  readonly w: number;
  readonly h: number;
  /** LaTeX and glyphs, see core/formula. */
  readonly formula: string;
  readonly latex: string;
}

/** Axes with functions, or a number line with values marked on it. */
export interface PlotShape extends ShapeBase {
  readonly type: 'plot';
  readonly w: number;
  readonly h: number;
  readonly form: PlotForm;
  /** What is shown; a number line has no y. */
  readonly range: { readonly xFrom: number; readonly xTo: number; readonly yFrom: number; readonly yTo: number };
  /** From tick to tick as it is written, `1/8` or `0.5`; anything else leaves the choice to the painter. */
  readonly xStep: string;
  readonly yStep: string;
  readonly grid: boolean;
  /** Fractions at ticks in lowest terms. */
  readonly reduced: boolean;
  /** One a line. */
  readonly entries: string;
}

/** A part of the page with a title, which takes what stands inside along. */
export interface FrameShape extends ShapeBase {
  readonly type: 'frame';
  readonly w: number;
  readonly h: number;
  readonly text: string;
  readonly bold: boolean;
}

export type Shape =
  | StrokeShape
  | TextShape
  | GeoShape
  | NoteShape
  | LineShape
  | ImageShape
  | MathShape
  | PlotShape
  | FrameShape;
export type ShapeType = Shape['type'];
/** What an arrow can be bound to. In plots and frames arrows point at what stands inside. */
export type BoxShape = GeoShape | NoteShape | ImageShape | MathShape;

export const isStroke = (shape: Shape): shape is StrokeShape => shape.type === 'draw' || shape.type === 'highlight';
export const isLine = (shape: Shape): shape is LineShape => shape.type === 'line' || shape.type === 'arrow';
export const isBox = (shape: Shape): shape is BoxShape =>
  shape.type === 'geo' || shape.type === 'note' || shape.type === 'image' || shape.type === 'math';
export type WrittenShape = TextShape | GeoShape | NoteShape | FrameShape;
/** Types whose `text` is shared letter by letter. */
export const isWrittenType = (type: unknown): boolean =>
  type === 'text' || type === 'geo' || type === 'note' || type === 'frame';
/** Whether letters can be written in it. */
export const isWritten = (shape: Shape): shape is WrittenShape => isWrittenType(shape.type);

/** What a shape says, for those who search or listen; '' for ink. */
export function wordsOf(shape: Shape): string {
  switch (shape.type) {
    case 'math':
      return shape.latex;
    case 'plot':
      return shape.entries;
    case 'image':
      return shape.caption;
    default:
      return isWritten(shape) ? shape.text : '';
  }
}

export const BACKGROUNDS = ['plain', 'grid', 'lined', 'dots', 'axes'] as const;
export type Background = (typeof BACKGROUNDS)[number];

export interface Page {
  readonly id: PageId;
  readonly index: string;
  readonly title: string;
  readonly background: Background;
  readonly erased: boolean;
}

const LARGEST_SIZE = 1000;

/** null: not a shape that this version can draw. */
export function readShape(id: ShapeId, record: unknown): Shape | null {
  if (!(record instanceof YMap)) return null;
  const packed: unknown = record._map.size === 1 ? record.get(STROKE_FIELD) : null;
  const drawn = packed instanceof Uint8Array ? readDrawn(id, packed) : null;
  return drawn ?? readFields(id, withStroke(record));
}

/**
 * A stroke that has nothing but its record, as most of a full board have: what `readFields` makes of it, without asking for
 * fields that cannot be there, which takes half the time. null: `readFields` decides.
 */
function readDrawn(id: ShapeId, packed: Uint8Array): StrokeShape | null {
  try {
    const { type, page, index, x, y, colour, size, created_ms, ink } = unpackStroke(packed);
    const author = shapeAuthor(id);
    if (author === null || page === '') return null;
    const { w, h } = inkBox(ink);
    return {
      id,
      author,
      page: page as PageId,
      index,
      x,
      y,
      colour: isColour(colour) ? colour : 'black',
      size: readSize(size, type),
      createdMs: created_ms,
      erased: false,
      rotation: 0,
      opacity: 1,
      locked: false,
      group: '',
      type,
      ink,
      w,
      h,
    };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** The same for fields from anywhere. */
export function readFields(id: ShapeId, record: FieldSource): Shape | null {
  const x = finite(record.get('x'));
  const y = finite(record.get('y'));
  const author = shapeAuthor(id);
  const page = record.get('page');
  if (author === null || x === null || y === null || typeof page !== 'string' || page === '') return null;
  const colour: unknown = record.get('colour');
  const rotation = finite(record.get('rotation')) ?? 0;
  const opacity = finite(record.get('opacity')) ?? 1;
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
    rotation: Math.abs(rotation) <= THINGS.most_rotation ? rotation : 0,
    opacity: opacity >= THINGS.least_opacity && opacity <= 1 ? opacity : 1,
    locked: record.get('locked') === true,
    group: identifier(record.get('group')),
  };
  switch (record.get('type')) {
    case 'draw':
      return readStroke(base, 'draw', record);
    case 'highlight':
      return readStroke(base, 'highlight', record);
    case 'text':
      return readText(base, record);
    case 'geo':
      return readGeo(base, record);
    case 'note':
      return readLettered(base, 'note', record);
    case 'line':
      return readLine(base, 'line', record);
    case 'arrow':
      return readLine(base, 'arrow', record);
    case 'image':
      return readImage(base, record);
    case 'math':
      return readMath(base, record);
    case 'plot':
      return readPlot(base, record);
    case 'frame':
      return readLettered(base, 'frame', record);
    default:
      return null;
  }
}

/** The second size of its kind stands in for one that nobody can have chosen. */
function readSize(value: unknown, type: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= LARGEST_SIZE) return value;
  return sizesOf(type)[1] ?? 1;
}

function sizesOf(type: unknown): readonly number[] {
  if (type === 'text') return INK.text.sizes;
  if (type === 'highlight') return INK.highlighter.sizes;
  if (type === 'note') return THINGS.note.sizes;
  if (type === 'math') return THINGS.formula.sizes;
  if (type === 'plot') return THINGS.plot.sizes;
  if (type === 'frame') return THINGS.frame.sizes;
  return type === 'draw' ? INK.pen.sizes : THINGS.sizes;
}

function readStroke(base: ShapeBase, type: 'draw' | 'highlight', record: FieldSource): StrokeShape | null {
  const ink = record.get('ink');
  if (!(ink instanceof Uint8Array)) return null;
  try {
    const box = inkBox(ink);
    return { ...base, type, ink, w: length(record.get('w')) ?? box.w, h: length(record.get('h')) ?? box.h };
  } catch {
    // Any blob that is no ink, of whatever version, is drawn as nothing.
    return null;
  }
}

function readText(base: ShapeBase, record: FieldSource): TextShape | null {
  const text = letters(record.get('text'));
  return text === null ? null : { ...base, type: 'text', text, bold: record.get('bold') === true };
}

function readGeo(base: ShapeBase, record: FieldSource): GeoShape | null {
  const box = sides(record);
  const form = record.get('form');
  if (box === null || !FORMS.includes(form as Form)) return null;
  const ink = form === 'polygon' ? record.get('ink') : null;
  if (form === 'polygon' && !isPolygon(ink)) return null;
  return {
    ...base,
    ...box,
    type: 'geo',
    form: form as Form,
    fill: oneOf(record.get('fill'), FILLS),
    dash: oneOf(record.get('dash'), DASHES),
    text: letters(record.get('text')) ?? '',
    bold: record.get('bold') === true,
    ink: ink instanceof Uint8Array ? ink : null,
  };
}

function isPolygon(ink: unknown): boolean {
  if (!(ink instanceof Uint8Array)) return false;
  try {
    const { length: corners } = decodeInk(ink).points;
    return corners >= 3 && corners <= THINGS.polygon_corners;
  } catch {
    return false;
  }
}

function readLettered(base: ShapeBase, type: 'note' | 'frame', record: FieldSource): NoteShape | FrameShape | null {
  const box = sides(record);
  if (box === null) return null;
  const text = letters(record.get('text')) ?? '';
  return { ...base, ...box, type, text, bold: record.get('bold') === true };
}

function readLine(base: ShapeBase, type: 'line' | 'arrow', record: FieldSource): LineShape | null {
  const dx = finite(record.get('dx'));
  const dy = finite(record.get('dy'));
  if (dx === null || dy === null || !isNear(record)) return null;
  if (Math.max(Math.abs(dx), Math.abs(dy)) > THINGS.largest) return null;
  const head = record.get('head');
  return {
    ...base,
    type,
    dx,
    dy,
    dash: oneOf(record.get('dash'), DASHES),
    head: type === 'line' ? 'none' : HEADS.includes(head as Head) ? (head as Head) : 'end',
    start: identifier(record.get('start')) as ShapeId | '',
    end: identifier(record.get('end')) as ShapeId | '',
    ends: { x1: base.x, y1: base.y, x2: base.x + dx, y2: base.y + dy },
  };
}

const HASH = /^[0-9a-f]{64}$/;

function readImage(base: ShapeBase, record: FieldSource): ImageShape | null {
  const box = sides(record);
  const asset = string(record.get('asset'));
  if (box === null || !HASH.test(asset)) return null;
  return {
    ...base,
    ...box,
    type: 'image',
    asset,
    caption: cutText(string(record.get('caption')), THINGS.caption_chars),
  };
}

function readMath(base: ShapeBase, record: FieldSource): MathShape | null {
  const box = sides(record);
  const formula = string(record.get('formula'));
  if (box === null || parseFormula(formula) === null) return null;
  return { ...base, ...box, type: 'math', formula, latex: latexOf(formula) };
}

function readPlot(base: ShapeBase, record: FieldSource): PlotShape | null {
  const box = sides(record);
  const form = oneOf(record.get('form'), PLOT_FORMS);
  const across = readSpan(record, 'x_from', 'x_to');
  const down = form === 'axes' ? readSpan(record, 'y_from', 'y_to') : ([0, 0] as const);
  if (box === null || across === null || down === null) return null;
  const { step_chars, entries_chars } = THINGS.plot;
  return {
    ...base,
    ...box,
    type: 'plot',
    form,
    range: { xFrom: across[0], xTo: across[1], yFrom: down[0], yTo: down[1] },
    xStep: shortString(record.get('x_step'), step_chars),
    yStep: shortString(record.get('y_step'), step_chars),
    grid: record.get('grid') === true,
    reduced: record.get('reduced') === true,
    entries: shortString(record.get('entries'), entries_chars),
  };
}

function readSpan(record: FieldSource, from: string, to: string): readonly [number, number] | null {
  const [low, high] = [finite(record.get(from)), finite(record.get(to))];
  const { farthest, least_span } = THINGS.plot;
  if (low === null || high === null || Math.max(Math.abs(low), Math.abs(high)) > farthest) return null;
  return high - low < least_span ? null : [low, high];
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
