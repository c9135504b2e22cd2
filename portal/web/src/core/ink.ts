/** The packed blob of one stroke (board.md "Ink blob"). */
import ink from '@spec/ink.json';
import type { Bytes } from './bytes';
import { malformed } from './errors';
import * as inkV1 from './inkV1';
import { NibbleReader, NibbleWriter } from './nibbles';
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
/** From one point to the next. */
const LONGEST_MS = 2 ** 40;

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
  const columns = new NibbleWriter();
  writeColumn(columns, xs, left);
  writeColumn(columns, ys, top);
  if (withPressure) writePressures(columns, points);
  if (withTime) writeTimes(columns, points);
  const writer = new Writer(points.length * 4 + 24)
    .u8(INK.version)
    .u8((withPressure ? PRESSURE : 0) | (withTime ? TIME : 0))
    .varuint(points.length)
    .varuint(Math.max(...xs) - left)
    .varuint(Math.max(...ys) - top)
    .raw(columns.finish());
  return { blob: writer.finish(), x: left / INK.units_per_px, y: top / INK.units_per_px };
}

/** A hand goes on as it went: of each point only what its way differs from the way before. */
function writeColumn(writer: NibbleWriter, values: readonly number[], corner: number): void {
  let before = values[0] ?? 0;
  let way = 0;
  writer.uint(before - corner);
  for (const value of values.slice(1)) {
    writer.zigzag(value - before - way);
    way = value - before;
    before = value;
  }
}

function writePressures(writer: NibbleWriter, points: readonly InkPoint[]): void {
  let before = 0;
  for (const point of points) {
    const pressure = Math.max(0, Math.min(255, Math.round(point.pressure ?? 0)));
    writer.zigzag(pressure - before);
    before = pressure;
  }
}

function writeTimes(writer: NibbleWriter, points: readonly InkPoint[]): void {
  let latest = Math.round(points[0]?.t ?? 0);
  let wait = 0;
  for (const point of points.slice(1)) {
    const t = Math.round(point.t ?? 0);
    const now = Math.min(LONGEST_MS, Math.max(0, t - latest));
    writer.zigzag(now - wait);
    wait = now;
    latest = Math.max(latest, t);
  }
}

interface Header {
  readonly version: number;
  readonly flags: number;
  readonly n: number;
  readonly w10: number;
  readonly h10: number;
}

function readHeader(reader: Reader): Header {
  const version = reader.u8();
  if (version !== INK.version && version !== inkV1.VERSION) throw malformed('ink version');
  const flags = reader.u8();
  if (flags > (PRESSURE | TIME)) throw malformed('ink flags');
  const n = reader.varuint();
  if (n < 1 || n > INK.max_points) throw malformed('number of ink points');
  const w10 = reader.varuint();
  const h10 = reader.varuint();
  if (Math.max(w10, h10) > 2 * FARTHEST10) throw malformed('ink box');
  return { version, flags, n, w10, h10 };
}

/** Width and height in px, from the header alone: opening a board decodes no points. Raises ProtocolError. */
export function inkBox(blob: Uint8Array): { w: number; h: number } {
  const { w10, h10 } = readHeader(new Reader(blob));
  return { w: w10 / INK.units_per_px, h: h10 / INK.units_per_px };
}

/**
 * One stroke in columns. There is one of these, filled by each call anew: a screen of handwriting is a thousand strokes, a page
 * seen from afar 20,000, and memory of their own for each takes longer than reading them.
 */
export interface InkColumns {
  /** Flat pairs of px from the corner, `count` of them. */
  readonly xy: Float64Array;
  readonly count: number;
  /** 0…255; null where the device does not know. */
  readonly pressures: Float64Array | null;
  /** Milliseconds since the first point; null where not measured. */
  readonly times: Float64Array | null;
  readonly w: number;
  readonly h: number;
}

const XY = new Float64Array(2 * INK.max_points);
const PRESSURES = new Float64Array(INK.max_points);
const TIMES = new Float64Array(INK.max_points);

