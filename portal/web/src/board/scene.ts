/**
 * From a shape to what is painted: the outline of a stroke, the lines of a text, and their boxes. Pure, and the twin of
 * `recorder/scene.py`: both painters get the same numbers from the same shape.
 */

import ink from '@spec/ink.json';
import palette from '@spec/palette.json';
import { middleOf } from '../core/arrows';
import { ProtocolError } from '../core/errors';
import { decodeInk, type InkPoint, readInk } from '../core/ink';
import type { ImageShape, Shape, StrokeShape, TextShape } from '../core/shape';
import { type Box, growBox } from './camera';
import { isRightToLeft } from './direction';
import { figureItem } from './figures';
import { FONT_ASCENT_EM } from './metrics';
import { type HandWay, handWay, type OutlineOptions, type Traced, traceOutline } from './outline';
import { turned, turnedBox } from './turn';

export type Theme = 'light' | 'dark';
export type StrokeKind = 'draw' | 'highlight';

/** A stroke: its outline in board px, relative to `x`, `y`. Flat pairs; the path's curves end in the middles between them. */
export interface StrokeItem {
  readonly kind: 'stroke';
  readonly x: number;
  readonly y: number;
  readonly outline: Float64Array;
  /** The hand's points, flat pairs, for painting when the view is far away. */
  readonly spine: Float64Array;
  readonly colour: string;
  readonly opacity: number;
  readonly size: number;
  readonly box: Box;
}

export interface TextItem {
  readonly kind: 'text';
  /** About which it is turned, board px. */
  readonly x: number;
  readonly y: number;
  readonly rotation: number;
  /** Before it is turned. */
  readonly lines: readonly TextLine[];
  readonly colour: string;
  readonly opacity: number;
  readonly bold: boolean;
  /** Font size, board px. */
  readonly size: number;
  readonly box: Box;
}

/** Lines and curves in board px, filled (`fill` is the opacity, 0 for none) or drawn with a pen of `width` px. */
export interface FigurePath {
  /** One letter a step: M and L take a point, C three, Z none. */
  readonly verbs: string;
  /** Flat pairs. */
  readonly coords: Float64Array;
  /** A name of the palette, `paper`, or `note:` and a name. */
  readonly colour: string;
  readonly fill: number;
  readonly width: number;
  /** Lengths of dash and gap, px; empty for a whole line. */
  readonly dash: readonly number[];
}

export interface FigureItem {
  readonly kind: 'figure';
  readonly paths: readonly FigurePath[];
  readonly label: TextItem | null;
  readonly opacity: number;
  readonly box: Box;
  /** A hand takes it anywhere in its box, not only at its lines. */
  readonly isSolid?: boolean;
}

export interface ImageItem {
  readonly kind: 'image';
  readonly asset: string;
  /** Before it is turned about its middle. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly rotation: number;
  readonly opacity: number;
  readonly box: Box;
}

export interface TextLine {
  readonly text: string;
  /** Left end of the baseline, board px. */
  readonly x: number;
  readonly baseline: number;
}

export type SceneItem = StrokeItem | TextItem | FigureItem | ImageItem;

/** A point of a stroke as painters need it; `pressure` 0…255, or null when the hand's device has none. */
export interface StrokePoint {
  readonly x: number;
  readonly y: number;
  readonly pressure: number | null;
}

/** Width of one line in board px at a font size. Scenes are pure, so whoever has a font passes its measure. */
export type MeasureText = (line: string, size: number, bold?: boolean) => number;

export { FONT_ASCENT_EM } from './metrics';
export const FONT_FAMILY = 'Atkinson Hyperlegible';
const AVERAGE_GLYPH_EM = 0.54;

/** A measure for where no font is loaded: close enough for an index, never for painting. */
export const roughMeasure: MeasureText = (line, size) => line.length * size * AVERAGE_GLYPH_EM;

