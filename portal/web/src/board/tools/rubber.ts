/** Rubber: takes away only the ink that it touches. What is left of a stroke becomes strokes of its own, in one step of undo. */

import ink from '@spec/ink.json';
import { ProtocolError } from '../../core/errors';
import type { ShapeId } from '../../core/ids';
import { encodeInk, type InkPoint, splitStroke } from '../../core/ink';
import { isStroke, type StrokeShape } from '../../core/shape';
import { growBox, type Point } from '../camera';
import { cut, type Pieces, refined, thinned } from '../cut';
import { touches } from '../hit';
import type { Sketch } from '../liveLayer';
import { paintItem } from '../painter';
import { inkPoints, strokeItem } from '../scene';
import { tipSketch } from '../sketches';
import { boxAround } from '../turn';
import type { Tool, ToolHost, ToolPoint } from './tool';

/** Radius of the rubber, CSS px. */
const RADIUS_PX = 9;
const STRAIGHT_PX = 0.05;

interface Worn {
  readonly shape: StrokeShape;
  pieces: Pieces;
}

export class RubberTool implements Tool {
  readonly cursor = 'none';
  private readonly worn = new Map<ShapeId, Worn>();
  private last: Point | null = null;
  private tip: Point | null = null;

  constructor(private readonly host: ToolHost) {}

  down(point: ToolPoint): void {
    this.worn.clear();
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
    const worn = [...this.worn.values()];
    this.end();
    if (worn.length > 0) {
      this.commit(worn);
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
    const { theme } = this.host;
    const found: Sketch[] = [];
    for (const { shape, pieces } of this.worn.values()) {
      const look = { x: 0, y: 0, colour: shape.colour, size: shape.size, opacity: shape.opacity };
      for (const piece of pieces) {
        const item = strokeItem(piece, shape.type, look);
        found.push({ box: item.box, paint: (context, scale) => paintItem(context, item, scale, theme) });
      }
    }
    return this.tip ? [...found, tipSketch(this.tip, this.radius)] : found;
  }

  private get radius(): number {
    return RADIUS_PX / this.host.view.camera.zoom;
  }

  private sweep(point: Point): void {
    const { view, board } = this.host;
    const { radius } = this;
    const from = this.last ?? point;
    const before = this.worn.size;
    for (const entry of view.scene.inside(growBox(boxAround([from, point]), radius))) {
      const id = entry.id as ShapeId;
      const shape = board.shape(id);
      if (!shape || !isStroke(shape) || shape.locked) {
        continue;
      }
      const known = this.worn.get(id);
      const item = known ? null : view.scene.item(id);
      // The pen's own width counts: what is seen under the rubber goes.
      const reach = radius + shape.size / 4;
      if (known) {
        known.pieces = cut(known.pieces, from, point, reach);
      } else if (item && touches(item, from, point, radius)) {
        const whole: Pieces = [wholeOf(shape, radius / 2)];
        const pieces = cut(whole, from, point, reach);
        if (pieces !== whole) {
          this.worn.set(id, { shape, pieces });
        }
      }
    }
    this.last = point;
    this.tip = point;
    if (this.worn.size > before) {
      view.setLifted(new Set(this.worn.keys()));
    }
    view.refreshLive();
  }

  private commit(worn: readonly Worn[]): void {
    const { board } = this.host;
    board.together(() => {
      board.erase(worn.map(({ shape }) => shape.id));
      for (const { shape, pieces } of worn) {
        for (const piece of pieces) {
          this.add(shape, thinned(piece, STRAIGHT_PX));
        }
      }
    });
  }

  private add(shape: StrokeShape, points: readonly InkPoint[]): void {
    const { board } = this.host;
    const { type, page, index, colour, size, opacity, group } = shape;
    const since = points[0]?.t ?? null;
    const fromZero = since === null ? points : points.map((point) => ({ ...point, t: (point.t ?? 0) - since }));
    for (const part of splitStroke(fromZero)) {
      const { blob, x, y } = encodeInk(part);
      const own = { ...(opacity < 1 ? { opacity } : {}), ...(group ? { group } : {}) };
      // The piece lies where the stroke lay: between the same neighbours.
      const fields = { index, x, y, colour, size, ink: blob, ...own };
      board.addThing({ type, page, fields, nowMs: this.host.now() });
    }
  }

  private end(): void {
    this.worn.clear();
    this.last = null;
    this.host.view.setLifted(new Set());
    this.host.view.refreshLive();
  }
}

function wholeOf(shape: StrokeShape, step: number): InkPoint[] {
  try {
    const points = inkPoints(shape).map((point) => ({ ...point, x: shape.x + point.x, y: shape.y + point.y }));
    return refined(points, Math.max(step, 1 / ink.units_per_px));
  } catch (error) {
    if (error instanceof ProtocolError) {
      return [];
    }
    throw error;
  }
}
