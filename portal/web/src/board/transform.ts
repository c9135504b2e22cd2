/** Moving, resizing, turning, aligning and spreading of shapes as changes of their fields. Pure; board px and radians. */

import { middleOf } from '../core/arrows';
import type { ShapeFields } from '../core/board';
import type { ShapeId } from '../core/ids';
import { isLine, type Shape, THINGS } from '../core/shape';
import type { Box, Point } from './camera';
import { cornersOfBox, turned } from './turn';

export type Changes = ReadonlyMap<ShapeId, ShapeFields>;

/** A box that may be turned: what handles stand around. */
export interface Grip extends Box {
  /** About its middle. */
  readonly rotation: number;
}

export type Handle = 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w';
export const HANDLES: readonly Handle[] = ['nw', 'ne', 'se', 'sw', 'n', 'e', 's', 'w'];

const LEAST_SIDE = 4;
const LARGEST_FONT = 1000;
const LEAST_FONT = 4;

export const middleOfBox = ({ minX, minY, maxX, maxY }: Box): Point => ({ x: (minX + maxX) / 2, y: (minY + maxY) / 2 });

/** Where a handle stands on its grip. */
export function handlePoint(grip: Grip, handle: Handle): Point {
  const middle = middleOfBox(grip);
  const x = handle.includes('w') ? grip.minX : handle.includes('e') ? grip.maxX : middle.x;
  const y = handle.startsWith('n') ? grip.minY : handle.startsWith('s') ? grip.maxY : middle.y;
  return turned({ x, y }, middle, grip.rotation);
}

/** About what a shape is turned: the middle of its box, a text its origin. */
function pivotOf(shape: Shape): Point {
  if (shape.type === 'text') {
    return { x: shape.x, y: shape.y };
  }
  return isLine(shape) ? { x: shape.x + shape.dx / 2, y: shape.y + shape.dy / 2 } : middleOf(shape);
}

/** A shape as it would be with these fields, for showing it before it is so. */
export function changed(shape: Shape, fields: ShapeFields | undefined): Shape {
  if (!fields) {
    return shape;
  }
  const next = { ...shape, ...fields } as Shape;
  return isLine(next)
    ? { ...next, ends: { x1: next.x, y1: next.y, x2: next.x + next.dx, y2: next.y + next.dy } }
    : next;
}

export function movedBy(shapes: readonly Shape[], dx: number, dy: number): Changes {
  const chosen = new Set(shapes.map(({ id }) => id));
  return new Map(shapes.map((shape) => [shape.id, moved(shape, dx, dy, chosen)]));
}

function moved(shape: Shape, dx: number, dy: number, chosen: ReadonlySet<ShapeId>): ShapeFields {
  if (!isLine(shape)) {
    return { x: shape.x + dx, y: shape.y + dy };
  }
  // A line that is pulled away from what it is bound to lets go of it; one that goes along stays bound.
  const { ends } = shape;
  const keepsStart = shape.start === '' || chosen.has(shape.start);
  const keepsEnd = shape.end === '' || chosen.has(shape.end);
  return {
    x: ends.x1 + dx,
    y: ends.y1 + dy,
    dx: ends.x2 - ends.x1,
    dy: ends.y2 - ends.y1,
    ...(keepsStart ? {} : { start: null }),
    ...(keepsEnd ? {} : { end: null }),
  };
}

/** Drags a handle of the grip around shapes to a point. `keepsRatio`: as if a photograph. */
export function resized(shapes: readonly Shape[], grip: Grip, handle: Handle, to: Point, keepsRatio: boolean): Changes {
  const middle = middleOfBox(grip);
  const local = turned(to, middle, -grip.rotation);
  const anchor = turned(handlePoint(grip, opposite(handle)), middle, -grip.rotation);
  const [width, height] = [grip.maxX - grip.minX, grip.maxY - grip.minY];
  const isWide = handle !== 'n' && handle !== 's';
  const isHigh = handle !== 'e' && handle !== 'w';
  const reachX = (local.x - anchor.x) * (handle.includes('w') ? -1 : 1);
  const reachY = (local.y - anchor.y) * (handle.startsWith('n') ? -1 : 1);
  let sx = isWide && width > 0 ? Math.max(LEAST_SIDE, reachX) / width : 1;
  let sy = isHigh && height > 0 ? Math.max(LEAST_SIDE, reachY) / height : 1;
  const isTurnedAmong = shapes.length > 1 && shapes.some((shape) => shape.rotation !== 0);
  if (keepsRatio || isTurnedAmong || shapes.every((shape) => shape.type === 'text')) {
    const both = isWide && isHigh ? Math.max(sx, sy) : isWide ? sx : sy;
    sx = both;
    sy = both;
  }
  const place = (point: Point): Point => {
    const inside = turned(point, middle, -grip.rotation);
    const stretched = { x: anchor.x + (inside.x - anchor.x) * sx, y: anchor.y + (inside.y - anchor.y) * sy };
    return turned(stretched, middle, grip.rotation);
  };
  return new Map(shapes.map((shape) => [shape.id, stretched(shape, sx, sy, place)]));
}

