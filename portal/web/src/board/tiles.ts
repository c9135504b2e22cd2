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
import { type Bitmap, mend, newBitmap, PaintJob, type PxRect, type TileSource } from './paintJob';

const TILE_PX = 512;

interface Tile {
  readonly column: number;
  readonly row: number;
  /** What is shown; an empty tile needs no bitmap. */
  bitmap: Bitmap | null;
  /** How much of the tile has been painted, px of the tile; null: nothing yet. */
  painted: PxRect | null;
  /** What is painted is what the page shows now, but for the boxes in `changed`. */
  isFresh: boolean;
  /** Board px. */
  changed: Box[];
  /** A repaint under way, of this part of the tile. */
  job: { readonly paint: PaintJob; readonly part: PxRect } | null;
}

interface Generation {
  readonly scale: number;
  readonly tiles: Map<string, Tile>;
}

const WHOLE: PxRect = { left: 0, top: 0, right: TILE_PX, bottom: TILE_PX };
/** Tiles kept beside the visible ones; each is one megabyte. */
const SPARE_TILES = 24;
/** How far around the frame tiles are painted before they are seen, device px. */
const AROUND_PX = 256;
/** More boxes than this are not mended one by one: the tile is painted anew. */
const MOST_CHANGED = 12;

export class TileLayer {
  private current: Generation = { scale: 0, tiles: new Map() };
  private stale: Generation | null = null;
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
    return this.stale === null && ![...this.current.tiles.values()].some((tile) => tile.painted);
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
      if (boxesMeet(this.boxOf(tile), box)) {
        tile.job?.paint.add(id);
        if (tile.isFresh) {
          tile.bitmap ??= newBitmap(TILE_PX, TILE_PX);
          this.enter(tile.bitmap.context, tile);
          this.source.paint(tile.bitmap.context, id, this.current.scale);
        }
      }
    }
  }

  /** Marks what lies in the box for repainting. */
  invalidate(box: Box): void {
    this.overview.repaint(box);
    for (const tile of this.current.tiles.values()) {
      const isOfUse = tile.isFresh || tile.job !== null;
      if (isOfUse && boxesMeet(this.boxOf(tile), box)) {
        tile.changed.push(box);
        // A first repaint goes on, and is mended when it is done.
        tile.job = tile.isFresh ? null : tile.job;
        if (tile.changed.length > MOST_CHANGED) {
          Object.assign(tile, { isFresh: false, job: null, changed: [] });
        }
      }
    }
  }

  /** Paints what the frame shows and is not there yet, for about `budgetMs`. True when all of it is. */
  work(frame: Frame, width: number, height: number, budgetMs: number): boolean {
    if (frame.scale !== this.current.scale) {
      return true;
    }
    const deadlineMs = this.now() + budgetMs;
    const wanted = this.visible(frame, width, height);
    for (const tile of fromTheMiddle(wanted, frame, width, height)) {
      if (!this.finish(tile, seenPart(tile, frame, width, height), deadlineMs)) {
        return false;
      }
    }
    this.stale = null;
    this.trim(wanted);
    return true;
  }

  /** Paints all of the tiles in and around the frame, where it may go next, and the stand-in of the next zoom. True when all is there. */
  workAhead(frame: Frame, width: number, height: number, budgetMs: number): boolean {
    const deadlineMs = this.now() + budgetMs;
    if (frame.scale === this.current.scale) {
      for (const tile of this.visible(frame, width, height, AROUND_PX)) {
        if (!this.finish(tile, WHOLE, deadlineMs)) {
          return false;
        }
      }
    }
    return this.overview.work(deadlineMs);
  }

  /** Draws the page onto a canvas of `width` × `height` device px, which shows the paper. The context must be in device px. */
  compose(context: CanvasRenderingContext2D, frame: Frame, width: number, height: number): void {
    if (frame.scale !== this.current.scale) {
      this.standIn(context, frame, [{ left: 0, top: 0, right: width, bottom: height }], this.current);
      return;
    }
    const missing: PxRect[] = [];
    for (const tile of this.visible(frame, width, height)) {
      const [x, y] = [frame.originX + tile.column * TILE_PX, frame.originY + tile.row * TILE_PX];
      const seen = seenPart(tile, frame, width, height);
      const there = tile.painted && common(seen, tile.painted);
      missing.push(...without(seen, there).map((part) => moved(part, x, y)));
      if (there && tile.bitmap) {
        const [w, h] = [there.right - there.left, there.bottom - there.top];
        context.drawImage(tile.bitmap.canvas, there.left, there.top, w, h, x + there.left, y + there.top, w, h);
      }
    }
    if (missing.length > 0) {
      this.standIn(context, frame, missing, this.stale);
    }
  }

  /** What stands in for sharp tiles in some parts of the canvas: tiles of another zoom, stretched, and the overview where there are none. */
  private standIn(
    context: CanvasRenderingContext2D,
    frame: Frame,
    parts: readonly PxRect[],
    generation: Generation | null,
  ): void {
    const bare = new Path2D();
    const within = new Path2D();
    for (const part of parts) {
      bare.rect(part.left, part.top, part.right - part.left, part.bottom - part.top);
      within.rect(part.left, part.top, part.right - part.left, part.bottom - part.top);
    }
    const stretch = frame.scale / (generation?.scale || 1);
    const shown = [...(generation?.tiles.values() ?? [])].flatMap((tile) => {
      const { painted, bitmap } = tile;
      return painted ? [{ bitmap, painted, at: placed(tile, painted, frame, stretch) }] : [];
    });
    context.save();
    context.clip(within);
    // Holes of whole px where tiles stand: what meets at them is painted once, without a seam.
    for (const { at } of shown) {
      bare.rect(at.left, at.top, at.right - at.left, at.bottom - at.top);
    }
    context.save();
    context.clip(bare, 'evenodd');
    this.overview.draw(context, frame);
    context.restore();
    for (const { bitmap, painted, at } of shown) {
      if (bitmap && parts.some((part) => common(part, at))) {
        const [w, h] = [painted.right - painted.left, painted.bottom - painted.top];
        const place = [at.left, at.top, at.right - at.left, at.bottom - at.top] as const;
        context.drawImage(bitmap.canvas, painted.left, painted.top, w, h, ...place);
      }
    }
    context.restore();
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
          tile = { column, row, bitmap: null, painted: null, isFresh: false, changed: [], job: null };
          this.current.tiles.set(key, tile);
        }
        tiles.push(tile);
      }
    }
    return tiles;
  }

  /** Paints until a part of a tile is there; false when the deadline came first. */
  private finish(tile: Tile, part: PxRect, deadlineMs: number): boolean {
    while (!this.isThere(tile, part)) {
      const leftMs = deadlineMs - this.now();
      if (leftMs <= 0) {
        return false;
      }
      this.step(tile, part, leftMs);
    }
    return true;
  }

  private isThere({ isFresh, changed, painted }: Tile, part: PxRect): boolean {
    return isFresh && changed.length === 0 && painted !== null && isWithin(part, painted);
  }

  /** One slice of a tile's repaint. */
  private step(tile: Tile, part: PxRect, leftMs: number): void {
    const box = tile.isFresh ? tile.changed.pop() : undefined;
    if (box) {
      tile.isFresh = this.mend(tile, box);
      return;
    }
    if (!tile.job) {
      // First what is seen: nothing else is painted while there is nothing to see.
      const wanted = tile.painted ? WHOLE : part;
      const ids = this.source.inside(this.boxOf(tile, wanted)).map((entry) => entry.id);
      tile.changed = [];
      if (ids.length === 0) {
        Object.assign(tile, { bitmap: null, painted: wanted, isFresh: true });
        return;
      }
      const bitmap = newBitmap(TILE_PX, TILE_PX);
      this.enter(bitmap.context, tile);
      tile.job = { paint: new PaintJob(bitmap, ids, this.source, this.current.scale), part: wanted };
    }
    const { paint, part: wanted } = tile.job;
    if (paint.step(leftMs)) {
      Object.assign(tile, { bitmap: paint.bitmap, painted: wanted, isFresh: true, job: null });
    }
  }

  private mend(tile: Tile, box: Box): boolean {
    if (!tile.bitmap && this.source.inside(box).length === 0) {
      return true;
    }
    tile.bitmap ??= newBitmap(TILE_PX, TILE_PX);
    const origin = { originX: -tile.column * TILE_PX, originY: -tile.row * TILE_PX };
    return mend(tile.bitmap, { scale: this.current.scale, ...origin }, box, this.source);
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

  private boxOf(tile: Tile, part = WHOLE): Box {
    const { scale } = this.current;
    const [left, top] = [tile.column * TILE_PX, tile.row * TILE_PX];
    return {
      minX: (left + part.left) / scale,
      minY: (top + part.top) / scale,
      maxX: (left + part.right) / scale,
      maxY: (top + part.bottom) / scale,
    };
  }
}