const COLOURS: Readonly<Record<string, { readonly light: string; readonly dark: string }>> = palette.colours;
const NOTES: Readonly<Record<string, { readonly light: string; readonly dark: string }>> = palette.notes;

/** The css colour of a palette name; an unknown name is black. */
export function cssColour(name: string, theme: Theme): string {
  if (name === 'paper') {
    return paperColour(theme);
  }
  if (name.startsWith('note:')) {
    const paper = Object.hasOwn(NOTES, name.slice(5)) ? NOTES[name.slice(5)] : undefined;
    return (paper ?? palette.notes.yellow)[theme];
  }
  const entry = Object.hasOwn(COLOURS, name) ? COLOURS[name] : undefined;
  return (entry ?? palette.colours.black)[theme];
}

export function paperColour(theme: Theme): string {
  return palette.paper[theme];
}

export function strokeOptions(kind: StrokeKind, size: number, hasPressure: boolean): OutlineOptions {
  const { thinning, smoothing, streamline } = kind === 'highlight' ? ink.highlighter : ink.pen;
  return { size, thinning, smoothing, streamline, simulatePressure: !hasPressure };
}

export function strokeOpacity(kind: StrokeKind): number {
  return kind === 'highlight' ? ink.highlighter.opacity : 1;
}

/** The outline of a stroke in the points' own coordinates, as flat pairs. Empty for no points. */
export function outlineOf(points: readonly StrokePoint[], kind: StrokeKind, size: number): Float64Array {
  return outlineAlong(handWay(points), kind, size);
}

function outlineAlong(hand: HandWay, kind: StrokeKind, size: number): Float64Array {
  const { flat, length } = traceAlong(hand, kind, size);
  return flat.slice(0, length);
}

const NOWHERE: Traced = { flat: new Float64Array(), length: 0 };

/** The outline of a way as `outlineOf` has it; of use until the next one is traced. */
export const traceAlong = (hand: HandWay, kind: StrokeKind, size: number): Traced =>
  hand.count === 0 ? NOWHERE : traceOutline(hand, strokeOptions(kind, size, hand.pressures !== null));

/** How far ink reaches past the box of its points: the widest possible half, and one px for antialiasing. */
function strokeMargin(size: number): number {
  return size + 1;
}

interface StrokeLook {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  readonly size: number;
  readonly opacity?: number;
}

/** The item of a stroke whose points are relative to `x`, `y` (live ink passes 0, 0 and board px). */
export function strokeItem(points: readonly StrokePoint[], kind: StrokeKind, look: StrokeLook): StrokeItem {
  return itemAlong(handWay(points), kind, look);
}

function itemAlong(hand: HandWay, kind: StrokeKind, look: StrokeLook): StrokeItem {
  return {
    kind: 'stroke',
    x: look.x,
    y: look.y,
    outline: outlineAlong(hand, kind, look.size),
    spine: hand.xy.slice(0, 2 * hand.count),
    colour: look.colour,
    opacity: strokeOpacity(kind) * (look.opacity ?? 1),
    size: look.size,
    box: inkBoxAlong(hand, look),
  };
}

/** The box of all that a stroke paints. */
export function inkBoxAlong({ xy, count }: HandWay, { x, y, size }: Pick<StrokeLook, 'x' | 'y' | 'size'>): Box {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 2 * count; i += 2) {
    const [px, py] = [xy[i] ?? 0, xy[i + 1] ?? 0];
    minX = Math.min(minX, px);
    minY = Math.min(minY, py);
    maxX = Math.max(maxX, px);
    maxY = Math.max(maxY, py);
  }
  return growBox({ minX: x + minX, minY: y + minY, maxX: x + maxX, maxY: y + maxY }, strokeMargin(size));
}

/** Lays lines out under a text's origin. */
export function textLines(text: string, x: number, y: number, size: number): TextLine[] {
  const height = size * ink.text.line_height;
  return text.split('\n').map((line, i) => ({ text: line, x, baseline: y + FONT_ASCENT_EM * size + i * height }));
}

