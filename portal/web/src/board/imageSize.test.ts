import { expect, test } from 'vitest';
import { imageSize, isDecodable } from './imageSize';

function bytes(length: number, ...parts: readonly [number, readonly number[]][]): Uint8Array {
  const made = new Uint8Array(length);
  for (const [at, values] of parts) made.set(values, at);
  return made;
}

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const png = (width: number[], height: number[]): Uint8Array =>
  bytes(33, [0, [0x89, ...ascii('PNG'), 13, 10, 26, 10]], [12, ascii('IHDR')], [16, width], [20, height]);

test('sizes are read from the headers of PNG, JPEG and WebP', () => {
  expect(imageSize(png([0, 0, 1, 0], [0, 0, 0, 128]))).toEqual({ width: 256, height: 128 });
  const jpeg = bytes(64, [0, [0xff, 0xd8, 0xff, 0xe1, 0, 8]], [12, [0xff, 0xc2, 0, 17, 8, 1, 0, 2, 0]]);
  expect(imageSize(jpeg)).toEqual({ width: 512, height: 256 });
  const riff: [number, number[]][] = [
    [0, ascii('RIFF')],
    [8, ascii('WEBP')],
  ];
  expect(imageSize(bytes(40, ...riff, [12, ascii('VP8X')], [24, [255, 0, 0, 127, 0, 0]]))).toEqual({
    width: 256,
    height: 128,
  });
  expect(imageSize(bytes(40, ...riff, [12, ascii('VP8 ')], [26, [0, 1, 128, 0]]))).toEqual({ width: 256, height: 128 });
  const bits = 255 | (127 << 14);
  const vp8l = [bits & 255, (bits >> 8) & 255, (bits >> 16) & 255, bits >>> 24];
  expect(imageSize(bytes(40, ...riff, [12, ascii('VP8L')], [21, vp8l]))).toEqual({ width: 256, height: 128 });
});

test('a bomb is not decoded, and neither is what tells no size', () => {
  expect(isDecodable(png([0, 0, 0x75, 0x30], [0, 0, 0x75, 0x30]))).toBe(false);
  expect(isDecodable(png([0xff, 0xff, 0xff, 0xff], [0, 0, 0, 1]))).toBe(false);
  expect(isDecodable(png([0, 0, 0, 0], [0, 0, 0, 1]))).toBe(false);
  expect(isDecodable(png([0, 0, 4, 0], [0, 0, 4, 0]))).toBe(true);
  for (let length = 0; length < 40; length += 1) {
    expect(isDecodable(bytes(length, [0, [0xff, 0xd8, 0xff, 0xe0].slice(0, length)]))).toBe(false);
  }
  expect(isDecodable(new TextEncoder().encode('<svg onload="alert(1)"/>'.padEnd(64)))).toBe(false);
});
