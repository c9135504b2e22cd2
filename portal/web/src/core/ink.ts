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

/** Every second number of `flat` from `first` on, px. */
function readColumn(reader: NibbleReader, flat: Float64Array, first: number, extent: number): void {
  let value = reader.uint();
  let way = 0;
  reader.zigzags(flat, first + 2, 2);
  for (let i = first; i < flat.length; i += 2) {
    if (i > first) {
      way += flat[i] ?? 0;
      value += way;
    }
    if (value < 0 || value > extent) throw malformed('ink point outside its box');
    flat[i] = value / INK.units_per_px;
  }
}

function readPressures(reader: NibbleReader, n: number): number[] {
  const pressures: number[] = [];
  let pressure = 0;
  for (let i = 0; i < n; i++) {
    pressure += reader.zigzag();
    if (pressure < 0 || pressure > 255) throw malformed('ink pressure');
    pressures.push(pressure);
  }
  return pressures;
}

function readTimes(reader: NibbleReader, n: number): number[] {
  const times = [0];
  let t = 0;
  let wait = 0;
  for (let i = 1; i < n; i++) {
    wait += reader.zigzag();
    if (wait < 0 || wait > LONGEST_MS) throw malformed('time between two points');
    t += wait;
    times.push(t);
  }
  return times;
}

/** Where the hand went: flat pairs of px from the corner, and nothing else decoded. Raises ProtocolError. */
export function inkSpine(blob: Uint8Array): Float64Array {
  const reader = new Reader(blob);
  const header = readHeader(reader);
  const flat = new Float64Array(2 * header.n);
  if (header.version === inkV1.VERSION) inkV1.readColumns(blob, reader.position, flat, header);
  else readPlaces(new NibbleReader(blob, reader.position), flat, header);
  return flat;
}

function readPlaces(reader: NibbleReader, flat: Float64Array, { w10, h10 }: Header): void {
  readColumn(reader, flat, 0, w10);
  readColumn(reader, flat, 1, h10);
}

/** Raises ProtocolError. */
export function decodeInk(blob: Uint8Array): Ink {
  const reader = new Reader(blob);
  const header = readHeader(reader);
  const { n, flags } = header;
  const hasPressure = (flags & PRESSURE) !== 0;
  const hasTime = (flags & TIME) !== 0;
  const flat = new Float64Array(2 * n);
  let pressures: ArrayLike<number> | null = null;
  let times: readonly number[] | null = null;
  if (header.version === inkV1.VERSION) {
    const end = inkV1.readColumns(blob, reader.position, flat, header);
    ({ pressures, times } = inkV1.readRest(blob.subarray(end), n, hasPressure, hasTime));
  } else {
    const columns = new NibbleReader(blob, reader.position);
    readPlaces(columns, flat, header);
    if (hasPressure) pressures = readPressures(columns, n);
    if (hasTime) times = readTimes(columns, n);
    columns.end();
  }
  const points: InkPoint[] = [];
  for (let i = 0; i < n; i++) {
    points.push({
      x: flat[2 * i] ?? 0,
      y: flat[2 * i + 1] ?? 0,
      pressure: pressures?.[i] ?? null,
      t: times?.[i] ?? null,
    });
  }
  return { points, w: header.w10 / INK.units_per_px, h: header.h10 / INK.units_per_px, hasPressure, hasTime };
}

/** Parts of at most 256 points; each next part repeats the last point of the one before, pressure and all. */
export function splitStroke(points: readonly InkPoint[]): InkPoint[][] {
  const parts: InkPoint[][] = [];
  for (let from = 0; from === 0 || from < points.length - 1; from += INK.max_points - 1) {
    parts.push(points.slice(from, from + INK.max_points));
  }
  return parts;
}
