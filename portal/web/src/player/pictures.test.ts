import { afterEach, describe, expect, it, vi } from 'vitest';
import { type PictureSource, RecordingPictures } from './pictures';

const ASSET = 'a'.repeat(64);
/** A PNG's beginning: 2 × 3 px. */
const PNG = Uint8Array.from([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 3,
]);
const bitmap = { close: () => undefined } as ImageBitmap;

afterEach(() => vi.unstubAllGlobals());

function answers(...statuses: number[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    const status = statuses.shift() ?? 404;
    return Promise.resolve(
      new Response(status === 200 ? PNG : '', { status, headers: { 'Content-Type': 'image/png' } }),
    );
  });
  return asked;
}

function pictures(source: PictureSource): { own: RecordingPictures; came: Promise<void> } {
  const own = new RecordingPictures(
    () => source,
    () => Promise.resolve(bitmap),
    1,
  );
  return { own, came: new Promise((resolve) => (own.onCome = resolve)) };
}

describe('RecordingPictures', () => {
  it('fetches a picture once, from the recording', async () => {
    const asked = answers(200);
    const { own, came } = pictures({ assets: '/api/recordings/l1/assets', isRunning: false });
    expect(own.picture(ASSET)).toBeNull();
    await came;
    expect(own.picture(ASSET)).toBe(bitmap);
    expect(asked).toEqual([`/api/recordings/l1/assets/${ASSET}`]);
  });

  it('looks again in a running lesson, where a picture may still come', async () => {
    const asked = answers(404, 404, 200);
    const { own, came } = pictures({ assets: '/a', isRunning: true });
    own.picture(ASSET);
    await came;
    expect(own.picture(ASSET)).toBe(bitmap);
    expect(asked).toHaveLength(3);
  });

  it('gives up on one that a finished recording does not have', async () => {
    const asked = answers(404, 200);
    const { own } = pictures({ assets: '/a', isRunning: false });
    own.picture(ASSET);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await Promise.resolve();
    expect(own.picture(ASSET)).toBeNull();
    expect(asked).toHaveLength(1);
  });
});
