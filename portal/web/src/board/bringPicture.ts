/** A picture from outside made fit for the board: turned upright, made small, written anew without whatever else it held. */

import type { Bytes } from '../core/bytes';
import { t } from '../ui/i18n';
import { isDecodable } from './imageSize';

/** Of the file as it comes. */
const MOST_BYTES = 30 * 1024 * 1024;
/** Of the picture as it is kept: sharp at twice the size of the sheet's half. */
const LONGEST_KEPT_PX = 2_000;
const QUALITY = 0.88;
/** Drawings and letters stay exact while that is not much larger. */
const MOST_EXACT_BYTES = 400_000;

/** Why a picture cannot be brought in, for whoever chose it. */
export class PictureRefused extends Error {}

export interface Brought {
  readonly data: Bytes;
  /** px of the picture as it is kept. */
  readonly width: number;
  readonly height: number;
}

export const isPictureFile = (file: File): boolean => /^image\/(png|jpeg|webp)$/.test(file.type);

/** Raises PictureRefused. Place and camera (EXIF) are gone afterwards: only pixels are copied. */
export async function bringPicture(file: File): Promise<Brought> {
  if (!isPictureFile(file)) {
    throw new PictureRefused(
      t('Only PNG, JPEG and WebP pictures can be put on the board. Save it as one of these first.'),
    );
  }
  if (file.size > MOST_BYTES) {
    throw new PictureRefused(t('This picture is larger than 30 MB. Make it smaller, and try again.'));
  }
  if (!isDecodable(new Uint8Array(await file.arrayBuffer()))) {
    throw new PictureRefused(
      t('This picture is damaged, or has too many pixels. Save it anew in a smaller size, and try again.'),
    );
  }
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => {
    throw new PictureRefused(t('This picture cannot be read.'));
  });
  try {
    const scale = Math.min(1, LONGEST_KEPT_PX / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [
      Math.max(1, Math.round(bitmap.width * scale)),
      Math.max(1, Math.round(bitmap.height * scale)),
    ];
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    if (!context) {
      throw new PictureRefused(t('This browser cannot work with pictures.'));
    }
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    return { data: await encoded(canvas, file.type === 'image/png'), width, height };
  } finally {
    bitmap.close();
  }
}

async function encoded(canvas: HTMLCanvasElement, wantsExact: boolean): Promise<Bytes> {
  const exact = wantsExact ? await blobOf(canvas, 'image/png') : null;
  const blob = exact && exact.size <= MOST_EXACT_BYTES ? exact : await blobOf(canvas, 'image/webp', QUALITY);
  return new Uint8Array(await blob.arrayBuffer());
}

function blobOf(canvas: HTMLCanvasElement, type: string, quality?: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const give = (blob: Blob | null): void =>
      blob ? resolve(blob) : reject(new PictureRefused(t('This picture cannot be read.')));
    canvas.toBlob(give, type, quality);
  });
}
