/** Columns of ink blobs of version 1, as recordings and boards of before hold them. They are read, never written. */
import { malformed } from './errors';
import { Reader } from './varint';

export const VERSION = 1;
const UNITS_PER_PX = 10;
const LARGEST = 2 ** 48;

/** One column by hand: a page seen from afar is 20,000 of these. Differences of small strokes take one or two bytes. */
function readColumn(
  blob: Uint8Array,
  from: number,
  flat: Float64Array,
  column: number,
  n: number,
  extent: number,
): number {
  let at = from;
  let value = 0;
  for (let i = column; i < 2 * n; i += 2) {
    let coded = blob[at++] ?? 128;
    if (coded > 127) {
      let scale = 128;
      let byte = 128;
      coded -= 128;
      for (; byte > 127; scale *= 128) {
        if (at >= blob.length || scale > LARGEST) throw malformed('ink column');
        byte = blob[at++] ?? 0;
        coded += (byte & 127) * scale;
      }
      if (byte === 0) throw malformed('varuint is not canonical');
    }
    value += i === column ? coded : coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
    if (value < 0 || value > extent) throw malformed('ink point outside its box');
    flat[i] = value / UNITS_PER_PX;
  }
  return at;
}

/** Fills `n` pairs of px from the corner; returns where the columns end. Raises ProtocolError. */
export function readColumns(
  blob: Uint8Array,
  from: number,
  flat: Float64Array,
  { n, w10, h10 }: { readonly n: number; readonly w10: number; readonly h10: number },
): number {
  return readColumn(blob, readColumn(blob, from, flat, 0, n, w10), flat, 1, n, h10);
}

/** What follows the places. Raises ProtocolError. */
export function readRest(
  rest: Uint8Array,
  n: number,
  hasPressure: boolean,
  hasTime: boolean,
): { pressures: Uint8Array | null; times: number[] | null } {
  const reader = new Reader(rest);
  const pressures = hasPressure ? reader.take(n) : null;
  const times: number[] = [];
  let t = 0;
  for (let i = 0; hasTime && i < n; i++) {
    t += reader.varuint();
    times.push(t);
  }
  reader.end();
  return { pressures, times: hasTime ? times : null };
}
