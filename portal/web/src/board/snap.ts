/** Where a thing that is moved or resized comes to lie: in line with others, in equal gaps, on the grid. Pure; board px. */

import type { Box } from './camera';

/** A line that shows what something is in line with, or (`isGap`) one of two gaps that are equal. */
export interface SnapLine {
  readonly axis: 'x' | 'y';
  /** Where it stands on its axis; a gap lies across it. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly isGap: boolean;
}

export interface Snapped {
  /** What is to be added to the way. */
  readonly dx: number;
  readonly dy: number;
  readonly lines: readonly SnapLine[];
}

/** Distance of the lines of the page, board px; null where it has none that way. */
export interface SnapGrid {
  readonly x: number | null;
  readonly y: number | null;
}

/** One axis of a box: its ends, and its ends across. */
interface Extent {
  readonly low: number;
  readonly high: number;
  readonly acrossLow: number;
  readonly acrossHigh: number;
}

const extentOf = ({ minX, minY, maxX, maxY }: Box, axis: 'x' | 'y'): Extent =>
  axis === 'x'
    ? { low: minX, high: maxX, acrossLow: minY, acrossHigh: maxY }
    : { low: minY, high: maxY, acrossLow: minX, acrossHigh: maxX };

/** Equal to the eye, and to what floats round. */
const SAME_PX = 0.01;

/** `reach`: how far it may be moved for it. */
export function snapBox(box: Box, others: readonly Box[], grid: SnapGrid, reach: number): Snapped {
  const x = snapAxis('x', box, others, grid.x, reach);
  const y = snapAxis('y', box, others, grid.y, reach);
  const moved = { minX: box.minX + x, minY: box.minY + y, maxX: box.maxX + x, maxY: box.maxY + y };
  return { dx: x, dy: y, lines: [...linesOf('x', moved, others), ...linesOf('y', moved, others)] };
}

/** One edge alone: what a handle pulls. */
export function snapEdge(axis: 'x' | 'y', at: number, others: readonly Box[], grid: SnapGrid, reach: number): number {
  const wanted = others.flatMap((other) => {
    const { low, high } = extentOf(other, axis);
    return [low - at, (low + high) / 2 - at, high - at];
  });
  return at + nearest([...wanted, ...gridShifts([at], grid[axis])], reach);
}

function snapAxis(axis: 'x' | 'y', box: Box, others: readonly Box[], step: number | null, reach: number): number {
  const own = extentOf(box, axis);
  const extents = others.map((other) => extentOf(other, axis));
  const middle = (own.low + own.high) / 2;
  const lined = extents.flatMap(({ low, high }) => {
    const centre = (low + high) / 2;
    return [low - own.low, high - own.high, centre - middle, low - own.high, high - own.low];
  });
  const best = nearest([...lined, ...gapShifts(own, extents)], reach);
  return best === 0 ? nearest(gridShifts([own.low, own.high], step), reach) : best;
}

/** The smallest shift within reach; 0 for none. */
function nearest(shifts: readonly number[], reach: number): number {
  let best = 0;
  let least = reach;
  for (const shift of shifts) {
    if (Math.abs(shift) < least) {
      [best, least] = [shift, Math.abs(shift)];
    }
  }
  return best;
}

const gridShifts = (edges: readonly number[], step: number | null): number[] =>
  step === null ? [] : edges.map((edge) => Math.round(edge / step) * step - edge);

/** Those beside a box, so that a gap is seen between them. */
const beside = (own: Extent, others: readonly Extent[]): Extent[] =>
  others.filter((other) => other.acrossLow < own.acrossHigh && other.acrossHigh > own.acrossLow);

/** Into the middle between two neighbours, or as far from one as that one is from the next. */
function gapShifts(own: Extent, extents: readonly Extent[]): number[] {
  const row = beside(own, extents);
  const long = own.high - own.low;
  const before = row.filter(({ high }) => high <= own.low + long / 2).sort((a, b) => b.high - a.high);
  const after = row.filter(({ low }) => low >= own.high - long / 2).sort((a, b) => a.low - b.low);
  const shifts: number[] = [];
  const [left, farLeft] = before;
  const [right, farRight] = after;
  if (left && right && right.low - left.high > long) {
    shifts.push((left.high + right.low) / 2 - (own.low + own.high) / 2);
  }
  if (left && farLeft && left.low > farLeft.high) {
    shifts.push(left.high + (left.low - farLeft.high) - own.low);
  }
  if (right && farRight && farRight.low > right.high) {
    shifts.push(right.low - (farRight.low - right.high) - own.high);
  }
  return shifts;
}

/** What a box, where it is now, is in line with. */
export function linesOf(axis: 'x' | 'y', box: Box, others: readonly Box[]): SnapLine[] {
  const own = extentOf(box, axis);
  const extents = others.map((other) => extentOf(other, axis));
  const found = new Map<number, SnapLine>();
  for (const at of [own.low, (own.low + own.high) / 2, own.high]) {
    for (const { low, high, acrossLow, acrossHigh } of extents) {
      if ([low, (low + high) / 2, high].some((place) => Math.abs(place - at) < SAME_PX)) {
        const known = found.get(at);
        const from = Math.min(known?.from ?? own.acrossLow, acrossLow);
        const to = Math.max(known?.to ?? own.acrossHigh, acrossHigh);
        found.set(at, { axis, at, from, to, isGap: false });
      }
    }
  }
  return [...found.values(), ...gapLines(axis, own, extents)];
}

function gapLines(axis: 'x' | 'y', own: Extent, extents: readonly Extent[]): SnapLine[] {
  const row = [...beside(own, extents), own].sort((a, b) => a.low - b.low);
  const at = (own.acrossLow + own.acrossHigh) / 2;
  const gaps = row.slice(1).flatMap((next, i) => {
    const last = row[i];
    return last && next.low > last.high
      ? [{ line: { axis, at, from: last.high, to: next.low, isGap: true }, isOwn: last === own || next === own }]
      : [];
  });
  const long = ({ from, to }: SnapLine): number => to - from;
  const mine = gaps.filter(({ isOwn }) => isOwn);
  return gaps.flatMap(({ line }) =>
    mine.some((own) => own.line !== line && Math.abs(long(own.line) - long(line)) < SAME_PX) ||
    (mine.some((own) => own.line === line) &&
      gaps.some((other) => other.line !== line && Math.abs(long(other.line) - long(line)) < SAME_PX))
      ? [line]
      : [],
  );
}
