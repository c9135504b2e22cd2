/**
 * Where something new is put that nobody pointed a place for: under what is chosen, else in the middle of what is seen,
 * else the nearest place where it covers nothing. Pure.
 */

import type { Box, Point } from './camera';
import { middleOfBox } from './transform';

/** Board px between two things. */
const GAP = 24;
/** What is seen is searched in so many columns and rows, however much stands on it. */
const COLUMNS = 64;
const ROWS = 36;

/** The middle of a place for something `w` × `h` board px large, or null when there is no room. */
export function freePlace(w: number, h: number, visible: Box, taken: readonly Box[], chosen: Box | null): Point | null {
  const near = taken.filter((box) => overlaps(box, visible));
  const isFree = (at: Point): boolean => {
    const place = boxAt(at, w, h);
    return holds(visible, place) && !near.some((box) => overlaps(box, place));
  };
  const middle = middleOfBox(visible);
  const under = chosen && { x: chosen.minX + w / 2, y: chosen.maxY + GAP + h / 2 };
  const first = [under, middle].find((at) => at !== null && isFree(at));
  return first ?? nearest(w, h, visible, near, under ?? middle);
}

function nearest(w: number, h: number, visible: Box, taken: readonly Box[], wanted: Point): Point | null {
  const cell = { w: (visible.maxX - visible.minX) / COLUMNS, h: (visible.maxY - visible.minY) / ROWS };
  const sums = sumsOf(taken, visible, cell);
  const [across, down] = [Math.ceil((w + GAP) / cell.w), Math.ceil((h + GAP) / cell.h)];
  let best: Point | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let row = 0; row + down <= ROWS; row += 1) {
    for (let column = 0; column + across <= COLUMNS; column += 1) {
      const at = {
        x: visible.minX + (column + across / 2) * cell.w,
        y: visible.minY + (row + down / 2) * cell.h,
      };
      const far = Math.hypot(at.x - wanted.x, at.y - wanted.y);
      if (far < least && within(sums, column, row, across, down) === 0) {
        best = at;
        least = far;
      }
    }
  }
  return best;
}

/** For each corner of the grid, how many taken cells lie above and to the left of it. */
function sumsOf(taken: readonly Box[], visible: Box, cell: { w: number; h: number }): Int32Array {
  const isTaken = new Uint8Array(COLUMNS * ROWS);
  for (const box of taken) {
    const [left, right] = cells(box.minX - visible.minX, box.maxX - visible.minX, cell.w, COLUMNS);
    const [top, bottom] = cells(box.minY - visible.minY, box.maxY - visible.minY, cell.h, ROWS);
    for (let row = top; row < bottom; row += 1) {
      isTaken.fill(1, row * COLUMNS + left, row * COLUMNS + right);
    }
  }
  const wide = COLUMNS + 1;
  const sums = new Int32Array(wide * (ROWS + 1));
  for (let row = 0; row < ROWS; row += 1) {
    let line = 0;
    for (let column = 0; column < COLUMNS; column += 1) {
      line += isTaken[row * COLUMNS + column] ?? 0;
      sums[(row + 1) * wide + column + 1] = line + (sums[row * wide + column + 1] ?? 0);
    }
  }
  return sums;
}

const cells = (from: number, to: number, size: number, most: number): [number, number] => [
  Math.max(0, Math.min(most, Math.floor(from / size))),
  Math.max(0, Math.min(most, Math.ceil(to / size))),
];

function within(sums: Int32Array, column: number, row: number, across: number, down: number): number {
  const at = (x: number, y: number): number => sums[y * (COLUMNS + 1) + x] ?? 0;
  return at(column + across, row + down) - at(column, row + down) - at(column + across, row) + at(column, row);
}

const boxAt = ({ x, y }: Point, w: number, h: number): Box => ({
  ...{ minX: x - w / 2, minY: y - h / 2 },
  ...{ maxX: x + w / 2, maxY: y + h / 2 },
});

const overlaps = (a: Box, b: Box): boolean => a.minX < b.maxX && a.maxX > b.minX && a.minY < b.maxY && a.maxY > b.minY;

const holds = (all: Box, part: Box): boolean =>
  part.minX >= all.minX && part.maxX <= all.maxX && part.minY >= all.minY && part.maxY <= all.maxY;
