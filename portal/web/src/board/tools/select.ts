/** Select: click a thing or draw a box around things, drag to move them. */

import type { ShapeId } from '../../core/ids';
import { type Box, growBox, type Point, unionBox } from '../camera';
import { touches } from '../hit';
import type { Sketch } from '../liveLayer';
import { TOUCH_PX, type Tool, type ToolHost, type ToolPoint } from './tool';

type Gesture =
  | { readonly kind: 'move'; readonly from: Point; dx: number; dy: number; isDragging: boolean }
  | { readonly kind: 'box'; readonly from: Point; to: Point; readonly kept: ReadonlySet<ShapeId> };

/** A press that moves less than this (CSS px) is a click. */
const DRAG_PX = 4;
const BLUE = '#2f6fd6';

/** The topmost thing at a point, or null. */
export function thingAt(host: ToolHost, point: Point): ShapeId | null {
  const radius = TOUCH_PX / host.view.camera.zoom;
  const around: Box = growBox({ minX: point.x, minY: point.y, maxX: point.x, maxY: point.y }, radius);
  for (const entry of host.view.scene.inside(around).slice().reverse()) {
    const id = entry.id as ShapeId;
    const item = host.view.scene.item(id);
    if (item && touches(item, point, point, radius)) {
      return id;
    }
  }
  return null;
}

export class SelectTool implements Tool {
  readonly cursor = 'default';
  private gesture: Gesture | null = null;

  constructor(private readonly host: ToolHost) {}

  down(point: ToolPoint): void {
    const hit = thingAt(this.host, point);
    const { selection } = this.host;
    if (hit && point.isShift) {
      const next = new Set(selection);
      if (!next.delete(hit)) {
        next.add(hit);
      }
      this.host.selection = next;
    } else if (hit && !selection.has(hit)) {
      this.host.selection = new Set([hit]);
    } else if (!hit && !point.isShift) {
      this.host.selection = new Set();
    }
    this.gesture = hit
      ? { kind: 'move', from: point, dx: 0, dy: 0, isDragging: false }
      : { kind: 'box', from: point, to: point, kept: this.host.selection };
  }

  move(points: readonly ToolPoint[]): void {
    const { gesture, host } = this;
    const point = points.at(-1);
    if (!gesture || !point) {
      return;
    }
    if (gesture.kind === 'box') {
      gesture.to = point;
      host.selection = new Set([...gesture.kept, ...this.thingsInside(boxOf(gesture.from, gesture.to))]);
    } else {
      gesture.dx = point.x - gesture.from.x;
      gesture.dy = point.y - gesture.from.y;
      const isFar = Math.hypot(gesture.dx, gesture.dy) * host.view.camera.zoom >= DRAG_PX;
      if (isFar && !gesture.isDragging) {
        gesture.isDragging = true;
        host.view.setLifted(host.selection);
      }
    }
    host.view.refreshLive();
  }

  up(point: ToolPoint): void {
    this.move([point]);
    const { gesture, host } = this;
    const moved = host.selection;
    this.end();
    if (gesture?.kind === 'move' && gesture.isDragging && moved.size > 0) {
      host.board.move([...moved], gesture.dx, gesture.dy);
    }
  }

  cancel(): void {
    this.end();
  }

  leave(): void {
    this.end();
    this.host.selection = new Set();
  }

  doubleClick(point: ToolPoint): void {
    const id = thingAt(this.host, point);
    const shape = id ? this.host.board.shape(id) : null;
    if (shape?.type === 'text') {
      this.host.selection = new Set();
      this.host.openText({ id: shape.id, x: shape.x, y: shape.y });
    }
  }

  sketches(): readonly Sketch[] {
    const found: Sketch[] = [];
    const { gesture, host } = this;
    const drag = gesture?.kind === 'move' && gesture.isDragging ? gesture : null;
    const margin = 4 / host.view.camera.zoom;
    let around: Box | null = null;
    for (const id of host.selection) {
      const box = host.view.scene.boxOf(id);
      if (box) {
        const moved = drag ? shifted(box, drag.dx, drag.dy) : box;
        around = unionBox(around, moved);
        if (drag) {
          found.push(this.lifted(id, moved, drag));
        }
      }
    }
    if (around) {
      found.push(frameSketch(growBox(around, margin), false));
    }
    if (gesture?.kind === 'box') {
      found.push(frameSketch(boxOf(gesture.from, gesture.to), true));
    }
    return found;
  }

  private lifted(id: ShapeId, box: Box, by: { readonly dx: number; readonly dy: number }): Sketch {
    const { scene } = this.host.view;
    return {
      box,
      paint(context, scale) {
        context.translate(by.dx, by.dy);
        scene.paintShape(context, id, scale);
        context.translate(-by.dx, -by.dy);
      },
    };
  }

  private thingsInside(box: Box): ShapeId[] {
    return this.host.view.scene
      .inside(box)
      .map((entry) => entry.id as ShapeId)
      .filter((id) => {
        const own = this.host.view.scene.boxOf(id);
        return own && own.minX >= box.minX && own.minY >= box.minY && own.maxX <= box.maxX && own.maxY <= box.maxY;
      });
  }

  private end(): void {
    this.gesture = null;
    this.host.view.setLifted(new Set());
    this.host.view.refreshLive();
  }
}

function boxOf(a: Point, b: Point): Box {
  return { minX: Math.min(a.x, b.x), minY: Math.min(a.y, b.y), maxX: Math.max(a.x, b.x), maxY: Math.max(a.y, b.y) };
}

function shifted(box: Box, dx: number, dy: number): Box {
  return { minX: box.minX + dx, minY: box.minY + dy, maxX: box.maxX + dx, maxY: box.maxY + dy };
}

function frameSketch(box: Box, isFilled: boolean): Sketch {
  return {
    box: growBox(box, 4),
    paint(context, scale) {
      const [width, height] = [box.maxX - box.minX, box.maxY - box.minY];
      if (isFilled) {
        context.fillStyle = 'rgb(47 111 214 / 10%)';
        context.fillRect(box.minX, box.minY, width, height);
      }
      context.strokeStyle = BLUE;
      context.lineWidth = 1.5 / scale;
      context.setLineDash(isFilled ? [] : [6 / scale, 4 / scale]);
      context.strokeRect(box.minX, box.minY, width, height);
      context.setLineDash([]);
    },
  };
}
