/** Byte strings and their text forms. */
import { malformed } from './errors';

/** Bytes over a plain ArrayBuffer: what WebCrypto, sockets and data channels take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Narrows a library's Uint8Array; copies only in the odd case of shared memory. */
export function ownBytes(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function formatHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}

export function parseHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw malformed('not lower-case hex');
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function formatBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Strict: no padding, no other alphabet, no stray bits in the last character. */
export function parseBase64Url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw malformed('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  if (formatBase64Url(out) !== text) throw malformed('base64url is not canonical');
  return out;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const encodeUtf8 = (text: string): Bytes => ownBytes(encoder.encode(text));

/** Names and keys are this short; a full board has tens of thousands of them, and the decoder is slow to start. */
const SHORT = 24;

function shortAscii(bytes: Uint8Array, from: number, to: number): string | null {
  let text = '';
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 128;
    if (byte > 127) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The bytes from `from` to `to`, within `bytes`. No view of them is made where they are few. */
export function decodeUtf8(bytes: Uint8Array, from = 0, to = bytes.length): string {
  const ascii = to - from <= SHORT ? shortAscii(bytes, from, to) : null;
  if (ascii !== null) return ascii;
  try {
    return decoder.decode(bytes.subarray(from, to));
  } catch {
    throw malformed('not UTF-8');
  }
}

/** Reads texts most of which are the one before: the page or colour of a full board's strokes is one string, not 20,000. */
export class SameText {
  private text = '';

  /** As `decodeUtf8`. */
  decode(bytes: Uint8Array, from: number, to: number): string {
    if (!this.isSame(bytes, from, to)) {
      const text = decodeUtf8(bytes, from, to);
      // As many letters as bytes: all of them ASCII, so that bytes and letters can be compared.
      this.text = text.length === to - from ? text : '';
      return text;
    }
    return this.text;
  }

  private isSame(bytes: Uint8Array, from: number, to: number): boolean {
    const { text } = this;
    if (text.length !== to - from) return false;
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
    return true;
  }
}
