/**
 * A stroke's fields as it was drawn, packed into one (board.md "Stroke record"). Twin of `whiteboard_crdt/stroke.py`.
 *
 * A shared map costs some 25 bytes and a tenth of a kilobyte of memory a field, and most strokes are never changed: one
 * field in place of nine makes a full board open several times faster.
 */
import { encodeUtf8, SameText } from './bytes';
import { malformed, ProtocolError } from './errors';
import type { FieldSource } from './fields';
import { Reader, Writer } from './varint';

export const STROKE_FIELD = 'stroke';
const VERSION = 1;
const KINDS = ['draw', 'highlight'] as const;
const TEXT_BYTES = 64;
const UNITS = 10;
const FARTHEST10 = 2 ** 50;

/** What a record holds: the fields of an unchanged stroke. */
export interface StrokeFields {
  readonly type: (typeof KINDS)[number];
  readonly page: string;
  readonly index: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  readonly size: number;
  readonly created_ms: number;
  readonly ink: Uint8Array;
}

const PACKED: ReadonlySet<string> = new Set<keyof StrokeFields>([
  'type',
  'page',
  'index',
  'x',
  'y',
  'colour',
  'size',
  'created_ms',
  'ink',
]);

/**
 * Fields of a new shape as they are stored: those of a stroke in one, all others as they are. A stroke that does not lie
 * on tenths of a px, or whose fields are no stroke's, is stored field by field.
 */
export function packStroke(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { type, page, index, x, y, colour, size, created_ms, ink } = fields;
  const kind = KINDS.indexOf(type as StrokeFields['type']);
  const [x10, y10, size10] = [tenths(x), tenths(y), tenths(size)];
  const created = Number.isSafeInteger(created_ms) ? (created_ms as number) : -1;
  const texts = [page, index, colour];
  const isStroke = kind >= 0 && ink instanceof Uint8Array && texts.every(isShort);
  if (!isStroke || x10 === null || y10 === null || size10 === null || size10 < 0 || created < 0) return fields;
  const record = new Writer(ink.length + 64)
    .u8(VERSION)
    .u8(kind)
    .varstring(page as string)
    .varstring(index as string)
    .zigzag(x10)
    .zigzag(y10)
    .varstring(colour as string)
    .varuint(size10)
    .varuint(created)
    .raw(ink)
    .finish();
  const beside = Object.entries(fields).filter(([name]) => !PACKED.has(name));
  return Object.fromEntries([[STROKE_FIELD, record], ...beside]);
}

const samePage = new SameText();
const sameColour = new SameText();

/** Raises ProtocolError. Whether its ink can be shown is for whoever reads that. */
export function unpackStroke(record: Uint8Array): StrokeFields {
  const reader = new Reader(record);
  const version = reader.u8();
  const type = KINDS[reader.u8()];
  if (version !== VERSION || type === undefined) throw malformed('record of a stroke');
  const page = reader.varstring(TEXT_BYTES, samePage);
  const index = reader.varstring(TEXT_BYTES);
  const x = reader.zigzag() / UNITS;
  const y = reader.zigzag() / UNITS;
  const colour = reader.varstring(TEXT_BYTES, sameColour);
  const size = reader.varuint() / UNITS;
  const created_ms = reader.varuint();
  const ink = reader.take(reader.remaining);
  return { type, page, index, x, y, colour, size, created_ms, ink };
}

/** The fields of a shape with those in its record, if it has one. A field beside the record is newer, and holds. */
export function withStroke(record: FieldSource): FieldSource {
  const packed = record.get(STROKE_FIELD);
  if (!(packed instanceof Uint8Array)) return record;
  try {
    const drawn = unpackStroke(packed);
    return {
      get: (field) => record.get(field) ?? (PACKED.has(field) ? drawn[field as keyof StrokeFields] : undefined),
    };
  } catch (error) {
    // Of a later version, or none at all: what stands beside it is all there is.
    if (error instanceof ProtocolError) return record;
    throw error;
  }
}

/** Tenths that give the same number back; null for anything else. */
function tenths(value: unknown): number | null {
  if (typeof value !== 'number' || !(Math.abs(value) < FARTHEST10 / UNITS)) return null;
  const whole = Math.round(value * UNITS);
  return whole / UNITS === value ? whole : null;
}

const isShort = (text: unknown): boolean => typeof text === 'string' && encodeUtf8(text).length <= TEXT_BYTES;
