/** A bitmap being painted shape by shape, in slices, so that no frame waits for a whole page. */

import type { Box } from './camera';
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

/** Reading the clock costs about as much as a thinned stroke, so it is read once for several shapes. */
const SHAPES_A_SLICE = 8;
/**
 * A canvas only notes what is drawn and paints it when somebody looks: after so many shapes one px is looked at, or all
 * of a tile would be painted in the frame that shows it first, 30 ms and more.
 */
const OUTLINES_A_LOOK = 48;
/** Thinned lines cost a tenth of outlines; each look costs a copy of the bitmap when painting goes on. */
const LINES_A_LOOK = 480;
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

  /** Paints a few shapes; true when all are painted. */
  step(): boolean {
    const end = Math.min(this.ids.length, this.next + SHAPES_A_SLICE);
    for (; this.next < end; this.next += 1) {
      this.source.paint(this.bitmap.context, this.ids[this.next] ?? '', this.scale);
    }
    const isDone = this.next >= this.ids.length;
    const most = this.scale < OUTLINE_MIN_SCALE ? LINES_A_LOOK : OUTLINES_A_LOOK;
    if (isDone || this.next - this.looked >= most) {
      this.looked = this.next;
      look(this.bitmap);
    }
    return isDone;
  }
}
