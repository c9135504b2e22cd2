/** One small picture of the whole page: what stands in for tiles that are not painted yet. */

import { type Box, type Frame, growBox } from './camera';
import type { PaintContext } from './painter';
import { mend, newBitmap, PaintJob, type TileSource } from './paintJob';

const LONGEST_SIDE_PX = 1024;
/** Room on each side, as a share of the longer one. */
const ROOM = 0.15;

interface Picture {
  readonly job: PaintJob;
  readonly box: Box;
  readonly scale: number;
}

export class Overview {
  private shown: Picture | null = null;
  private pending: Picture | null = null;
  private isFresh = false;

  constructor(
    private readonly source: TileSource,
    private readonly now: () => number,
  ) {}

  clear(): void {
    this.shown = null;
    this.invalidate();
  }

  /** The page has changed under the picture; it stays up until the next one is painted. */
  invalidate(): void {
    this.pending = null;
    this.isFresh = false;
  }

  /** The same where only what meets the box has changed: a small part is painted anew at once. */
  repaint(box: Box): void {
    const { shown } = this;
    const canMend = shown !== null && this.isFresh && isInside(box, shown.box);
    if (!canMend || !mend(shown.job.bitmap, frameIn(shown), box, this.source)) {
      this.invalidate();
    }
  }

  /** Paints a shape on top; one that reaches beyond the picture makes it out of date. */
  append(id: string, box: Box): void {
    const picture = this.pending ?? (this.isFresh ? this.shown : null);
    if (!picture || !isInside(box, picture.box)) {
      this.invalidate();
    } else if (picture === this.pending) {
      picture.job.add(id);
    } else {
      this.source.paint(picture.job.bitmap.context, id, picture.scale);
    }
  }

  /** Paints until the deadline (ms on the clock given); true when the picture is that of the page now. */
  work(deadlineMs: number): boolean {
    if (this.isFresh) {
      return true;
    }
    this.pending ??= this.begin();
    if (!this.pending) {
      this.shown = null;
      this.isFresh = true;
      return true;
    }
    for (let leftMs = deadlineMs - this.now(); leftMs > 0; leftMs = deadlineMs - this.now()) {
      if (this.pending.job.step(leftMs)) {
        this.shown = this.pending;
        this.pending = null;
        this.isFresh = true;
        return true;
      }
    }
    return false;
  }

  /** Draws the picture where the frame shows the page; the context is in device px. */
  draw(context: PaintContext, frame: Frame): void {
    if (!this.shown) {
      return;
    }
    const { job, box, scale } = this.shown;
    const { canvas } = job.bitmap;
    const stretch = frame.scale / scale;
    context.drawImage(
      canvas,
      frame.originX + box.minX * frame.scale,
      frame.originY + box.minY * frame.scale,
      canvas.width * stretch,
      canvas.height * stretch,
    );
  }

  private begin(): Picture | null {
    const bounds = this.source.bounds();
    if (!bounds) {
      return null;
    }
    // With room around it, so that what is drawn at its edge does not ask for another picture each time.
    const box = growBox(bounds, ROOM * Math.max(bounds.maxX - bounds.minX, bounds.maxY - bounds.minY));
    const longest = Math.max(1, box.maxX - box.minX, box.maxY - box.minY);
    const scale = Math.min(1, LONGEST_SIDE_PX / longest);
    const width = Math.max(1, Math.ceil((box.maxX - box.minX) * scale));
    const height = Math.max(1, Math.ceil((box.maxY - box.minY) * scale));
    const bitmap = newBitmap(width, height);
    const { originX, originY } = frameIn({ box, scale });
    bitmap.context.setTransform(scale, 0, 0, scale, originX, originY);
    const ids = this.source.inside(box).map((entry) => entry.id);
    return { job: new PaintJob(bitmap, ids, this.source, scale), box, scale };
  }
}

const isInside = (box: Box, outer: Box): boolean =>
  box.minX >= outer.minX && box.minY >= outer.minY && box.maxX <= outer.maxX && box.maxY <= outer.maxY;

/** Where the picture shows the board. */
const frameIn = ({ box, scale }: Pick<Picture, 'box' | 'scale'>): Frame => ({
  scale,
  originX: -box.minX * scale,
  originY: -box.minY * scale,
});