function stretched(shape: Shape, sx: number, sy: number, place: (point: Point) => Point): ShapeFields {
  if (isLine(shape)) {
    const from = place({ x: shape.ends.x1, y: shape.ends.y1 });
    const to = place({ x: shape.ends.x2, y: shape.ends.y2 });
    return { x: from.x, y: from.y, dx: to.x - from.x, dy: to.y - from.y };
  }
  const pivot = place(pivotOf(shape));
  if (shape.type === 'text') {
    const size = Math.min(LARGEST_FONT, Math.max(LEAST_FONT, shape.size * Math.min(sx, sy)));
    return { x: pivot.x, y: pivot.y, size };
  }
  const w = Math.min(THINGS.largest, shape.w * sx);
  const h = Math.min(THINGS.largest, shape.h * sy);
  const fields: ShapeFields = { x: pivot.x - w / 2, y: pivot.y - h / 2 };
  // A stroke that is a straight line or a dot has no height or width to be stretched.
  return { ...fields, ...(shape.w > 0 ? { w } : {}), ...(shape.h > 0 ? { h } : {}) };
}

function opposite(handle: Handle): Handle {
  const other: Readonly<Record<string, string>> = { n: 's', s: 'n', e: 'w', w: 'e' };
  return [...handle].map((letter) => other[letter] ?? letter).join('') as Handle;
}

/** Turns shapes about a point. */
export function turnedBy(shapes: readonly Shape[], about: Point, angle: number): Changes {
  return new Map(shapes.map((shape) => [shape.id, turnedShape(shape, about, angle)]));
}

function turnedShape(shape: Shape, about: Point, angle: number): ShapeFields {
  if (isLine(shape)) {
    const from = turned({ x: shape.ends.x1, y: shape.ends.y1 }, about, angle);
    const to = turned({ x: shape.ends.x2, y: shape.ends.y2 }, about, angle);
    return { x: from.x, y: from.y, dx: to.x - from.x, dy: to.y - from.y };
  }
  const pivot = pivotOf(shape);
  const at = turned(pivot, about, angle);
  const rotation = Math.atan2(Math.sin(shape.rotation + angle), Math.cos(shape.rotation + angle));
  return { x: shape.x + at.x - pivot.x, y: shape.y + at.y - pivot.y, rotation };
}

export type Alignment = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom';
export interface Member {
  readonly shapes: readonly Shape[];
  readonly box: Box;
}

/** Lines members (a shape, or a group as one) up at an edge or the middle of the box around all. */
export function aligned(members: readonly Member[], around: Box, how: Alignment): Changes {
  const shift = ({ box }: Member): [number, number] => {
    const [own, all] = [middleOfBox(box), middleOfBox(around)];
    switch (how) {
      case 'left':
        return [around.minX - box.minX, 0];
      case 'centre':
        return [all.x - own.x, 0];
      case 'right':
        return [around.maxX - box.maxX, 0];
      case 'top':
        return [0, around.minY - box.minY];
      case 'middle':
        return [0, all.y - own.y];
      case 'bottom':
        return [0, around.maxY - box.maxY];
    }
  };
  return new Map(members.flatMap((member) => [...movedBy(member.shapes, ...shift(member))]));
}

/** Makes the gaps between members equal; the outermost stay. */
export function spread(members: readonly Member[], isAcross: boolean): Changes {
  const low = ({ box }: Member): number => (isAcross ? box.minX : box.minY);
  const high = ({ box }: Member): number => (isAcross ? box.maxX : box.maxY);
  const sorted = members.toSorted((a, b) => low(a) - low(b));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last || sorted.length < 3) {
    return new Map();
  }
  const filled = sorted.reduce((sum, member) => sum + high(member) - low(member), 0);
  const gap = (high(last) - low(first) - filled) / (sorted.length - 1);
  let at = low(first);
  const changes: [ShapeId, ShapeFields][] = [];
  for (const member of sorted) {
    const by = at - low(member);
    changes.push(...movedBy(member.shapes, isAcross ? by : 0, isAcross ? 0 : by));
    at += high(member) - low(member) + gap;
  }
  return new Map(changes);
}

/** Whether a point lies inside a closed way of points (a lasso): even–odd. */
export function isWithin(way: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  for (const [i, a] of way.entries()) {
    const b = way[(i + way.length - 1) % way.length] ?? a;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) {
      inside = !inside;
    }
  }
  return inside;
}

/** The box of a single shape itself, turned as the shape is; around several the upright one of all that they paint. */
export function gripAround(shapes: readonly Shape[], around: Box): Grip {
  const [shape] = shapes;
  if (shapes.length !== 1 || !shape || isLine(shape) || shape.type === 'text') {
    return { ...around, rotation: 0 };
  }
  return { minX: shape.x, minY: shape.y, maxX: shape.x + shape.w, maxY: shape.y + shape.h, rotation: shape.rotation };
}

export const gripCorners = (grip: Grip): Point[] =>
  cornersOfBox(grip).map((corner) => turned(corner, middleOfBox(grip), grip.rotation));
