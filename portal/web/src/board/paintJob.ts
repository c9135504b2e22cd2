/** A bitmap being painted shape by shape, in slices, so that no frame waits for a whole page. */

import type { Box, Frame } from './camera';
import { OUTLINE_MIN_SCALE, type PaintContext } from './painter';
import type { Entry } from './spatial';

/** What pictures of a page are painted from. */
export interface TileSource {
  /** Entries that meet the box, in painting order. */
  inside(box: Box): readonly Entry[];
  /** The box around everything, or null for an empty page. */
  bounds(): Box | null;
  /** Paints one shape; the context is in board px. */
  paint(context: PaintContext, id: string, scale: number): void;
}

export interface Bitmap {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
}

export function newBitmap(width: number, height: number): Bitmap {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) {
    throw new Error('this browser has no 2D canvas');
  }
  return { canvas, context };
}

/** A rectangle of whole device px. */
export interface PxRect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** So many shapes are painted anew at once; where there are more, the whole bitmap is, in slices. */
const FEW_SHAPES = 80;

/**
 * Paints one box (board px) of a finished bitmap anew; false where too much meets it. `frame` says where the bitmap shows
 * the board. The clip lies on whole px, so that what is painted meets what stands around it without a seam.
 */
export function mend({ canvas, context }: Bitmap, frame: Frame, box: Box, source: TileSource): boolean {
  const { scale, originX, originY } = frame;
  const left = Math.max(0, Math.floor(originX + box.minX * scale));
  const top = Math.max(0, Math.floor(originY + box.minY * scale));
  const right = Math.min(canvas.width, Math.ceil(originX + box.maxX * scale));
  const bottom = Math.min(canvas.height, Math.ceil(originY + box.maxY * scale));
  if (right <= left || bottom <= top) {
    return true;
  }
  const entries = source.inside({
    minX: (left - originX) / scale,
    minY: (top - originY) / scale,
    maxX: (right - originX) / scale,
    maxY: (bottom - originY) / scale,
  });
  if (entries.length > FEW_SHAPES) {
    return false;
  }
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.clearRect(left, top, right - left, bottom - top);
  context.setTransform(scale, 0, 0, scale, originX, originY);
  for (const { id } of entries) {
    source.paint(context, id, scale);
  }
  context.restore();
  return true;
}

/** Reading the clock costs about as much as a thinned stroke, so it is read once for several shapes. */
const SHAPES_A_SLICE = 8;
/**
 * A canvas only notes what is drawn and paints it when somebody looks: after so many shapes one px is looked at, or all
 * of a tile would be painted in the frame that shows it first, 30 ms and more.
 */
const OUTLINES_A_LOOK = 24;
/** Thinned lines cost a tenth of outlines; each look costs a copy of the bitmap when painting goes on. */
const LINES_A_LOOK = 480;
/** With more time left than this, ms, it is looked at a quarter as often. */
const MUCH_TIME_MS = 12;
let eye: OffscreenCanvasRenderingContext2D | null | undefined;

/** Has what was drawn on a bitmap painted now. */
function look(bitmap: Bitmap): void {
  eye ??= new OffscreenCanvas(1, 1).getContext('2d');
  eye?.drawImage(bitmap.canvas, 0, 0, 1, 1, 0, 0, 1, 1);
}

export class PaintJob {
  private next = 0;
  private looked = 0;
  private readonly ids: string[];

  /** The bitmap's context must be in board px already. */
  constructor(
    readonly bitmap: Bitmap,
    ids: readonly string[],
    private readonly source: TileSource,
    private readonly scale: number,
  ) {
    this.ids = [...ids];
  }

  /** One more on top of all, which came meanwhile. */
  add(id: string): void {
    this.ids.push(id);
  }

  /** Paints a few shapes; true when all are painted. `leftMs`: until somebody waits for the frame. */
  step(leftMs: number): boolean {
    const end = Math.min(this.ids.length, this.next + SHAPES_A_SLICE);
    for (; this.next < end; this.next += 1) {
      this.source.paint(this.bitmap.context, this.ids[this.next] ?? '', this.scale);
    }
    const isDone = this.next >= this.ids.length;
    const most = this.scale < OUTLINE_MIN_SCALE ? LINES_A_LOOK : OUTLINES_A_LOOK;
    if (isDone || this.next - this.looked >= (leftMs > MUCH_TIME_MS ? 4 * most : most)) {
      this.looked = this.next;
      look(this.bitmap);
    }
    return isDone;
  }
}
