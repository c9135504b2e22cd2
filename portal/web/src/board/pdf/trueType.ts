/** What a PDF needs to know of a TrueType font: which glyph a character has, and how wide it is (OpenType 1.9). Pure. */

const WINDOWS = 3;
const UNICODE_BMP = 1;
const UNICODE_FULL = 10;

export interface TrueType {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly unitsPerEm: number;
  /** xMin, yMin, xMax, yMax in font units. */
  readonly box: readonly [number, number, number, number];
  readonly ascent: number;
  readonly descent: number;
  /** Glyph of a character, 0 where the font has none. */
  glyph(char: number): number;
  /** Font units. */
  advance(glyph: number): number;
}

/** Reads one of the fonts that the project ships; of anything else a RangeError may come. */
export function readTrueType(data: Uint8Array<ArrayBuffer>): TrueType {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const tables = new Map<string, number>();
  for (let i = 0; i < view.getUint16(4); i += 1) {
    const at = 12 + 16 * i;
    const name = String.fromCharCode(...data.subarray(at, at + 4));
    tables.set(name, view.getUint32(at + 8));
  }
  const table = (name: string): number => {
    const at = tables.get(name);
    if (at === undefined) {
      throw new RangeError(`the font has no table ${name}`);
    }
    return at;
  };
  const [head, hhea, hmtx] = [table('head'), table('hhea'), table('hmtx')];
  const widths = view.getUint16(hhea + 34);
  const side = (offset: number): number => view.getInt16(head + offset);
  const glyphs = readCharacters(view, table('cmap'));
  return {
    data,
    unitsPerEm: view.getUint16(head + 18),
    box: [side(36), side(38), side(40), side(42)],
    ascent: view.getInt16(hhea + 4),
    descent: view.getInt16(hhea + 6),
    glyph: (char) => glyphs.get(char) ?? 0,
    advance: (glyph) => view.getUint16(hmtx + 4 * Math.min(glyph, widths - 1)),
  };
}

function readCharacters(view: DataView, cmap: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = 0; i < view.getUint16(cmap + 2); i += 1) {
    const record = cmap + 4 + 8 * i;
    const encoding = view.getUint16(record + 2);
    if (view.getUint16(record) !== WINDOWS || (encoding !== UNICODE_BMP && encoding !== UNICODE_FULL)) {
      continue;
    }
    const at = cmap + view.getUint32(record + 4);
    const format = view.getUint16(at);
    if (format === 4) {
      readSegments(view, at, found);
    } else if (format === 12) {
      readGroups(view, at, found);
    }
  }
  return found;
}

/** Format 4. */
function readSegments(view: DataView, at: number, found: Map<number, number>): void {
  const count = view.getUint16(at + 6) / 2;
  for (let i = 0; i < count; i += 1) {
    const last = view.getUint16(at + 14 + 2 * i);
    const first = view.getUint16(at + 16 + 2 * (count + i));
    const delta = view.getUint16(at + 16 + 2 * (2 * count + i));
    const offsetAt = at + 16 + 2 * (3 * count + i);
    const offset = view.getUint16(offsetAt);
    for (let char = first; char <= last && char < 0xffff; char += 1) {
      const own = offset === 0 ? char : view.getUint16(offsetAt + offset + 2 * (char - first));
      const glyph = own === 0 && offset !== 0 ? 0 : (own + delta) & 0xffff;
      if (glyph !== 0) {
        found.set(char, glyph);
      }
    }
  }
}

/** Format 12. */
function readGroups(view: DataView, at: number, found: Map<number, number>): void {
  for (let i = 0; i < view.getUint32(at + 12); i += 1) {
    const group = at + 16 + 12 * i;
    const [first, last, glyph] = [view.getUint32(group), view.getUint32(group + 4), view.getUint32(group + 8)];
    for (let char = first; char <= last; char += 1) {
      found.set(char, glyph + char - first);
    }
  }
}
