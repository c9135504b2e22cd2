import { describe, expect, test } from 'vitest';
import { formatHex } from '../../src/core/bytes';
import { ProtocolError } from '../../src/core/errors';
import { MAIN_PAGE, type ShapeId } from '../../src/core/ids';
import { decodeInk, encodeInk, type InkPoint, inkBox, inkSpine, splitStroke } from '../../src/core/ink';
import { readFields } from '../../src/core/shape';
import { hex, vectors } from './vectors';

type Row = [number, number, number | null, number | null];
const ink = vectors<{
  good: {
    name: string;
    points: Row[];
    x: number;
    y: number;
    hex: string;
    width: number;
    height: number;
    decoded: Row[];
  }[];
  old: { name: string; hex: string; width: number; height: number; decoded: Row[] }[];
  bad: { why: string; hex: string; shown: boolean }[];
  split: { points: number; parts: number[] }[];
}>('ink');

const point = ([x, y, pressure, t]: Row): InkPoint => ({ x, y, pressure, t });

describe('ink vectors', () => {
  test.each(ink.good)('$name', ({ points, x, y, hex: text, width, height, decoded }) => {
    const encoded = encodeInk(points.map(point));
    expect([formatHex(encoded.blob), encoded.x, encoded.y]).toEqual([text, x, y]);
    const read = decodeInk(hex(text));
    expect(read.points).toEqual(decoded.map(point));
    expect([read.w, read.h]).toEqual([width, height]);
    expect(inkBox(hex(text))).toEqual({ w: width, h: height });
    expect([...inkSpine(hex(text))]).toEqual(decoded.flatMap((row) => row.slice(0, 2)));
  });
  test.each(ink.old)('version 1: $name', ({ hex: text, width, height, decoded }) => {
    const read = decodeInk(hex(text));
    expect(read.points).toEqual(decoded.map(point));
    expect([read.w, read.h]).toEqual([width, height]);
    expect(inkBox(hex(text))).toEqual({ w: width, h: height });
    expect([...inkSpine(hex(text))]).toEqual(decoded.flatMap((row) => row.slice(0, 2)));
  });
  test.each(ink.bad)('bad: $why', ({ hex: text, shown }) => {
    expect(() => decodeInk(hex(text))).toThrow(ProtocolError);
    const fields = new Map<string, unknown>([
      ['type', 'draw'],
      ['page', MAIN_PAGE],
      ['x', 1],
      ['y', 2],
      ['ink', hex(text)],
    ]);
    expect(readFields('00000000000003e9-1' as ShapeId, fields) !== null).toBe(shown);
  });
  test.each(ink.split)('a stroke of $points points', ({ points, parts }) => {
    const stroke = Array.from({ length: points }, (_, i) => point([i, i, 1, i]));
    const split = splitStroke(stroke);
    expect(split.map((part) => part.length)).toEqual(parts);
    for (let i = 1; i < split.length; i++) expect(split[i]?.[0]).toBe(split[i - 1]?.at(-1));
  });
});
