import { describe, expect, it } from 'vitest';
import type { Bytes } from '../core/bytes';
import { PictureCache } from './pictureCache';

/** A PNG's beginning: 2 × 3 px. */
const PNG: Bytes = Uint8Array.from([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 3,
]);
const bitmap = { width: 2, height: 3, close: () => undefined } as ImageBitmap;

describe('PictureCache', () => {
  it('waits for all pictures of a page, and says whether it had to', async () => {
    const cache = new PictureCache(
      () => Promise.resolve({ data: PNG, mime: 'image/png' }),
      () => undefined,
      () => Promise.resolve(bitmap),
    );
    expect(await cache.whenHere(['a', 'b'])).toBe(true);
    expect(cache.picture('a')).toBe(bitmap);
    expect(cache.picture('b')).toBe(bitmap);
    expect(await cache.whenHere(['a', 'b'])).toBe(false);
    expect(await cache.whenHere([])).toBe(false);
  });

  it('does not wait for what cannot be had', async () => {
    const cache = new PictureCache(
      (asset) => Promise.reject(new Error(asset)),
      () => undefined,
    );
    expect(await cache.whenHere(['gone'])).toBe(true);
    expect(cache.picture('gone')).toBeNull();
    expect(await cache.whenHere(['gone'])).toBe(false);
  });

  it('loads a few at once, and the others when there is a place', async () => {
    const answers: (() => void)[] = [];
    let asked = 0;
    const cache = new PictureCache(
      () => {
        asked += 1;
        return new Promise((resolve) => answers.push(() => resolve({ data: PNG, mime: 'image/png' })));
      },
      () => undefined,
      () => Promise.resolve(bitmap),
    );
    const all = cache.whenHere(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    await Promise.resolve();
    expect(asked).toBe(4);
    const most: number[] = [];
    while (answers.length > 0) {
      most.push(answers.length);
      answers.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(await all).toBe(true);
    expect(asked).toBe(9);
    expect(Math.max(...most)).toBe(4);
  });
});
