/** The packed blob of one stroke (board.md "Ink blob"). */
import ink from '@spec/ink.json';
import type { Bytes } from './bytes';
import { malformed } from './errors';
import { Reader, Writer } from './varint';

export const INK = ink;
const PRESSURE = 1;
const TIME = 2;

export interface InkPoint {
  /** Board px. */
  readonly x: number;
  readonly y: number;
  /** 0…255; null when the device does not know. */
  readonly pressure: number | null;
  /** Milliseconds since the stroke's first point; null when not measured. */
  readonly t: number | null;
}

export interface Ink {
  /** Relative to the shape's x, y. */
  readonly points: readonly InkPoint[];
  readonly w: number;
  readonly h: number;
  readonly hasPressure: boolean;
  readonly hasTime: boolean;
}

/** Tenths of a px: far outside any board, well inside what a number holds exactly. */
const FARTHEST10 = 2 ** 40;

function tenths(px: number): number {
  const value = Math.floor(px * INK.units_per_px + 0.5);
  if (!(Math.abs(value) < FARTHEST10)) throw malformed('a point lies outside every board');
  return value;
}

/**
 * 1…256 points in board px. `x`, `y` is the corner of their bounding box: the shape's origin.
 * Pressure and time are kept if every point has them.
 */
export function encodeInk(points: readonly InkPoint[]): { blob: Bytes; x: number; y: number } {
  if (points.length < 1 || points.length > INK.max_points) throw malformed('number of ink points');
  const xs = points.map((point) => tenths(point.x));
  const ys = points.map((point) => tenths(point.y));
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  const withPressure = points.every((point) => point.pressure !== null);
  const withTime = points.every((point) => point.t !== null);
  const writer = new Writer(points.length * 5 + 16)
    .u8(INK.version)
    .u8((withPressure ? PRESSURE : 0) | (withTime ? TIME : 0))
    .varuint(points.length)
    .varuint(Math.max(...xs) - left)
    .varuint(Math.max(...ys) - top);
  writeColumn(writer, xs, left);
  writeColumn(writer, ys, top);
  if (withPressure) for (const { pressure } of points) writer.u8(Math.max(0, Math.min(255, Math.round(pressure ?? 0))));
  if (withTime) {
    let latest = points[0]?.t ?? 0;
    for (const { t } of points) {
      writer.varuint(Math.max(0, Math.round((t ?? 0) - latest)));
      latest = Math.max(latest, t ?? 0);
    }
  }
  return { blob: writer.finish(), x: left / INK.units_per_px, y: top / INK.units_per_px };
}

function writeColumn(writer: Writer, values: readonly number[], corner: number): void {
  let before: number | null = null;
  for (const value of values) {
    if (before === null) writer.varuint(value - corner);
    else writer.zigzag(value - before);
    before = value;
  }
}

interface Header {
  readonly flags: number;
  readonly n: number;
  readonly w10: number;
  readonly h10: number;
}

function readHeader(reader: Reader): Header {
  if (reader.u8() !== INK.version) throw malformed('ink version');
  const flags = reader.u8();
  if (flags > (PRESSURE | TIME)) throw malformed('ink flags');
  const n = reader.varuint();
  if (n < 1 || n > INK.max_points) throw malformed('number of ink points');
  const w10 = reader.varuint();
  const h10 = reader.varuint();
  if (Math.max(w10, h10) > 2 * FARTHEST10) throw malformed('ink box');
  return { flags, n, w10, h10 };
}

/** Width and height in px, from the header alone: opening a board decodes no points. Raises ProtocolError. */
export function inkBox(blob: Uint8Array): { w: number; h: number } {
  const { w10, h10 } = readHeader(new Reader(blob));
  return { w: w10 / INK.units_per_px, h: h10 / INK.units_per_px };
}

function readColumn(reader: Reader, n: number, extent: number): number[] {
  const values: number[] = [];
  let value = reader.varuint();
  for (let i = 0; i < n; i++) {
    if (i > 0) value += reader.zigzag();
    if (value < 0 || value > extent) throw malformed('ink point outside its box');
    values.push(value);
  }
  return values;
}

/** One column by hand: a page seen from afar is 20,000 of these. Differences of small strokes take one or two bytes. */
function readSpine(blob: Uint8Array, from: number, flat: Float64Array, column: number, extent: number): number {
  let at = from;
  let value = 0;
  for (let i = column; i < flat.length; i += 2) {
    let coded = blob[at++] ?? 128;
    if (coded > 127) {
      let scale = 128;
      coded -= 128;
      for (let byte = 128; byte > 127; scale *= 128) {
        if (at >= blob.length || scale > FARTHEST10 * 256) throw malformed('ink column');
        byte = blob[at++] ?? 0;
        coded += (byte & 127) * scale;
      }
    }
    value += i === column ? coded : coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
    if (value < 0 || value > extent) throw malformed('ink point outside its box');
    flat[i] = value / INK.units_per_px;
  }
  return at;
}

/** Where the hand went: flat pairs of px from the corner, and nothing else decoded. Raises ProtocolError. */
export function inkSpine(blob: Uint8Array): Float64Array {
  const reader = new Reader(blob);
  const { n, w10, h10 } = readHeader(reader);
  const flat = new Float64Array(2 * n);
  const end = readSpine(blob, reader.position, flat, 0, w10);
  readSpine(blob, end, flat, 1, h10);
  return flat;
}

/** Raises ProtocolError. */
export function decodeInk(blob: Uint8Array): Ink {
  const reader = new Reader(blob);
  const { flags, n, w10, h10 } = readHeader(reader);
  const xs = readColumn(reader, n, w10);
  const ys = readColumn(reader, n, h10);
  const hasPressure = (flags & PRESSURE) !== 0;
  const hasTime = (flags & TIME) !== 0;
  const pressures = hasPressure ? reader.take(n) : null;
  const points: InkPoint[] = [];
  let t = 0;
  for (let i = 0; i < n; i++) {
    if (hasTime) t += reader.varuint();
    points.push({
      x: (xs[i] ?? 0) / INK.units_per_px,
      y: (ys[i] ?? 0) / INK.units_per_px,
      pressure: pressures?.[i] ?? null,
      t: hasTime ? t : null,
    });
  }
  reader.end();
  return { points, w: w10 / INK.units_per_px, h: h10 / INK.units_per_px, hasPressure, hasTime };
}

/** Parts of at most 256 points; each next part repeats the last point of the one before, pressure and all. */
export function splitStroke(points: readonly InkPoint[]): InkPoint[][] {
  const parts: InkPoint[][] = [];
  for (let from = 0; from === 0 || from < points.length - 1; from += INK.max_points - 1) {
    parts.push(points.slice(from, from + INK.max_points));
  }
  return parts;
}
