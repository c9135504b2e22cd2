import { describe, expect, test } from 'vitest';
import { Doc, Map as YMap } from 'yjs';
import { ProtocolError } from '../../src/core/errors';
import type { ShapeId } from '../../src/core/ids';
import { readFields, readShape, type Shape } from '../../src/core/shape';
import { packStroke, STROKE_FIELD, unpackStroke, withStroke } from '../../src/core/stroke';
import { hex, vectors } from './vectors';

type Json = Readonly<Record<string, unknown>>;
const records = vectors<{
  packed: { name: string; fields: Json; stored: Json }[];
  plain: { name: string; fields: Json }[];
  bad: { why: string; hex: string }[];
  hidden: { why: string; hex: string }[];
}>('records');

const bytesOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'hex' in value ? hex(String(value.hex)) : value;
const fieldsOf = (json: Json): Record<string, unknown> =>
  Object.fromEntries(Object.entries(json).map(([name, value]) => [name, bytesOf(value)]));
const mapOf = (fields: Json): Map<string, unknown> => new Map(Object.entries(fields));
const ID = '00000000000003e9-1' as ShapeId;

/** As fields and as a shared map, whose strokes have a way of their own: both are to read the same. */
function read(fields: Json): Shape | null {
  const shape = readFields(ID, withStroke(mapOf(fields)));
  const shared = new Doc().getMap('shapes').set(ID, new YMap(Object.entries(fields)));
  expect(readShape(ID, shared)).toEqual(shape);
  return shape;
}

describe('stroke records', () => {
  test.each(records.packed)('$name is stored as one field and read as it was', ({ fields, stored }) => {
    const packed = packStroke(fieldsOf(fields));
    expect(packed).toEqual(fieldsOf(stored));
    expect(read(packed)).toEqual(read(fieldsOf(fields)));
    expect(read(packed)).not.toBeNull();
  });
  test.each(records.plain)('$name is stored field by field', ({ fields }) => {
    expect(packStroke(fieldsOf(fields))).toEqual(fieldsOf(fields));
  });
  test.each(records.bad)('bad: $why is read as nothing', ({ hex: text }) => {
    expect(() => unpackStroke(hex(text))).toThrow(ProtocolError);
    expect(read({ [STROKE_FIELD]: hex(text) })).toBeNull();
  });
  test.each(records.hidden)('hidden: $why is read as nothing', ({ hex: text }) => {
    expect(read({ [STROKE_FIELD]: hex(text) })).toBeNull();
  });
  test('a field beside the record is newer', () => {
    const stored = packStroke(fieldsOf(records.packed[0]?.fields ?? {}));
    const beside = { x: 7.25, colour: 'red', erased: true, y: null, constructor: undefined };
    expect(read({ ...stored, ...beside })).toMatchObject({ x: 7.25, y: -3.2, colour: 'red', erased: true });
    expect(withStroke(mapOf(stored)).get('constructor')).toBeUndefined();
  });
});
