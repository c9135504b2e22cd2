/** Pages as the portal streams them: `u32 header length, u32 picture length`, header (JSON), picture. */

import type { Bytes } from '../../core/bytes';

export interface PageFrame {
  /** Counted from 1. */
  readonly page: number;
  /** px of the picture; 0 where there is none. */
  readonly width: number;
  readonly height: number;
  /** The beginning of what is written on the page. */
  readonly words: string;
  /** Why there is no picture; '' where there is one. */
  readonly failure: string;
  readonly picture: Bytes;
}

const LENGTHS = 8;
const MOST_HEADER = 8_192;
const MOST_PICTURE = 10 * 1024 * 1024;

/** Raises RangeError for what is no such stream. */
export async function* readFrames(stream: ReadableStream<Uint8Array>): AsyncGenerator<PageFrame, void, undefined> {
  const reader = stream.getReader();
  let held = new Uint8Array(0);
  const fill = async (bytes: number): Promise<boolean> => {
    const parts = [held];
    let length = held.length;
    while (length < bytes) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      parts.push(new Uint8Array(value));
      length += value.length;
    }
    held = joined(parts, length);
    return length >= bytes;
  };
  const take = (bytes: number): Bytes => {
    const taken = held.slice(0, bytes);
    held = held.slice(bytes);
    return taken;
  };
  try {
    while (await fill(LENGTHS)) {
      const lengths = new DataView(take(LENGTHS).buffer);
      const [head, body] = [lengths.getUint32(0), lengths.getUint32(4)];
      if (head > MOST_HEADER || body > MOST_PICTURE || !(await fill(head + body))) {
        throw new RangeError('no whole page');
      }
      yield readFrame(take(head), take(body));
    }
    if (held.length > 0) {
      throw new RangeError('no whole page');
    }
  } finally {
    await reader.cancel();
  }
}

function joined(parts: readonly Uint8Array[], length: number): Bytes {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function readFrame(head: Bytes, picture: Bytes): PageFrame {
  const { page, width, height, words, failure } = JSON.parse(new TextDecoder().decode(head)) as Record<string, unknown>;
  const size = (value: unknown): number => (typeof value === 'number' && value >= 0 && value <= 20_000 ? value : 0);
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    ...{ page: size(page), width: size(width), height: size(height) },
    ...{ words: text(words), failure: text(failure), picture },
  };
}
