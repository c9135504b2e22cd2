/** What an eraser that takes only what it touches leaves of a stroke. Pure. */

import type { InkPoint } from '../core/ink';
import type { Point } from './camera';
import { segmentDistance } from './hit';

/** A stroke as pieces; what is between them is gone. Points in board px. */
export type Pieces = readonly (readonly InkPoint[])[];

/** Long straight pieces have few points: between them others are put, so that the cut is where the eraser was. */
export function refined(points: readonly InkPoint[], step: number): InkPoint[] {
  const fine: InkPoint[] = [];
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    if (before) {
      const parts = Math.min(MOST_PARTS, Math.ceil(Math.hypot(point.x - before.x, point.y - before.y) / step));
      for (let part = 1; part < parts; part += 1) {
        fine.push(between(before, point, part / parts));
      }
    }
    fine.push(point);
  }
  return fine;
}

const MOST_PARTS = 400;

function between(a: InkPoint, b: InkPoint, share: number): InkPoint {
  const mix = (from: number, to: number): number => from + (to - from) * share;
  return {
    x: mix(a.x, b.x),
    y: mix(a.y, b.y),
    pressure: a.pressure === null || b.pressure === null ? null : Math.round(mix(a.pressure, b.pressure)),
    t: a.t === null || b.t === null ? null : Math.round(mix(a.t, b.t)),
  };
}

/** Pieces without what lies within `radius` of the way from `a` to `b`. The same object where nothing does. */
export function cut(pieces: Pieces, a: Point, b: Point, radius: number): Pieces {
  const left: InkPoint[][] = [];
  let isCut = false;
  for (const piece of pieces) {
    let run: InkPoint[] = [];
    for (const point of piece) {
      if (segmentDistance(point, point, a, b) <= radius) {
        isCut = true;
        if (run.length > 1) {
          left.push(run);
        }
        run = [];
      } else {
        run.push(point);
      }
    }
    if (run.length > 1 || (run.length === 1 && piece.length === 1)) {
      left.push(run);
    }
  }
  return isCut ? left : pieces;
}

/** Points on a straight line between others say nothing; without them a piece is as small as the stroke was. */
export function thinned(points: readonly InkPoint[], tolerance: number): InkPoint[] {
  const kept: InkPoint[] = [];
  for (const [i, point] of points.entries()) {
    const before = kept.at(-1);
    const after = points[i + 1];
    if (!before || !after || segmentDistance(point, point, before, after) > tolerance || i % KEEP_EVERY === 0) {
      kept.push(point);
    }
  }
  return kept;
}

/** A curve that bends slowly keeps a point now and then, however small each bend is. */
const KEEP_EVERY = 12;
