/**
 * The settled picture of a page, as bitmaps of 512 device px at the exact zoom.
 *
 * Panning only blits tiles at whole pixels; a new stroke is painted into the tiles that it crosses; anything else repaints
 * those tiles in slices, in a fresh bitmap that takes the old one's place when it is done. While zooming, the tiles of the
 * last zoom are stretched over an overview of the whole page. Painting redrawn outlines each frame misses 60 Hz at about
 * 1,000 strokes; this does not depend on their number. Nothing here touches the DOM, so that it can run in a worker.
 */

import { type Box, boxesMeet, type Frame } from './camera';
import { Overview } from './overview';
import type { PaintContext } from './painter';
import { type Bitmap, newBitmap, PaintJob, type TileSource } from './paintJob';

export const TILE_PX = 512;

interface Tile {
  readonly column: number;
  readonly row: number;
  /** What is shown; an empty tile needs no bitmap. */
  bitmap: Bitmap | null;
  /** The content is that of the page now. */
  isFresh: boolean;
  /** Was painted once, so that it may be shown though it is not fresh. */
  isShown: boolean;
  /** A repaint under way. */
  job: PaintJob | null;
}

interface Generation {
  readonly scale: number;
  readonly tiles: Map<string, Tile>;
}

/** Tiles kept beside the visible ones; each is one megabyte. */
const SPARE_TILES = 24;
/** How far around the frame tiles are painted before they are seen, device px. */
const AROUND_PX = 256;

export class TileLayer {
  private current: Generation = { scale: 0, tiles: new Map() };
  private stale: Generation | null = null;
  private fallback: Bitmap | null = null;
  private readonly overview: Overview;

  /** `now` in ms, from any origin. */
  constructor(
    private readonly source: TileSource,
    private readonly now: () => number,
  ) {
    this.overview = new Overview(source, now);
  }

  get scale(): number {
    return this.current.scale;
  }

  /** Nothing of this page has been shown yet. */
  get isBlank(): boolean {
    return this.stale === null && ![...this.current.tiles.values()].some((tile) => tile.isShown);
  }

  /** Chooses the zoom at which tiles are painted; the old ones stay as a stand-in until the new ones are there. */
  settle(scale: number): void {
    if (scale === this.current.scale) {
      return;
    }
    if (!this.isBlank) {
      this.stale = this.current;
    }
    this.current = { scale, tiles: new Map() };
  }

  /** Forgets every picture: another page. `keepShown` leaves the old picture up until it is repainted. */
  reset(keepShown: boolean): void {
    if (keepShown) {
      this.overview.invalidate();
      for (const tile of this.current.tiles.values()) {
        tile.isFresh = false;
        tile.job = null;
      }
      return;
    }
    this.overview.clear();
    this.stale = null;
    this.current = { scale: this.current.scale, tiles: new Map() };
  }

  /** Paints a shape that lies over everything there is in its box into the tiles that show it. */
  append(id: string, box: Box): void {
    this.overview.append(id, box);
    for (const tile of this.current.tiles.values()) {
      if (!boxesMeet(this.boxOf(tile), box)) {
        continue;
      }
      if (!tile.isFresh) {
        tile.job = null;
        continue;
      }
      tile.bitmap ??= newBitmap(TILE_PX, TILE_PX);
      this.enter(tile.bitmap.context, tile);
      this.source.paint(tile.bitmap.context, id, this.current.scale);
    }
  }

  /** Marks what lies in the box for repainting. */
  invalidate(box: Box): void {
    this.overview.repaint(box);
    for (const tile of this.current.tiles.values()) {
      if (boxesMeet(this.boxOf(tile), box)) {
        tile.isFresh = false;
        tile.job = null;
      }
    }
  }

  /** Paints what the frame shows and is not fresh, for about `budgetMs`. True when all of it is. */
  work(frame: Frame, width: number, height: number, budgetMs: number): boolean {
    if (frame.scale !== this.current.scale) {
      return true;
    }
    const deadlineMs = this.now() + budgetMs;
    const wanted = this.visible(frame, width, height);
    for (const tile of wanted) {
      while (!tile.isFresh) {
        this.step(tile);
        if (this.now() >= deadlineMs && !wanted.every((each) => each.isFresh)) {
          return false;
        }
      }
    }
    this.stale = null;
    this.trim(wanted);
    return true;
  }

  /** Paints tiles around the frame, where it may go next, and the stand-in of the next zoom. True when all is there. */
  workAhead(frame: Frame, width: number, height: number, budgetMs: number): boolean {
    const deadlineMs = this.now() + budgetMs;
    if (frame.scale === this.current.scale) {
      for (const tile of this.visible(frame, width, height, AROUND_PX)) {
        while (!tile.isFresh) {
          if (this.now() >= deadlineMs) {
            return false;
          }
          this.step(tile);
        }
      }
    }
    return this.overview.work(deadlineMs);
  }

