/** Object eraser: what the pointer touches fades, and is erased as one step when it is lifted. */

import type { ShapeId } from '../../core/ids';
import type { Point } from '../camera';
import { touches } from '../hit';
import type { Sketch } from '../liveLayer';
import { tipSketch } from '../sketches';
import type { Tool, ToolHost, ToolPoint } from './tool';

/** Radius of the eraser, CSS px. */
const RADIUS_PX = 9;

export class EraserTool implements Tool {
  readonly cursor = 'none';
  private marked: ReadonlySet<ShapeId> = new Set();
  private last: Point | null = null;
  private tip: Point | null = null;

  constructor(private readonly host: ToolHost) {}

  down(point: ToolPoint): void {
    this.marked = new Set();
    this.last = point;
    this.sweep(point);
  }

  move(points: readonly ToolPoint[]): void {
    for (const point of points) {
      this.sweep(point);
    }
  }

  up(point: ToolPoint): void {
    this.sweep(point);
    const { marked } = this;
    this.end();
    if (marked.size > 0) {
      this.host.board.erase([...marked]);
    }
  }

  cancel(): void {
    this.end();
  }

  hover(point: ToolPoint | null): void {
    this.tip = point;
    this.host.view.refreshLive();
  }

  leave(): void {
    this.tip = null;
    this.end();
  }

  sketches(): readonly Sketch[] {
    const { tip } = this;
    if (!tip) {
      return [];
    }
    return [tipSketch(tip, RADIUS_PX / this.host.view.camera.zoom)];
  }

  private sweep(point: ToolPoint): void {
    const { view } = this.host;
    const from = this.last ?? point;
    const radius = RADIUS_PX / view.camera.zoom;
    const way = {
      minX: Math.min(from.x, point.x) - radius,
      minY: Math.min(from.y, point.y) - radius,
      maxX: Math.max(from.x, point.x) + radius,
      maxY: Math.max(from.y, point.y) + radius,
    };
    const found = new Set(this.marked);
    for (const entry of view.scene.inside(way)) {
      const id = entry.id as ShapeId;
      const isKept = found.has(id) || this.host.board.shape(id)?.locked;
      const item = isKept ? null : view.scene.item(id);
      if (item && touches(item, from, point, radius)) {
        found.add(id);
      }
    }
    this.last = point;
    this.tip = point;
    if (found.size > this.marked.size) {
      this.marked = found;
      view.setFaded(found);
    }
    view.refreshLive();
  }

  private end(): void {
    this.marked = new Set();
    this.last = null;
    this.host.view.setFaded(this.marked);
  }
}
