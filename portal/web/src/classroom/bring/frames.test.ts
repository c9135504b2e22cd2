import { describe, expect, it } from 'vitest';
import { type PageFrame, readFrames } from './frames';

const HEADER = { page: 3, width: 20, height: 10, words: 'three', failure: '' };

function frame(header: object, picture: readonly number[]): number[] {
  const head = [...new TextEncoder().encode(JSON.stringify(header))];
  return [0, 0, 0, head.length, 0, 0, 0, picture.length, ...head, ...picture];
}

function stream(bytes: readonly number[], chunk: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunk) {
        controller.enqueue(new Uint8Array(bytes.slice(at, at + chunk)));
      }
      controller.close();
    },
  });
}

async function all(bytes: readonly number[], chunk: number): Promise<PageFrame[]> {
  const frames: PageFrame[] = [];
  for await (const each of readFrames(stream(bytes, chunk))) {
    frames.push(each);
  }
  return frames;
}

describe('pages as they are streamed', () => {
  it.each([1, 7, 1000])('are read whatever the pieces of %d bytes in which they come', async (chunk) => {
    const bytes = [...frame(HEADER, [1, 2, 3]), ...frame({ ...HEADER, page: 4, failure: 'too long' }, [])];
    const frames = await all(bytes, chunk);
    expect(frames.map(({ page, failure }) => [page, failure])).toEqual([
      [3, ''],
      [4, 'too long'],
    ]);
    expect([...(frames[0]?.picture ?? [])]).toEqual([1, 2, 3]);
  });

  it('are refused where the stream ends in the middle, or claims too much', async () => {
    await expect(all(frame(HEADER, [1, 2, 3]).slice(0, -1), 9)).rejects.toThrow(RangeError);
    await expect(all([0, 0, 0, 1, 255, 255, 255, 255], 9)).rejects.toThrow(RangeError);
    await expect(all([1, 2, 3], 9)).rejects.toThrow(RangeError);
  });
});
