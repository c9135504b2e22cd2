/** One page of a board as the tiles need it: an index of boxes, items made on demand, and what changed. */

import type { PageId, ShapeId } from '../core/ids';
import { isStroke, type Shape, type StrokeShape } from '../core/shape';
import { type Box, unionBox } from './camera';
import { OUTLINE_MIN_SCALE, outlinePath, type PaintContext, type Pictures, paintItem, paintOutline } from './painter';
import type { TileSource } from './paintJob';
import {
  type MeasureText,
  type SceneItem,
  type StrokeItem,
  sceneItem,
  shapeBox,
  strokeOpacity,
  type Theme,
  tracedInk,
} from './scene';
import type { BoardSource } from './source';
import { type Entry, SpatialIndex } from './spatial';
import { paintThin } from './thinInk';

/** How one shape's change shows: `append` is painted on top of what there is, `repaint` asks for the box anew. */
export type SceneChange =
  | { readonly kind: 'append'; readonly id: ShapeId; readonly box: Box }
  | { readonly kind: 'repaint'; readonly box: Box };

interface Cached<Made> {
  readonly shape: Shape;
  readonly made: Made;
}

/** The path of a stroke and how it looks; null where its ink cannot be read. */
interface StrokePath extends Pick<StrokeItem, 'x' | 'y' | 'colour' | 'opacity'> {
  readonly path: Path2D;
}

/** Kept ready: about what one screen shows. The rest is decoded again when its tile is painted. */
const CACHED_ITEMS = 2_000;
const FADED_OPACITY = 0.25;
/** No hand draws a stroke this large (board px); one that says so would only spoil the overview for everybody. */
const LARGEST_PX = 1_000_000;

export class PageScene implements TileSource {
  theme: Theme = 'light';
  /** Where pictures by their hash come from; the view repaints when one has come. */
  pictures: Pictures = () => null;
  private readonly index = new SpatialIndex();
  private readonly items = new Map<ShapeId, Cached<SceneItem | null>>();
  /** Beside the items: painting takes a stroke's path and nothing else, and memory for its numbers takes longer than the path. */
  private readonly paths = new Map<ShapeId, Cached<StrokePath | null>>();
  private faded: ReadonlySet<ShapeId> = new Set();
  private lifted: ReadonlySet<ShapeId> = new Set();
  private page: PageId | null = null;
  private source: BoardSource | null = null;

  constructor(private readonly measure: MeasureText) {}

  /** Opens a page: boxes only, no ink is decoded. */
  open(source: BoardSource, page: PageId): void {
    this.source = source;
    this.page = page;
    this.items.clear();
    this.paths.clear();
    this.index.load(this.entriesOf(source.shapes(page)));
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
        this.items.delete(id);
        this.paths.delete(id);
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
      this.items.delete(id);
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
    const shape = this.source?.shape(id) ?? null;
    return shape && kept(this.items, shape, () => sceneItem(shape, this.measure));
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
    if (shape && isStroke(shape) && scale >= OUTLINE_MIN_SCALE) {
      const stroke = kept(this.paths, shape, () => strokePath(shape));
      if (stroke) {
        paintOutline(context, stroke, stroke.path, this.theme, fade);
      }
      return;
    }
    const item = this.item(id);
    if (item) {
      paintItem(context, item, scale, this.theme, fade, this.pictures);
    }
  }

  private *entriesOf(shapes: readonly Shape[]): Iterable<Entry> {
    for (const shape of shapes) {
      const entry = this.entryOf(shape);
      if (entry) {
        yield entry;
      }
    }
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

/** What was made of a shape as it is now, or is made of it now; the oldest go where there are too many. */
function kept<Made>(cache: Map<ShapeId, Cached<Made>>, shape: Shape, make: () => Made): Made {
  const known = cache.get(shape.id);
  if (known?.shape === shape) {
    return known.made;
  }
  const made = make();
  if (cache.size >= CACHED_ITEMS) {
    const oldest = cache.keys().next();
    if (!oldest.done) {
      cache.delete(oldest.value);
    }
  }
  cache.set(shape.id, { shape, made });
  return made;
}

function strokePath(shape: StrokeShape): StrokePath | null {
  const outline = tracedInk(shape);
  if (!outline) {
    return null;
  }
  const { x, y, colour, type } = shape;
  const opacity = strokeOpacity(type) * shape.opacity;
  return { x, y, colour, opacity, path: outlinePath(outline.flat, outline.length) };
}
