/**
 * Small whole numbers in half bytes (board.md "Ink blob"). Twin of `whiteboard_crdt/nibbles.py`.
 *
 * A number is written in groups of three bits, the lowest first, one a nibble; the nibble's top bit says that another
 * group follows. The first nibble of a byte is its upper half. What a hand does from one point to the next, less what was
 * to be expected, mostly fits one nibble, where the smallest varint takes two.
 */
import type { Bytes } from './bytes';
import { malformed } from './errors';

const GROUPS = 15;
export const MAX_NIBBLED = 2 ** (3 * GROUPS) - 1;
/** Up to here bit operations are exact. */
const SHORT_BITS = 30;

function unfold(coded: number): number {
  return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
}

/**
 * What begins with these three nibbles: a signed number and how many of them it takes; 0 where that is more, or wrong. A
 * page seen from afar is two columns each of 20,000 strokes, and a look into a table is faster than bit by bit.
 */
const SHORT = Int16Array.from({ length: 4096 }, (_, three) => {
  const nibbles = [three >> 8, (three >> 4) & 15, three & 15];
  const last = nibbles.findIndex((nibble) => nibble < 8);
  if (last < 0 || (last > 0 && nibbles[last] === 0)) return 0;
  let coded = 0;
  for (let i = last; i >= 0; i--) coded = coded * 8 + ((nibbles[i] ?? 0) & 7);
  return unfold(coded) * 4 + last + 1;
});

export class NibbleReader {
  /** In nibbles. */
  private at: number;

  /** From byte `from` of `bytes`. */
  constructor(
    private readonly bytes: Uint8Array,
    from = 0,
  ) {
    this.at = 2 * from;
  }

  private nibble(): number {
    const byte = this.bytes[this.at >> 1];
    if (byte === undefined) throw malformed('ends early');
    const nibble = this.at & 1 ? byte & 15 : byte >> 4;
    this.at += 1;
    return nibble;
  }

  /** A number from 0 to MAX_NIBBLED, in as few nibbles as it takes. */
  uint(): number {
    let nibble = this.nibble();
    if (nibble < 8) return nibble;
    let value = nibble & 7;
    let bits = 3;
    for (nibble = this.nibble(); nibble > 7; nibble = this.nibble()) {
      value = bits < SHORT_BITS ? value | ((nibble & 7) << bits) : value + (nibble & 7) * 2 ** bits;
      bits += 3;
      if (bits === 3 * GROUPS) throw malformed('a number of too many nibbles');
    }
    if (nibble === 0) throw malformed('a number in more nibbles than it takes');
    return bits < SHORT_BITS ? value | (nibble << bits) : value + nibble * 2 ** bits;
  }

  /** A signed number, folded as in W2. */
  zigzag(): number {
    return unfold(this.uint());
  }

  /** Signed numbers, one after another, into every `step`th place of `into` from `from` on, before `end`. */
  zigzags(into: Float64Array, from: number, step: number, end = into.length): void {
    const { bytes } = this;
    for (let i = from; i < end; i += step) {
      const { at } = this;
      const byte = at >> 1;
      const seen = ((bytes[byte] ?? 255) << 8) | (bytes[byte + 1] ?? 255);
      const short = SHORT[(seen >> (at & 1 ? 0 : 4)) & 4095] ?? 0;
      if (short === 0) into[i] = this.zigzag();
      else {
        this.at = at + (short & 3);
        into[i] = short >> 2;
      }
    }
  }

  /** Nothing may be left but the empty half of the last byte. */
  end(): void {
    if (this.at & 1 && this.nibble() !== 0) throw malformed('bytes left over');
    if (this.at >> 1 !== this.bytes.length) throw malformed('bytes left over');
  }
}

export class NibbleWriter {
  private readonly nibbles: number[] = [];

  uint(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > MAX_NIBBLED) throw malformed('number out of range');
    let rest = value;
    while (rest > 7) {
      this.nibbles.push(8 + (rest % 8));
      rest = Math.floor(rest / 8);
    }
    this.nibbles.push(rest);
  }

  zigzag(value: number): void {
    this.uint(value >= 0 ? 2 * value : -2 * value - 1);
  }

  /** An odd number of nibbles ends with an empty one. */
  finish(): Bytes {
    const bytes = new Uint8Array((this.nibbles.length + 1) >> 1);
    for (const [i, nibble] of this.nibbles.entries())
      bytes[i >> 1] = (bytes[i >> 1] ?? 0) | (i & 1 ? nibble : nibble << 4);
    return bytes;
  }
}
