/** What lies under a pointer. Pure; everything in board px. */

import { type Box, boxesMeet, growBox, type Point } from './camera';
import type { SceneItem } from './scene';

/** Whether the way from `a` to `b`, as wide as `radius` on both sides, touches what an item paints. */
export function touches(item: SceneItem, a: Point, b: Point, radius: number): boolean {
  const way: Box = growBox(
    { minX: Math.min(a.x, b.x), minY: Math.min(a.y, b.y), maxX: Math.max(a.x, b.x), maxY: Math.max(a.y, b.y) },
    radius,
  );
  if (!boxesMeet(item.box, way)) {
    return false;
  }
  if (item.kind === 'text') {
    return true;
  }
  const offset = { x: -item.x, y: -item.y };
  return touchesOutline(item.outline, move(a, offset), move(b, offset), radius);
}

function move(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}

/** The same for a closed outline of flat pairs. */
export function touchesOutline(outline: Float64Array, a: Point, b: Point, radius: number): boolean {
  if (isInside(outline, b) || isInside(outline, a)) {
    return true;
  }
  const count = outline.length / 2;
  for (let i = 0; i < count; i += 1) {
    const j = (i + 1) % count;
    const from = { x: outline[2 * i] ?? 0, y: outline[2 * i + 1] ?? 0 };
    const to = { x: outline[2 * j] ?? 0, y: outline[2 * j + 1] ?? 0 };
    if (segmentDistance(a, b, from, to) <= radius) {
      return true;
    }
  }
  return false;
}

/** Even–odd test; the thin overlaps of a self-crossing outline are caught by its sides. */
function isInside(outline: Float64Array, point: Point): boolean {
  let inside = false;
  const count = outline.length / 2;
  for (let i = 0, j = count - 1; i < count; j = i, i += 1) {
    const [xi, yi] = [outline[2 * i] ?? 0, outline[2 * i + 1] ?? 0];
    const [xj, yj] = [outline[2 * j] ?? 0, outline[2 * j + 1] ?? 0];
    if (yi > point.y !== yj > point.y && point.x < ((xj - xi) * (point.y - yi)) / (yj - yi) + xi) {
      inside = !inside;
    }
  }
  return inside;
}

export function segmentDistance(a: Point, b: Point, c: Point, d: Point): number {
  if (crosses(a, b, c, d)) {
    return 0;
  }
  return Math.min(pointDistance(a, c, d), pointDistance(b, c, d), pointDistance(c, a, b), pointDistance(d, a, b));
}

function crosses(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point): number => (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

function pointDistance(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}
