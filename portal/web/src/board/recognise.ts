/** What a hand meant to draw: a straight line, an ellipse, a rectangle, a polygon; or null, when it was writing. Pure. */

import type { Box, Point } from './camera';
import { segmentDistance } from './hit';
import { boxAround } from './turn';

export type Meant =
  | { readonly kind: 'line'; readonly from: Point; readonly to: Point }
  | { readonly kind: 'ellipse' | 'rectangle'; readonly box: Box }
  | { readonly kind: 'polygon'; readonly corners: readonly Point[] };

/** Smaller than this, board px at zoom 1, it is a letter. */
const LEAST_SPAN = 24;
/** Shares of the chord, of the length, of the radius, of the diagonal. */
const STRAIGHT = 0.07;
const CLOSED = 0.22;
const ROUNDNESS = 0.12;
const CORNER = 0.055;
const MOST_CORNERS = 6;
/** How far (radians) the sides of a rectangle may lean. */
const LEAN = 0.22;

export function recognise(points: readonly Point[], zoom: number): Meant | null {
  const [from, to] = [points[0], points.at(-1)];
  if (!from || !to || points.length < 3) {
    return null;
  }
  const box = boxAround(points);
  const span = Math.hypot(box.maxX - box.minX, box.maxY - box.minY);
  if (span * zoom < LEAST_SPAN) {
    return null;
  }
  const chord = distance(from, to);
  if (chord > 0.9 * span && points.every((point) => segmentDistance(point, point, from, to) <= STRAIGHT * chord)) {
    return { kind: 'line', from, to };
  }
  const length = points.reduce((sum, point, i) => sum + distance(point, points[i - 1] ?? point), 0);
  if (chord > CLOSED * length) {
    return null;
  }
  const corners = cornersAlong(points, CORNER * span);
  if (isRound(points, box) && corners.length > 4) {
    return { kind: 'ellipse', box };
  }
  if (corners.length === 4 && isUpright(corners)) {
    return { kind: 'rectangle', box: boxAround(corners) };
  }
  if (corners.length >= 3 && corners.length <= MOST_CORNERS) {
    return { kind: 'polygon', corners };
  }
  return isRound(points, box) ? { kind: 'ellipse', box } : null;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

function isRound(points: readonly Point[], box: Box): boolean {
  const [rx, ry] = [(box.maxX - box.minX) / 2, (box.maxY - box.minY) / 2];
  const [x, y] = [box.minX + rx, box.minY + ry];
  const off = points.map((point) => Math.abs(Math.hypot((point.x - x) / rx, (point.y - y) / ry) - 1));
  return off.reduce((sum, each) => sum + each, 0) / off.length < ROUNDNESS;
}

function isUpright(corners: readonly Point[]): boolean {
  return corners.every((a, i) => {
    const b = corners[(i + 1) % corners.length] ?? a;
    const angle = Math.atan2(b.y - a.y, b.x - a.x);
    const lean = Math.abs(angle - (Math.PI / 2) * Math.round(angle / (Math.PI / 2)));
    return lean < LEAN;
  });
}

/** Corners of a closed way (Ramer, Douglas and Peucker), begun at the point farthest from its middle. */
function cornersAlong(points: readonly Point[], tolerance: number): Point[] {
  const box = boxAround(points);
  const middle = { x: (box.minX + box.maxX) / 2, y: (box.minY + box.maxY) / 2 };
  let start = 0;
  for (const [i, point] of points.entries()) {
    if (distance(point, middle) > distance(points[start] ?? point, middle)) {
      start = i;
    }
  }
  const ring = [...points.slice(start), ...points.slice(0, start)];
  const first = ring[0];
  if (!first) {
    return [];
  }
  const kept = simplified([...ring, first], tolerance);
  return kept.slice(0, -1);
}

function simplified(points: readonly Point[], tolerance: number): Point[] {
  const [from, to] = [points[0], points.at(-1)];
  if (!from || !to || points.length < 3) {
    return [...points];
  }
  let [farthest, at] = [0, 0];
  for (let i = 1; i < points.length - 1; i += 1) {
    const point = points[i] ?? from;
    const off = segmentDistance(point, point, from, to);
    if (off > farthest) {
      [farthest, at] = [off, i];
    }
  }
  if (farthest <= tolerance) {
    return [from, to];
  }
  return [...simplified(points.slice(0, at + 1), tolerance).slice(0, -1), ...simplified(points.slice(at), tolerance)];
}
