/** Boards taken out: pictures, vector pages, PDF and open JSON, all from the same scene that the screen shows. */

import type { Board } from '../core/board';
import type { PageId } from '../core/ids';
import { rulingSvg } from './backgrounds';
import { type Box, growBox, HOME_BOX, unionBox } from './camera';
import { type FontFile, filesFor, whenFontReady } from './fonts';
import { measureText } from './measure';
import { writeOpen } from './openJson';
import type { Pictures } from './painter';
import { paintPicture } from './picture';
import { type SceneItem, sceneItem, shapeBox, type Theme } from './scene';
import { svgOf } from './svg';

const MARGIN_PX = 24;
/** Twice as sharp as the screen at 100 %, as far as a canvas goes. */
const SHARPNESS = 2;
const LONGEST_SIDE_PX = 8_000;
/** Content farther out than this (board px) is somebody's joke, and would make all else a speck. */
const FARTHEST_PX = 20_000;

export interface OutOptions {
  readonly board: Board;
  readonly theme: Theme;
  readonly pictures: Pictures;
  /** Resolves when the pictures of a page are there to be painted; without it, only those go out that have come. */
  readonly whenPictures?: (page: PageId) => Promise<unknown>;
}

/** Everything on a page, and at least the home sheet. */
export function pageBox(board: Board, page: PageId): Box {
  let box: Box = HOME_BOX;
  for (const shape of board.shapes(page)) {
    const own = shapeBox(shape, measureText);
    const isNear =
      Math.max(Math.abs(own.minX), Math.abs(own.minY), Math.abs(own.maxX), Math.abs(own.maxY)) < FARTHEST_PX;
    box = isNear ? (unionBox(box, growBox(own, MARGIN_PX)) ?? box) : box;
  }
  return box;
}

/** `box`: a part of the page instead of all of it. */
async function pagePicture(
  { board, theme, pictures, whenPictures }: OutOptions,
  page: PageId,
  box = pageBox(board, page),
): Promise<HTMLCanvasElement> {
  await Promise.all([whenFontReady(), whenPictures?.(page)]);
  const [w, h] = [box.maxX - box.minX, box.maxY - box.minY];
  const scale = Math.min(SHARPNESS, LONGEST_SIDE_PX / Math.max(w, h));
  const frame = {
    width: Math.round(w * scale),
    height: Math.round(h * scale),
    scale,
    originX: Math.round(-box.minX * scale),
    originY: Math.round(-box.minY * scale),
  };
  return paintPicture(board, page, frame, null, theme, pictures);
}

export async function pngOf(options: OutOptions, page: PageId, box?: Box): Promise<Blob> {
  const canvas = await pagePicture(options, page, box);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the canvas gave no picture'))), 'image/png');
  });
}

export async function svgBlob({ board, theme, pictures, whenPictures }: OutOptions, page: PageId): Promise<Blob> {
  await Promise.all([whenFontReady(), whenPictures?.(page)]);
  const box = pageBox(board, page);
  const ruling = board.pages().find(({ id }) => id === page)?.background ?? 'plain';
  const items = board.shapes(page).flatMap((shape): SceneItem[] => {
    const item = sceneItem(shape, measureText);
    return item ? [item] : [];
  });
  const svg = svgOf({
    items,
    box,
    theme,
    ruling: rulingSvg(ruling, box, theme),
    fonts: await fontData(items),
    pictureUrl: (asset) => dataUrl(pictures(asset)),
  });
  return new Blob([svg], { type: 'image/svg+xml' });
}

/** All pages as vectors. Rejects where the board's font cannot be fetched. */
export async function pdfBlob(options: OutOptions): Promise<Blob> {
  const [{ pdfOfBoard }] = await Promise.all([import('./pdf/document'), whenFontReady()]);
  return pdfOfBoard({ ...options, boxOf: (page) => pageBox(options.board, page) });
}

export function jsonBlob(board: Board, pictures: ReadonlyMap<string, Uint8Array>): Blob {
  const pages = board.pages().map(({ id, title, background }) => ({ title, background, shapes: board.shapes(id) }));
  return new Blob([writeOpen(pages, pictures)], { type: 'application/json' });
}

/** Hands a file to whoever sits here. */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** How long a download may take to begin. */
const KEPT_MS = 60_000;

async function fontData(items: readonly SceneItem[]): Promise<readonly FontFile[]> {
  const labels = items.flatMap((item) =>
    item.kind === 'text' ? [item] : item.kind === 'figure' && item.label ? [item.label] : [],
  );
  const texts = labels.flatMap(({ lines, bold }) => lines.map(({ text }) => ({ text, bold })));
  try {
    return await Promise.all(filesFor(texts).map(async (file) => ({ ...file, url: await asDataUrl(file.url) })));
  } catch {
    // Offline and not cached: the letters are set in what the reader has.
    return [];
  }
}

async function asDataUrl(url: string): Promise<string> {
  const blob = await (await fetch(url)).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('a font could not be read'));
    reader.readAsDataURL(blob);
  });
}

function dataUrl(picture: CanvasImageSource | null): string | null {
  if (!picture || !('width' in picture) || typeof picture.width !== 'number' || typeof picture.height !== 'number') {
    return null;
  }
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  return canvas.toDataURL('image/png');
}