function textItem(shape: TextShape, measure: MeasureText): TextItem {
  const { x, y, size, rotation, colour, opacity, bold, text } = shape;
  const begun = textLines(text, x, y, size);
  const widths = begun.map((line) => measure(line.text, size, bold));
  const width = Math.max(...widths);
  // What runs from right to left begins at the right edge of the widest line.
  const lines = begun.map((line, i) =>
    isRightToLeft(line.text) ? { ...line, x: line.x + width - (widths[i] ?? 0) } : line,
  );
  const upright = { minX: x, minY: y, maxX: x + width, maxY: y + lines.length * size * ink.text.line_height };
  const box = turnedBox(upright, { x, y }, rotation);
  return { kind: 'text', x, y, rotation, lines, colour, opacity, bold, size, box };
}

function imageItem(shape: ImageShape): ImageItem {
  const { asset, x, y, w, h, rotation, opacity } = shape;
  const box = turnedBox({ minX: x, minY: y, maxX: x + w, maxY: y + h }, middleOf(shape), rotation);
  return { kind: 'image', asset, x, y, w, h, rotation, opacity, box };
}

/** The box of everything a shape paints. No point of a stroke is decoded, so opening a full page is quick. */
export function shapeBox(shape: Shape, measure: MeasureText): Box {
  switch (shape.type) {
    case 'draw':
    case 'highlight': {
      const { x, y, w, h, rotation } = shape;
      const margin = strokeMargin(shape.size);
      if (rotation === 0) {
        return { minX: x - margin, minY: y - margin, maxX: x + w + margin, maxY: y + h + margin };
      }
      return growBox(turnedBox({ minX: x, minY: y, maxX: x + w, maxY: y + h }, middleOf(shape), rotation), margin);
    }
    case 'text':
      return textItem(shape, measure).box;
    case 'image':
      return imageItem(shape).box;
    default:
      return figureItem(shape, measure).box;
  }
}

/** What a shape paints; null for ink that cannot be read (a `Shape` has only its header checked). */
export function sceneItem(shape: Shape, measure: MeasureText): SceneItem | null {
  switch (shape.type) {
    case 'text':
      return textItem(shape, measure);
    case 'image':
      return imageItem(shape);
    case 'draw':
    case 'highlight':
      return inkItem(shape);
    default:
      return figureItem(shape, measure);
  }
}

function inkItem(shape: StrokeShape): StrokeItem | null {
  return whereReadable(() => itemAlong(inkWay(shape), shape.type, shape));
}

/** The outline alone, as `sceneItem` has it: all that painting a stroke takes. Null for ink that cannot be read. */
export function tracedInk(shape: StrokeShape): Traced | null {
  return whereReadable(() => traceAlong(inkWay(shape), shape.type, shape.size));
}

function whereReadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) {
      return null;
    }
    throw error;
  }
}

/** Most strokes stand as they were drawn: their numbers are taken as they are read. */
function inkWay(shape: StrokeShape): HandWay {
  const ink = readInk(shape.ink);
  return shape.w === ink.w && shape.h === ink.h && shape.rotation === 0 ? ink : handWay(inkPoints(shape));
}

/** The points of a stroke relative to its x, y, stretched and turned as it stands. Raises ProtocolError. */
export function inkPoints(shape: StrokeShape): readonly InkPoint[] {
  const { points, w, h } = decodeInk(shape.ink);
  const sx = w > 0 ? shape.w / w : 1;
  const sy = h > 0 ? shape.h / h : 1;
  if (sx === 1 && sy === 1 && shape.rotation === 0) {
    return points;
  }
  const middle = { x: shape.w / 2, y: shape.h / 2 };
  return points.map((point) => ({
    ...point,
    ...turned({ x: point.x * sx, y: point.y * sy }, middle, shape.rotation),
  }));
}
