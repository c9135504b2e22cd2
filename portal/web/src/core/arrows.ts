/**
 * Where lines begin and end that are bound to shapes: on the way to the middle of a shape, just outside its outline.
 * Pure, and the twin of `whiteboard_crdt/arrows.py`.
 */
import { ProtocolError } from './errors';
import type { ShapeId } from './ids';
import { decodeInk } from './ink';
import { type BoxShape, isBox, isLine, type LineShape, type Shape, THINGS } from './shape';

interface Point {
  readonly x: number;
  readonly y: number;
}

const LEAST_PX = 1e-6;

/** Corners of a box's outline relative to its x, y, before rotation; none for an ellipse. */
export function cornersOf(shape: BoxShape): Point[] {
  if (shape.type === 'geo' && shape.form === 'polygon') return polygonOf(shape.ink, shape.w, shape.h);
  const corners: readonly (readonly number[])[] = THINGS.forms[shape.type === 'geo' ? shape.form : 'rectangle'];
  return corners.map(([x, y]) => ({ x: (x ?? 0) * shape.w, y: (y ?? 0) * shape.h }));
}

function polygonOf(blob: Uint8Array | null, width: number, height: number): Point[] {
  if (blob === null) return [];
  try {
    const { points, w, h } = decodeInk(blob);
    const sx = w > 0 ? width / w : 1;
    const sy = h > 0 ? height / h : 1;
    return points.map(({ x, y }) => ({ x: x * sx, y: y * sy }));
  } catch (error) {
    if (error instanceof ProtocolError) return [];
    throw error;
  }
}

/** The middle of a box, about which it is rotated. */
export const middleOf = (shape: { x: number; y: number; w: number; h: number }): Point => ({
  x: shape.x + shape.w / 2,
  y: shape.y + shape.h / 2,
});

/** A line with its bound ends at their shapes; anything else as it is. */
export function withEnds(shape: Shape, lookup: (id: ShapeId) => Shape | null): Shape {
  if (!isLine(shape) || (shape.start === '' && shape.end === '')) return shape;
  const start = target(shape, shape.start, lookup);
  const end = target(shape, shape.end, lookup);
  if (start === null && end === null) return shape;
  const a = start === null ? { x: shape.x, y: shape.y } : middleOf(start);
  const b = end === null ? { x: shape.x + shape.dx, y: shape.y + shape.dy } : middleOf(end);
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length < LEAST_PX || !Number.isFinite(length)) return shape;
  let leave = start === null ? 0 : wayOut(start, a, b, length);
  let arrive = end === null ? 0 : wayOut(end, b, a, length);
  // Shapes that overlap leave no room between them: then the line goes from middle to middle.
  if (leave + arrive >= 1) {
    leave = 0;
    arrive = 0;
  }
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const ends = { x1: a.x + dx * leave, y1: a.y + dy * leave, x2: b.x - dx * arrive, y2: b.y - dy * arrive };
  return { ...shape, ends };
}

function target(line: LineShape, id: ShapeId | '', lookup: (id: ShapeId) => Shape | null): BoxShape | null {
  const shape = id === '' ? null : lookup(id);
  return shape !== null && !shape.erased && shape.page === line.page && isBox(shape) ? shape : null;
}

/** Which share of the way from a shape's middle lies inside it, its border and the gap included. */
function wayOut(shape: BoxShape, middle: Point, to: Point, length: number): number {
  const [cos, sin] = [Math.cos(-shape.rotation), Math.sin(-shape.rotation)];
  const [dx, dy] = [to.x - middle.x, to.y - middle.y];
  const way = { x: dx * cos - dy * sin, y: dx * sin + dy * cos };
  const border = shape.type === 'geo' ? shape.size / 2 : 0;
  return leaves(shape, way) + (THINGS.arrow_gap + border) / length;
}

function leaves(shape: BoxShape, way: Point): number {
  if (shape.type === 'geo' && shape.form === 'ellipse') {
    return 1 / Math.hypot(way.x / (shape.w / 2), way.y / (shape.h / 2));
  }
  const corners = cornersOf(shape).map(({ x, y }) => ({ x: x - shape.w / 2, y: y - shape.h / 2 }));
  let farthest = 0;
  for (const [i, a] of corners.entries()) {
    const b = corners[(i + 1) % corners.length];
    if (b !== undefined) farthest = Math.max(farthest, crossing(way, a, b));
  }
  return farthest;
}

/** Where the ray from the origin meets a side, as a multiple of `way`; 0 where it does not. */
function crossing(way: Point, a: Point, b: Point): number {
  const side = { x: b.x - a.x, y: b.y - a.y };
  const across = way.x * side.y - way.y * side.x;
  if (across === 0) return 0;
  const along = (a.x * side.y - a.y * side.x) / across;
  const onSide = (a.x * way.y - a.y * way.x) / across;
  return along > 0 && onSide >= 0 && onSide <= 1 ? along : 0;
}

/** Which lines are bound to which shapes: those that are to be looked at again when one of these changes. */
export class Followers {
  private readonly ends = new Map<ShapeId, readonly ShapeId[]>();
  private readonly lines = new Map<ShapeId, Set<ShapeId>>();

  note(id: ShapeId, shape: Shape | null): void {
    const known = this.ends.get(id);
    const line = shape !== null && isLine(shape) ? shape : null;
    if (known === undefined && line === null) return;
    const now = line === null ? [] : [line.start, line.end].filter((end): end is ShapeId => end !== '');
    if (known === undefined && now.length === 0) return;
    for (const end of known ?? []) this.lines.get(end)?.delete(id);
    this.ends.delete(id);
    if (now.length === 0) return;
    this.ends.set(id, now);
    for (const end of now) {
      const lines = this.lines.get(end) ?? new Set();
      this.lines.set(end, lines.add(id));
    }
  }

  all(): ShapeId[] {
    return [...this.ends.keys()];
  }

  /** Lines bound to any of these. */
  of(ids: Iterable<ShapeId>): ShapeId[] {
    if (this.lines.size === 0) return [];
    return [...ids].flatMap((id) => [...(this.lines.get(id) ?? [])]);
  }
}
