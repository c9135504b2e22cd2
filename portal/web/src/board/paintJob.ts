/** A bitmap being painted shape by shape, in slices, so that no frame waits for a whole page. */

import type { Box } from './camera';
import type { PaintContext } from './painter';
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

export class PaintJob {
  private next = 0;

  /** The bitmap's context must be in board px already. */
  constructor(
    readonly bitmap: Bitmap,
    private readonly ids: readonly string[],
    private readonly source: TileSource,
    private readonly scale: number,
  ) {}

  /** Paints a few shapes; true when all are painted. */
  step(): boolean {
    const end = Math.min(this.ids.length, this.next + SHAPES_A_SLICE);
    for (; this.next < end; this.next += 1) {
      this.source.paint(this.bitmap.context, this.ids[this.next] ?? '', this.scale);
    }
    return this.next >= this.ids.length;
  }
}
