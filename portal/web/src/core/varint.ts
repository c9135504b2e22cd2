/** The wire's primitives, reading and writing (protocol.md W1–W4). */
import { type Bytes, decodeUtf8, encodeUtf8, formatHex, ownBytes, parseHex, type SameText } from './bytes';
import { malformed } from './errors';
import type { SessionId } from './ids';

const MAX_VARUINT = Number.MAX_SAFE_INTEGER;
const MAX_ZIGZAG = 2 ** 51;

export class Reader {
  private at = 0;
  private readonly bytes: Bytes;

  constructor(bytes: Uint8Array) {
    this.bytes = ownBytes(bytes);
  }

  /** Made where it is needed: a full board is opened with tens of thousands of readers that need none. */
  private view(): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  get position(): number {
    return this.at;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** A view of the next `n` bytes, not a copy. */
  take(n: number): Bytes {
    if (n > this.remaining) throw malformed('ends early');
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** The bytes between two positions already read. */
  slice(from: number, to: number): Bytes {
    return this.bytes.subarray(from, to);
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw malformed('ends early');
    this.at += 1;
    return byte;
  }

  u16(): number {
    this.take(2);
    return this.view().getUint16(this.at - 2);
  }

  u64(): bigint {
    this.take(8);
    return this.view().getBigUint64(this.at - 8);
  }

  /** W1: canonical LEB128, at most 8 bytes and 2^53 − 1. */
  varuint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0 && i > 0) throw malformed('varuint is not canonical');
        if (value > MAX_VARUINT) throw malformed('varuint is too big');
        return value;
      }
      scale *= 128;
    }
    throw malformed('varuint is too long');
  }

  /** W2. */
  zigzag(): number {
    const coded = this.varuint();
    const value = coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
    if (Math.abs(value) > MAX_ZIGZAG) throw malformed('zigzag is too big');
    return value;
  }

  varbytes(max: number): Bytes {
    const length = this.varuint();
    if (length > max) throw malformed('field is too long');
    return this.take(length);
  }

  /** `same`: where most are the one read before. */
  varstring(maxBytes: number, same?: SameText): string {
    const length = this.varuint();
    if (length > maxBytes) throw malformed('field is too long');
    if (length > this.remaining) throw malformed('ends early');
    this.at += length;
    const from = this.at - length;
    return same ? same.decode(this.bytes, from, this.at) : decodeUtf8(this.bytes, from, this.at);
  }

  session(): SessionId {
    return formatHex(this.take(8)) as SessionId;
  }

  /** W5: nothing may be left over. */
  end(): void {
    if (this.remaining > 0) throw malformed('bytes left over');
  }
}

export class Writer {
  private bytes: Bytes;
  private length = 0;

  constructor(capacity = 64) {
    this.bytes = new Uint8Array(capacity);
  }

  private grow(n: number): number {
    const start = this.length;
    this.length += n;
    if (this.length > this.bytes.length) {
      const bigger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      bigger.set(this.bytes);
      this.bytes = bigger;
    }
    return start;
  }

  raw(bytes: Uint8Array): this {
    // grow first: it may exchange `this.bytes`, which an expression would already have read.
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }

  u8(value: number): this {
    const at = this.grow(1);
    this.bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value & 255);
  }

  u64(value: bigint): this {
    const start = this.grow(8);
    new DataView(this.bytes.buffer).setBigUint64(start, value);
    return this;
  }

  varuint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw malformed('varuint out of range');
    let rest = value;
    while (rest > 127) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    return this.u8(rest);
  }

  zigzag(value: number): this {
    if (!Number.isSafeInteger(value) || Math.abs(value) > MAX_ZIGZAG) throw malformed('zigzag out of range');
    return this.varuint(value >= 0 ? 2 * value : -2 * value - 1);
  }

  varbytes(bytes: Uint8Array): this {
    return this.varuint(bytes.length).raw(bytes);
  }

  varstring(text: string): this {
    return this.varbytes(encodeUtf8(text));
  }

  session(id: SessionId): this {
    return this.raw(parseHex(id));
  }

  finish(): Bytes {
    return this.bytes.slice(0, this.length);
  }
}
