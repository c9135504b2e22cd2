/** Lasso: a way drawn around things chooses what lies wholly inside it. */

import type { ShapeId } from '../../core/ids';
import type { Point } from '../camera';
import type { Sketch } from '../liveLayer';
import type { SceneItem } from '../scene';
import { bandSketch } from '../sketches';
import { isWithin } from '../transform';
import { boxAround, cornersOfBox } from '../turn';
import type { Tool, ToolHost, ToolPoint } from './tool';

/** Points of the way closer than this (CSS px) add nothing. */
const LEAST_STEP_PX = 3;
/** Points of a thing that are looked at: enough to know where it lies. */
const MOST_PROBES = 40;

export class LassoTool implements Tool {
  readonly cursor = 'crosshair';
  private way: Point[] = [];

  constructor(private readonly host: ToolHost) {}

  down(point: ToolPoint): void {
    this.way = [{ x: point.x, y: point.y }];
  }

  move(points: readonly ToolPoint[]): void {
    const least = LEAST_STEP_PX / this.host.view.camera.zoom;
    for (const { x, y } of points) {
      const last = this.way.at(-1);
      if (last && Math.hypot(x - last.x, y - last.y) >= least) {
        this.way.push({ x, y });
      }
    }
    this.host.view.refreshLive();
  }

  up(): void {
    const { way, host } = this;
    this.cancel();
    const chosen = way.length < 3 ? [] : this.caught(way);
    host.choose('select');
    host.selection = new Set(chosen);
  }

  cancel(): void {
    this.way = [];
    this.host.view.refreshLive();
  }

  sketches(): readonly Sketch[] {
    return this.way.length > 1 ? [bandSketch(this.way, this.host.view.camera.zoom)] : [];
  }

  private caught(way: readonly Point[]): ShapeId[] {
    const { board, view } = this.host;
    const found = view.scene.inside(boxAround(way)).flatMap((entry) => {
      const id = entry.id as ShapeId;
      const item = view.scene.item(id);
      const isIn = item && !board.shape(id)?.locked && probes(item).every((point) => isWithin(way, point));
      return isIn ? [id] : [];
    });
    return found.flatMap((id) => board.groupOf(id));
  }
}

function probes(item: SceneItem): Point[] {
  if (item.kind !== 'stroke') {
    return cornersOfBox(item.box);
  }
  const { spine, x, y } = item;
  const count = spine.length / 2;
  const step = Math.max(1, Math.floor(count / MOST_PROBES));
  const found: Point[] = [];
  for (let i = 0; i < count; i += step) {
    found.push({ x: x + (spine[2 * i] ?? 0), y: y + (spine[2 * i + 1] ?? 0) });
  }
  return found;
}
