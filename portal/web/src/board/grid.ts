/** Boxes found by where they lie, in cells of a few sizes. Pure. */

import { type Box, boxesMeet } from './camera';

/** Sides of the cells, board px: a word of handwriting lies in the smallest. */
const SMALLEST_SIDE = 128;
const GROWTH = 4;
/** What lies farther out than so many cells is kept in the outermost: found as well, only not as quickly. */
const OUTERMOST = 2 ** 14;

const cellAt = (px: number, side: number): number =>
  Math.max(-OUTERMOST, Math.min(OUTERMOST - 1, Math.floor(px / side)));
const keyOf = (column: number, row: number): number => (row + OUTERMOST) * (2 * OUTERMOST) + column;

/** Entries no larger than a cell, each in the cell of its left upper corner. */
class Level<Entry extends Box> {
  private readonly cells = new Map<number, Entry[]>();

  constructor(private readonly side: number) {}

  put(entry: Entry): void {
    const key = this.keyOf(entry);
    const cell = this.cells.get(key);
    if (cell) {
      cell.push(entry);
    } else {
      this.cells.set(key, [entry]);
    }
  }

  remove(entry: Entry): void {
    const key = this.keyOf(entry);
    const left = this.cells.get(key)?.filter((other) => other !== entry) ?? [];
    if (left.length > 0) {
      this.cells.set(key, left);
    } else {
      this.cells.delete(key);
    }
  }

  search(box: Box, found: Entry[]): void {
    const { side, cells } = this;
    // What begins a cell to the left or above may still reach into the box.
    const [left, right] = [cellAt(box.minX - side, side), cellAt(box.maxX, side)];
    const [top, bottom] = [cellAt(box.minY - side, side), cellAt(box.maxY, side)];
    if ((right - left + 1) * (bottom - top + 1) > cells.size) {
      for (const cell of cells.values()) {
        collect(cell, box, found);
      }
      return;
    }
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const cell = cells.get(keyOf(column, row));
        if (cell) {
          collect(cell, box, found);
        }
      }
    }
  }

  private keyOf({ minX, minY }: Box): number {
    return keyOf(cellAt(minX, this.side), cellAt(minY, this.side));
  }
}

function collect<Entry extends Box>(cell: readonly Entry[], box: Box, found: Entry[]): void {
  for (const entry of cell) {
    if (boxesMeet(entry, box)) {
      found.push(entry);
    }
  }
}

/** Putting in and taking out cost the same on an empty page and on a full one, and nothing is ever built anew. */
export class Grid<Entry extends Box> {
  private readonly levels: Level<Entry>[] = [];

  put(entry: Entry): void {
    this.levelOf(entry).put(entry);
  }

  /** The entry that was put in, not another of the same box. */
  remove(entry: Entry): void {
    this.levelOf(entry).remove(entry);
  }

  /** Entries that meet the box, in no order. */
  search(box: Box): Entry[] {
    const found: Entry[] = [];
    for (const level of this.levels) {
      level.search(box, found);
    }
    return found;
  }

  clear(): void {
    this.levels.length = 0;
  }

  private levelOf({ minX, minY, maxX, maxY }: Box): Level<Entry> {
    const longest = Math.max(maxX - minX, maxY - minY);
    let side = SMALLEST_SIDE;
    for (let number = 0; ; number += 1, side *= GROWTH) {
      const level = this.levels[number] ?? new Level<Entry>(side);
      this.levels[number] = level;
      if (!(longest > side)) {
        return level;
      }
    }
  }
}