/** The part of a tile that the frame shows, px of the tile. */
function seenPart({ column, row }: Tile, { originX, originY }: Frame, width: number, height: number): PxRect {
  const [x, y] = [originX + column * TILE_PX, originY + row * TILE_PX];
  return {
    left: Math.max(0, -x),
    top: Math.max(0, -y),
    right: Math.min(TILE_PX, width - x),
    bottom: Math.min(TILE_PX, height - y),
  };
}

/** Where a part of a tile of another zoom stands, on whole px. */
function placed({ column, row }: Tile, part: PxRect, { originX, originY }: Frame, stretch: number): PxRect {
  const [x, y] = [column * TILE_PX, row * TILE_PX];
  return {
    left: Math.round(originX + (x + part.left) * stretch),
    top: Math.round(originY + (y + part.top) * stretch),
    right: Math.round(originX + (x + part.right) * stretch),
    bottom: Math.round(originY + (y + part.bottom) * stretch),
  };
}

function fromTheMiddle(tiles: readonly Tile[], frame: Frame, width: number, height: number): Tile[] {
  const [x, y] = [(width / 2 - frame.originX) / TILE_PX - 0.5, (height / 2 - frame.originY) / TILE_PX - 0.5];
  const far = ({ column, row }: Tile): number => Math.hypot(column - x, row - y);
  return [...tiles].sort((a, b) => far(a) - far(b));
}

const isWithin = (part: PxRect, whole: PxRect): boolean =>
  part.left >= whole.left && part.top >= whole.top && part.right <= whole.right && part.bottom <= whole.bottom;
const moved = ({ left, top, right, bottom }: PxRect, x: number, y: number): PxRect => ({
  left: left + x,
  top: top + y,
  right: right + x,
  bottom: bottom + y,
});

function common(a: PxRect, b: PxRect): PxRect | null {
  const [left, top] = [Math.max(a.left, b.left), Math.max(a.top, b.top)];
  const [right, bottom] = [Math.min(a.right, b.right), Math.min(a.bottom, b.bottom)];
  return left < right && top < bottom ? { left, top, right, bottom } : null;
}

/** What is left of a rectangle where a part of it is taken away: up to four. */
function without(whole: PxRect, part: PxRect | null): PxRect[] {
  if (!part) {
    return [whole];
  }
  const left = [
    { ...whole, bottom: part.top },
    { ...whole, top: part.bottom },
    { ...part, left: whole.left, right: part.left },
    { ...part, left: part.right, right: whole.right },
  ];
  return left.filter((each) => each.left < each.right && each.top < each.bottom);
}
