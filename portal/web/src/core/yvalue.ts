/** The numbers, strings and values inside Yjs updates, read only to know that they are well-formed and within limits. */
import { type Bytes, decodeUtf8 } from './bytes';
import { ProtocolError, UpdateRefused } from './errors';
import type { UpdateLimits } from './limits';

export const refuse = (reason: string): UpdateRefused => new UpdateRefused('P1', reason);

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

export class UpdateReader {
  at = 0;
  private values = 0;

  constructor(
    readonly bytes: Bytes,
    readonly limits: UpdateLimits,
  ) {}

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw refuse('ends early');
    this.at += 1;
    return byte;
  }

  varuint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0 && i > 0) throw refuse('varint is not canonical');
        if (value > MAX_INTEGER) throw refuse('varint is too big');
        return value;
      }
      scale *= 128;
    }
    throw refuse('varint is too long');
  }

  skip(n: number): void {
    if (n > this.remaining) throw refuse('ends early');
    this.at += n;
  }

  text(): string {
    const length = this.varuint();
    if (length > this.limits.string) throw refuse('string is too long');
    this.skip(length);
    try {
      return decodeUtf8(this.bytes.subarray(this.at - length, this.at));
    } catch (error) {
      if (error instanceof ProtocolError) throw refuse('string is not UTF-8');
      throw error;
    }
  }

  /** A JSON text of an old content kind; yjs would throw on a bad one after it began to apply. */
  json(undefinedToo: boolean): void {
    const text = this.text();
    if (undefinedToo && text === 'undefined') return;
    this.values += 1 + text.split(',').length - 1;
    if (this.values > this.limits.values || nesting(text) > this.limits.depth) throw refuse('deep or many values');
    try {
      JSON.parse(text);
    } catch {
      throw refuse('JSON');
    }
  }

  client(): number {
    const client = this.varuint();
    if (client > this.limits.client) throw refuse('client id');
    return client;
  }

  clock(): number {
    const clock = this.varuint();
    if (clock > this.limits.clock) throw refuse('clock');
    return clock;
  }

  /** A number of things that take at least one byte each. */
  count(): number {
    const n = this.varuint();
    if (n > this.remaining) throw refuse('count');
    return n;
  }

  /** lib0's signed varint: six bits in the first byte; eight bytes hold all that a number can. */
  private varint(): void {
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      if (byte === 0 && i > 0) throw refuse('varint is not canonical');
      if (byte < 128) return;
    }
    throw refuse('varint is too long');
  }

  /** lib0's "any". */
  any(depth: number): void {
    this.values += 1;
    if (depth > this.limits.depth || this.values > this.limits.values) throw refuse('deep or many values');
    const tag = this.u8();
    switch (tag) {
      case 127: // undefined
      case 126: // null
      case 121: // false
      case 120: // true
        return;
      case 125:
        this.varint();
        return;
      case 124:
        this.skip(4);
        return;
      case 123:
      case 122:
        this.skip(8);
        return;
      case 119:
        this.text();
        return;
      case 118:
        for (let n = this.count(); n > 0; n--) {
          this.text();
          this.any(depth + 1);
        }
        return;
      case 117:
        for (let n = this.count(); n > 0; n--) this.any(depth + 1);
        return;
      case 116:
        this.skip(this.varuint());
        return;
      default:
        throw refuse('kind of value');
    }
  }

  /** Kind of a shared type: 0 array, 1 map, 2 text, 3 to 6 XML. */
  sharedType(): number {
    const type = this.varuint();
    if (type > 6) throw refuse('kind of a shared type');
    if (type === 3 || type === 5) this.text();
    return type;
  }

  /** The content of an item that is neither text nor shared type; returns how many clocks it takes. */
  content(kind: number): number {
    switch (kind) {
      case 1:
        return this.clock();
      case 2: {
        const n = this.count();
        for (let i = 0; i < n; i++) this.json(true);
        return n;
      }
      case 3:
        this.skip(this.varuint());
        return 1;
      case 5:
        this.json(false);
        return 1;
      case 6:
        this.text();
        this.json(false);
        return 1;
      case 8: {
        const n = this.count();
        for (let i = 0; i < n; i++) this.any(0);
        return n;
      }
      default:
        // 9 is a subdocument, 11 a move: no document of ours has them (P2).
        throw refuse('kind of content');
    }
  }
}

/** Depth of brackets outside strings. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[{]|[\]}]/gs)) {
    if (part === '[' || part === '{') deepest = Math.max(deepest, ++depth);
    else if (part === ']' || part === '}') depth -= 1;
  }
  return deepest;
}