/** Every second number of XY from `first` on, px. */
function readColumn(reader: NibbleReader, first: number, n: number, extent: number): void {
  let value = reader.uint();
  let way = 0;
  reader.zigzags(XY, first + 2, 2, 2 * n);
  for (let i = first; i < 2 * n; i += 2) {
    if (i > first) {
      way += XY[i] ?? 0;
      value += way;
    }
    if (value < 0 || value > extent) throw malformed('ink point outside its box');
    XY[i] = value / INK.units_per_px;
  }
}

function readPressures(reader: NibbleReader, n: number): Float64Array {
  let pressure = 0;
  for (let i = 0; i < n; i++) {
    pressure += reader.zigzag();
    if (pressure < 0 || pressure > 255) throw malformed('ink pressure');
    PRESSURES[i] = pressure;
  }
  return PRESSURES;
}

function readTimes(reader: NibbleReader, n: number): Float64Array {
  TIMES[0] = 0;
  reader.zigzags(TIMES, 1, 1, n);
  let t = 0;
  let wait = 0;
  for (let i = 1; i < n; i++) {
    wait += TIMES[i] ?? 0;
    if (wait < 0 || wait > LONGEST_MS) throw malformed('time between two points');
    t += wait;
    TIMES[i] = t;
  }
  return TIMES;
}

function readPlaces(reader: NibbleReader, { n, w10, h10 }: Header): void {
  readColumn(reader, 0, n, w10);
  readColumn(reader, 1, n, h10);
}

const columnsOf = (
  { n, w10, h10 }: Header,
  pressures: Float64Array | null,
  times: Float64Array | null,
): InkColumns => ({ xy: XY, count: n, pressures, times, w: w10 / INK.units_per_px, h: h10 / INK.units_per_px });

/** Where the hand went, and nothing else decoded; of use until the next stroke is read. Raises ProtocolError. */
export function readInkPlaces(blob: Uint8Array): InkColumns {
  const reader = new Reader(blob);
  const header = readHeader(reader);
  if (header.version === inkV1.VERSION) inkV1.readColumns(blob, reader.position, XY, header);
  else readPlaces(new NibbleReader(blob, reader.position), header);
  return columnsOf(header, null, null);
}

/** All of a stroke; of use until the next one is read. Raises ProtocolError. */
export function readInk(blob: Uint8Array): InkColumns {
  const reader = new Reader(blob);
  const header = readHeader(reader);
  const { n, flags } = header;
  const hasPressure = (flags & PRESSURE) !== 0;
  const hasTime = (flags & TIME) !== 0;
  if (header.version === inkV1.VERSION) {
    const end = inkV1.readColumns(blob, reader.position, XY, header);
    const rest = inkV1.readRest(blob.subarray(end), n, hasPressure, hasTime);
    if (rest.pressures) PRESSURES.set(rest.pressures);
    if (rest.times) TIMES.set(rest.times);
    return columnsOf(header, rest.pressures && PRESSURES, rest.times && TIMES);
  }
  const columns = new NibbleReader(blob, reader.position);
  readPlaces(columns, header);
  const pressures = hasPressure ? readPressures(columns, n) : null;
  const times = hasTime ? readTimes(columns, n) : null;
  columns.end();
  return columnsOf(header, pressures, times);
}

/** Where the hand went: flat pairs of px from the corner. Raises ProtocolError. */
export function inkSpine(blob: Uint8Array): Float64Array {
  const { xy, count } = readInkPlaces(blob);
  return xy.slice(0, 2 * count);
}

/** Raises ProtocolError. */
export function decodeInk(blob: Uint8Array): Ink {
  const { xy, count, pressures, times, w, h } = readInk(blob);
  const points: InkPoint[] = [];
  for (let i = 0; i < count; i++) {
    points.push({
      x: xy[2 * i] ?? 0,
      y: xy[2 * i + 1] ?? 0,
      pressure: pressures?.[i] ?? null,
      t: times?.[i] ?? null,
    });
  }
  return { points, w, h, hasPressure: pressures !== null, hasTime: times !== null };
}

/** Parts of at most 256 points; each next part repeats the last point of the one before, pressure and all. */
export function splitStroke(points: readonly InkPoint[]): InkPoint[][] {
  const parts: InkPoint[][] = [];
  for (let from = 0; from === 0 || from < points.length - 1; from += INK.max_points - 1) {
    parts.push(points.slice(from, from + INK.max_points));
  }
  return parts;
}
