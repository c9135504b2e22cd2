/**
 * Width and height of a PNG, JPEG or WebP from its header, so that a picture that would fill the memory is never decoded:
 * a few kilobytes can say that they are a gigapixel. Pure.
 */

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Pixels that are decoded at most, and the longest side: what we make ourselves is far smaller. */
export const MOST_PIXELS = 40_000_000;
const LONGEST_SIDE = 16_384;

/** null: not one of these, or broken before its size is told. */
export function imageSize(bytes: Uint8Array): ImageSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return pngSize(view) ?? webpSize(view) ?? jpegSize(view);
  } catch (error) {
    if (error instanceof RangeError) {
      return null;
    }
    throw error;
  }
}

/** Whether a picture may be decoded here. */
export function isDecodable(bytes: Uint8Array): boolean {
  const size = imageSize(bytes);
  return (
    size !== null &&
    size.width > 0 &&
    size.height > 0 &&
    Math.max(size.width, size.height) <= LONGEST_SIDE &&
    size.width * size.height <= MOST_PIXELS
  );
}

/** PNG (W3C), section 11.2.1. */
function pngSize(view: DataView): ImageSize | null {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(12) !== 0x49484452) {
    return null;
  }
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** RFC 9649, section 2. */
function webpSize(view: DataView): ImageSize | null {
  if (view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57454250) {
    return null;
  }
  switch (view.getUint32(12)) {
    case 0x56503858: // VP8X
      return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
    case 0x5650384c: {
      // VP8L
      const bits = view.getUint32(21, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    case 0x56503820: // VP8
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    default:
      return null;
  }
}

const uint24 = (view: DataView, at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;

/** ITU-T T.81, annex B: the first frame header. */
function jpegSize(view: DataView): ImageSize | null {
  if (view.getUint16(0) !== 0xffd8) {
    return null;
  }
  for (let at = 2; ; ) {
    const marker = view.getUint16(at);
    if (marker < 0xff01) {
      return null;
    }
    const kind = marker & 0xff;
    const isFrame = kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc;
    if (isFrame) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
}
