/** What lies under a pointer. Pure; everything in board px. */

import { type Box, boxesMeet, growBox, type Point } from './camera';
import type { FigureItem, SceneItem } from './scene';

/** Whether the way from `a` to `b`, as wide as `radius` on both sides, touches what an item paints. */
export function touches(item: SceneItem, a: Point, b: Point, radius: number): boolean {
  const way: Box = growBox(
    { minX: Math.min(a.x, b.x), minY: Math.min(a.y, b.y), maxX: Math.max(a.x, b.x), maxY: Math.max(a.y, b.y) },
    radius,
  );
  if (!boxesMeet(item.box, way)) {
    return false;
  }
  if (item.kind === 'text' || item.kind === 'image' || (item.kind === 'figure' && item.isSolid)) {
    return true;
  }
  if (item.kind === 'figure') {
    return touchesFigure(item, a, b, radius);
  }
  const offset = { x: -item.x, y: -item.y };
  return touchesOutline(item.outline, move(a, offset), move(b, offset), radius);
}

/** Border, filled inside, or letters. An empty figure is not touched in its middle: things inside it can be. */
function touchesFigure(item: FigureItem, a: Point, b: Point, radius: number): boolean {
  const { label } = item;
  if (label && (inBox(label.box, a) || inBox(label.box, b))) {
    return true;
  }
  return item.paths.some((path) => {
    const line = flattened(path.verbs, path.coords);
    if (path.fill > 0 && (isInside(line, a) || isInside(line, b))) {
      return true;
    }
    const isClosed = path.verbs.endsWith('Z');
    return touchesLine(line, isClosed, a, b, radius + path.width / 2);
  });
}

/** Whether a point lies inside the outermost path of a figure or the box of anything else. */
export function covers(item: SceneItem, point: Point): boolean {
  const border = item.kind === 'figure' && !item.isSolid ? item.paths[0] : undefined;
  return border?.verbs.endsWith('Z') ? isInside(flattened(border.verbs, border.coords), point) : inBox(item.box, point);
}

function inBox({ minX, minY, maxX, maxY }: Box, { x, y }: Point): boolean {
  return x >= minX && x <= maxX && y >= minY && y <= maxY;
}

/** Pieces that a curve is cut into: finer than a finger. */
const PIECES = 12;

function flattened(verbs: string, coords: Float64Array): Float64Array {
  const flat: number[] = [];
  let i = 0;
  const at = (n: number): number => coords[n] ?? 0;
  for (const verb of verbs) {
    if (verb === 'C') {
      const [x0, y0] = [flat.at(-2) ?? 0, flat.at(-1) ?? 0];
      for (let step = 1; step <= PIECES; step += 1) {
        const t = step / PIECES;
        const [u, v, w, z] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
        flat.push(u * x0 + v * at(i) + w * at(i + 2) + z * at(i + 4));
        flat.push(u * y0 + v * at(i + 1) + w * at(i + 3) + z * at(i + 5));
      }
      i += 6;
    } else if (verb !== 'Z') {
      flat.push(at(i), at(i + 1));
      i += 2;
    }
  }
  return Float64Array.from(flat);
}

function touchesLine(line: Float64Array, isClosed: boolean, a: Point, b: Point, radius: number): boolean {
  const count = line.length / 2;
  for (let i = 0; i < (isClosed ? count : count - 1); i += 1) {
    const j = (i + 1) % count;
    const from = { x: line[2 * i] ?? 0, y: line[2 * i + 1] ?? 0 };
    const to = { x: line[2 * j] ?? 0, y: line[2 * j + 1] ?? 0 };
    if (segmentDistance(a, b, from, to) <= radius) {
      return true;
    }
  }
  return false;
}

function move(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}

/** The same for a closed outline of flat pairs. */
function touchesOutline(outline: Float64Array, a: Point, b: Point, radius: number): boolean {
  if (isInside(outline, b) || isInside(outline, a)) {
    return true;
  }
  return touchesLine(outline, true, a, b, radius);
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
