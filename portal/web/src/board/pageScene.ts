/** One page of a board as the tiles need it: an index of boxes, items made on demand, and what changed. */

import type { PageId, ShapeId } from '../core/ids';
import { isStroke, type Shape } from '../core/shape';
import { type Box, unionBox } from './camera';
import { OUTLINE_MIN_SCALE, outlinePath, type PaintContext, type Pictures, paintItem, paintOutline } from './painter';
import type { TileSource } from './paintJob';
import { type MeasureText, type SceneItem, sceneItem, shapeBox, type Theme } from './scene';
import type { BoardSource } from './source';
import { type Entry, SpatialIndex } from './spatial';
import { paintThin } from './thinInk';

/** How one shape's change shows: `append` is painted on top of what there is, `repaint` asks for the box anew. */
export type SceneChange =
  | { readonly kind: 'append'; readonly id: ShapeId; readonly box: Box }
  | { readonly kind: 'repaint'; readonly box: Box };

interface CachedItem {
  readonly shape: Shape;
  /** Null: its ink cannot be read, and is drawn as nothing. */
  readonly item: SceneItem | null;
  readonly path: Path2D | null;
}

/** Items kept ready: about what one screen shows. The rest is decoded again when its tile is painted. */
const CACHED_ITEMS = 2_000;
const FADED_OPACITY = 0.25;
/** No hand draws a stroke this large (board px); one that says so would only spoil the overview for everybody. */
const LARGEST_PX = 1_000_000;

export class PageScene implements TileSource {
  theme: Theme = 'light';
  /** Where pictures by their hash come from; the view repaints when one has come. */
  pictures: Pictures = () => null;
  private readonly index = new SpatialIndex();
  private readonly cache = new Map<ShapeId, CachedItem>();
  private faded: ReadonlySet<ShapeId> = new Set();
  private lifted: ReadonlySet<ShapeId> = new Set();
  private page: PageId | null = null;
  private source: BoardSource | null = null;

  constructor(private readonly measure: MeasureText) {}

  /** Opens a page: boxes only, no ink is decoded. */
  open(source: BoardSource, page: PageId): void {
    this.source = source;
    this.page = page;
    this.cache.clear();
    const entries = source.shapes(page).map((shape) => this.entryOf(shape));
    this.index.load(entries.filter((entry) => entry !== null));
  }

  /** Takes over what changed and says what is to be painted. */
  update(changed: Iterable<ShapeId>): SceneChange[] {
    const changes: SceneChange[] = [];
    for (const id of changed) {
      const before = this.index.get(id) ?? null;
      const shape = this.source?.shape(id) ?? null;
      const after = shape && !shape.erased && shape.page === this.page ? this.entryOf(shape) : null;
      if (after) {
        this.index.put(after);
      } else {
        this.index.remove(id);
        this.cache.delete(id);
      }
      const box = unionBox(before, after);
      if (!before && after && !this.index.isCovered(after) && !this.lifted.has(id)) {
        changes.push({ kind: 'append', id, box: after });
      } else if (box) {
        changes.push({ kind: 'repaint', box });
      }
    }
    return changes;
  }

  /** Letters have other widths now: what holds any is measured anew. Says what is to be painted. */
  remeasure(): SceneChange[] {
    if (!this.source || !this.page) {
      return [];
    }
    const lettered = this.source.shapes(this.page).filter((shape) => !isStroke(shape) && shape.type !== 'image');
    for (const { id } of lettered) {
      this.cache.delete(id);
    }
    return this.update(lettered.map(({ id }) => id));
  }

  /** Shapes about to be erased are shown faintly. Returns the boxes to repaint. */
  setFaded(ids: ReadonlySet<ShapeId>): Box[] {
    const boxes = this.boxesOfDifference(this.faded, ids);
    this.faded = ids;
    return boxes;
  }

  /** Shapes being moved or edited are painted by the tool instead. Returns the boxes to repaint. */
  setLifted(ids: ReadonlySet<ShapeId>): Box[] {
    const boxes = this.boxesOfDifference(this.lifted, ids);
    this.lifted = ids;
    return boxes;
  }

  inside(box: Box): Entry[] {
    return this.index.inside(box);
  }

  bounds(): Box | null {
    return this.index.bounds();
  }

  boxOf(id: ShapeId): Box | null {
    return this.index.get(id) ?? null;
  }

  /** The item of a shape of this page, made when first asked for. */
  item(id: ShapeId): SceneItem | null {
    return this.cached(id)?.item ?? null;
  }

  paint(context: PaintContext, id: string, scale: number): void {
    const shapeId = id as ShapeId;
    if (!this.lifted.has(shapeId)) {
      this.paintShape(context, shapeId, scale, this.faded.has(shapeId) ? FADED_OPACITY : 1);
    }
  }

  /** Paints a shape whether it is lifted or not. */
  paintShape(context: PaintContext, id: ShapeId, scale: number, fade = 1): void {
    const shape = this.source?.shape(id) ?? null;
    if (shape && scale < OUTLINE_MIN_SCALE && paintThin(context, shape, scale, this.theme, fade)) {
      return;
    }
    const entry = this.cached(id);
    if (!entry?.item) {
      return;
    }
    if (entry.path && entry.item.kind === 'stroke' && scale >= OUTLINE_MIN_SCALE) {
      paintOutline(context, entry.item, entry.path, this.theme, fade);
    } else {
      paintItem(context, entry.item, scale, this.theme, fade, this.pictures);
    }
  }

  private cached(id: ShapeId): CachedItem | null {
    const shape = this.source?.shape(id) ?? null;
    if (!shape) {
      return null;
    }
    const known = this.cache.get(id);
    if (known?.shape === shape) {
      return known;
    }
    const item = sceneItem(shape, this.measure);
    const made: CachedItem = { shape, item, path: item?.kind === 'stroke' ? outlinePath(item.outline) : null };
    if (this.cache.size >= CACHED_ITEMS) {
      const oldest = this.cache.keys().next();
      if (!oldest.done) {
        this.cache.delete(oldest.value);
      }
    }
    this.cache.set(id, made);
    return made;
  }

  private entryOf(shape: Shape): Entry | null {
    const { minX, minY, maxX, maxY } = shapeBox(shape, this.measure);
    if (!(maxX - minX < LARGEST_PX && maxY - minY < LARGEST_PX)) {
      return null;
    }
    return { id: shape.id, index: shape.index, minX, minY, maxX, maxY };
  }

  private boxesOfDifference(before: ReadonlySet<ShapeId>, after: ReadonlySet<ShapeId>): Box[] {
    const boxes: Box[] = [];
    for (const [from, to] of [
      [before, after],
      [after, before],
    ] as const) {
      for (const id of from) {
        const box = to.has(id) ? null : this.index.get(id);
        if (box) {
          boxes.push(box);
        }
      }
    }
    return boxes;
  }
}