  /** Draws the page onto a canvas of `width` × `height` device px. The context must be in device px. */
  compose(context: CanvasRenderingContext2D, frame: Frame, width: number, height: number): void {
    if (frame.scale !== this.current.scale) {
      context.drawImage(this.stretched(frame, width, height, this.current), 0, 0);
      return;
    }
    const missing: Tile[] = [];
    for (const tile of this.visible(frame, width, height)) {
      if (!tile.isShown) {
        missing.push(tile);
      } else if (tile.bitmap) {
        const x = frame.originX + tile.column * TILE_PX;
        const y = frame.originY + tile.row * TILE_PX;
        context.drawImage(tile.bitmap.canvas, x, y);
      }
    }
    if (missing.length > 0) {
      const picture = this.stretched(frame, width, height, this.stale);
      for (const tile of missing) {
        const left = Math.max(0, frame.originX + tile.column * TILE_PX);
        const top = Math.max(0, frame.originY + tile.row * TILE_PX);
        const w = Math.min(width, frame.originX + (tile.column + 1) * TILE_PX) - left;
        const h = Math.min(height, frame.originY + (tile.row + 1) * TILE_PX) - top;
        if (w > 0 && h > 0) {
          context.drawImage(picture, left, top, w, h, left, top, w, h);
        }
      }
    }
  }

  /** The stand-in for sharp tiles: the overview, and over it the tiles of another zoom, stretched. */
  private stretched(frame: Frame, width: number, height: number, generation: Generation | null): OffscreenCanvas {
    if (this.fallback?.canvas.width !== width || this.fallback.canvas.height !== height) {
      this.fallback = newBitmap(width, height);
    }
    const { canvas, context } = this.fallback;
    context.clearRect(0, 0, width, height);
    this.overview.draw(context, frame);
    if (generation && generation.scale > 0) {
      const size = (TILE_PX * frame.scale) / generation.scale;
      for (const tile of generation.tiles.values()) {
        const x = frame.originX + tile.column * size;
        const y = frame.originY + tile.row * size;
        if (tile.isShown && x < width && y < height && x + size > 0 && y + size > 0) {
          context.clearRect(x, y, size, size);
          if (tile.bitmap) {
            context.drawImage(tile.bitmap.canvas, x, y, size, size);
          }
        }
      }
    }
    return canvas;
  }

  private visible(frame: Frame, width: number, height: number, around = 0): Tile[] {
    const tiles: Tile[] = [];
    const lastColumn = Math.floor((width + around - 1 - frame.originX) / TILE_PX);
    const lastRow = Math.floor((height + around - 1 - frame.originY) / TILE_PX);
    for (let row = Math.floor((-frame.originY - around) / TILE_PX); row <= lastRow; row += 1) {
      for (let column = Math.floor((-frame.originX - around) / TILE_PX); column <= lastColumn; column += 1) {
        const key = `${column}:${row}`;
        let tile = this.current.tiles.get(key);
        if (!tile) {
          tile = { column, row, bitmap: null, isFresh: false, isShown: false, job: null };
          this.current.tiles.set(key, tile);
        }
        tiles.push(tile);
      }
    }
    return tiles;
  }

  /** One slice of a tile's repaint. */
  private step(tile: Tile): void {
    if (!tile.job) {
      const ids = this.source.inside(this.boxOf(tile)).map((entry) => entry.id);
      if (ids.length === 0) {
        tile.bitmap = null;
        tile.isFresh = true;
        tile.isShown = true;
        return;
      }
      const bitmap = newBitmap(TILE_PX, TILE_PX);
      this.enter(bitmap.context, tile);
      tile.job = new PaintJob(bitmap, ids, this.source, this.current.scale);
    }
    if (tile.job.step()) {
      tile.bitmap = tile.job.bitmap;
      tile.job = null;
      tile.isFresh = true;
      tile.isShown = true;
    }
  }

  /** Drops the tiles that came first and are not wanted now. */
  private trim(wanted: readonly Tile[]): void {
    const { tiles } = this.current;
    const limit = wanted.length + SPARE_TILES;
    const keep = new Set(wanted);
    for (const [key, tile] of tiles) {
      if (tiles.size <= limit) {
        return;
      }
      if (!keep.has(tile)) {
        tiles.delete(key);
      }
    }
  }

  private enter(context: PaintContext, tile: Tile): void {
    const { scale } = this.current;
    context.setTransform(scale, 0, 0, scale, -tile.column * TILE_PX, -tile.row * TILE_PX);
  }

  private boxOf(tile: Tile): Box {
    const side = TILE_PX / this.current.scale;
    const minX = tile.column * side;
    const minY = tile.row * side;
    return { minX, minY, maxX: minX + side, maxY: minY + side };
  }
}
