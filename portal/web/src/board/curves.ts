/**
 * The way of a function through a plot: cut at its edges, and where the function jumps. Pure, and the twin of
 * `recorder/curves.py`.
 */

import things from '@spec/things.json';
import type { Point } from './camera';

/** The values that a plot shows, and its size in px. */
export interface PlotWindow {
  readonly xFrom: number;
  readonly xTo: number;
  readonly yFrom: number;
  readonly yTo: number;
  readonly w: number;
  readonly h: number;
}

type Run = (x: number) => number;

/** Samples closer together than this (px of height) are joined without asking whether there is a jump between them. */
const STEEP_PX = 6;
/** Times that a stretch is halved to tell a jump from a steep way, and to find where a function begins. */
const JUMP_HALVES = 12;
const EDGE_HALVES = 20;
/** Higher than this nothing is told apart any more. */
const HIGHEST = 1e12;

/** Ways in px from the plot's top left corner, each of at least two points, none outside the plot. */
export function curvePieces(run: Run, window: PlotWindow): Point[][] {
  return piecesOf(run, window).flatMap((piece) => cut(piece, window));
}

/** Stretches on which the function is there and does not jump; points are values. */
function piecesOf(run: Run, window: PlotWindow): Point[][] {
  const count = Math.min(things.plot.samples, Math.max(16, Math.ceil(window.w / 2)));
  const span = window.xTo - window.xFrom;
  let piece: Point[] = [];
  const found = [piece];
  const begin = (point: Point): void => {
    piece = [point];
    found.push(piece);
  };
  let before: Point | null = null;
  let xBefore = window.xFrom;
  for (let number = 0; number <= count; number += 1) {
    const x = window.xFrom + (span * number) / count;
    const here = sample(run, x);
    if (number > 0) {
      if (!before && here) {
        begin(edgeOf(run, xBefore, here));
      } else if (before && !here) {
        piece.push(edgeOf(run, x, before));
      } else if (before && here) {
        const jump = jumpBetween(run, before, here, window);
        if (jump) {
          piece.push(jump[0]);
          begin(jump[1]);
        }
      }
    }
    if (here) {
      piece.push(here);
    }
    before = here;
    xBefore = x;
  }
  return found;
}

function sample(run: Run, x: number): Point | null {
  const y = run(x);
  return Number.isFinite(y) ? { x, y: Math.min(HIGHEST, Math.max(-HIGHEST, y)) } : null;
}

/** The last place where the function is, on the way from where it is to where it is not. */
function edgeOf(run: Run, outside: number, inside: Point): Point {
  let last = inside;
  let x = outside;
  for (let i = 0; i < EDGE_HALVES; i += 1) {
    const middle = sample(run, (x + last.x) / 2);
    if (middle) {
      last = middle;
    } else {
      x = (x + last.x) / 2;
    }
  }
  return last;
}

/** Both sides of a jump between two samples; null where the way is only steep. */
function jumpBetween(run: Run, from: Point, to: Point, window: PlotWindow): [Point, Point] | null {
  const height = window.h / (window.yTo - window.yFrom);
  const rise = Math.abs(to.y - from.y);
  if (rise * height <= STEEP_PX) {
    return null;
  }
  let [left, right] = [from, to];
  for (let i = 0; i < JUMP_HALVES; i += 1) {
    const middle = sample(run, (left.x + right.x) / 2);
    if (!middle) {
      return [left, right];
    }
    if (Math.abs(middle.y - left.y) > Math.abs(right.y - middle.y)) {
      right = middle;
    } else {
      left = middle;
    }
  }
  return Math.abs(right.y - left.y) > rise / 2 ? [left, right] : null;
}

/** What of a stretch lies between the upper and the lower edge. */
function cut(piece: readonly Point[], window: PlotWindow): Point[][] {
  const scaleX = window.w / (window.xTo - window.xFrom);
  const scaleY = window.h / (window.yTo - window.yFrom);
  const placed = piece.map(({ x, y }) => ({ x: (x - window.xFrom) * scaleX, y: (window.yTo - y) * scaleY }));
  const found: Point[][] = [];
  let way: Point[] = [];
  for (const [i, b] of placed.slice(1).entries()) {
    const a = placed[i] ?? b;
    if ((a.y < 0 && b.y < 0) || (a.y > window.h && b.y > window.h)) {
      way = [];
      continue;
    }
    const from = toEdge(a, b, window.h);
    const last = way.at(-1);
    if (last?.x !== from.x || last.y !== from.y) {
      way = [from];
      found.push(way);
    }
    way.push(toEdge(b, a, window.h));
  }
  return found;
}

function toEdge(point: Point, other: Point, height: number): Point {
  const { x, y } = point;
  if (y >= 0 && y <= height) {
    return point;
  }
  const edge = y < 0 ? 0 : height;
  return { x: x + ((other.x - x) * (edge - y)) / (other.y - y), y: edge };
}
