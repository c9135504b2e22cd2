/** Which shapes of a page lie where, in painting order. Pure. */

import { type Box, unionBox } from './camera';
import { Grid } from './grid';

/** One shape in the index. Painting order is `index`, then `id`. */
export interface Entry extends Box {
  readonly id: string;
  readonly index: string;
}

/** Numbers sort a full page several times faster than keys. What comes under others has none until all get new ones. */
interface Ranked extends Entry {
  rank: number | null;
}

export function paintsBefore(a: Entry, b: Entry): number {
  if (a.index !== b.index) {
    return a.index < b.index ? -1 : 1;
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

const inOrder = (a: Ranked, b: Ranked): number =>
  a.rank !== null && b.rank !== null ? a.rank - b.rank : paintsBefore(a, b);

/** Without touching an edge. */
const isWithin = (box: Box, outer: Box): boolean =>
  box.minX > outer.minX && box.minY > outer.minY && box.maxX < outer.maxX && box.maxY < outer.maxY;

/** So many are sorted by their keys; then all are ranked anew, which takes 3 ms on a full page. */
const MOST_UNRANKED = 500;

export class SpatialIndex {
  private readonly grid = new Grid<Ranked>();
  private readonly entries = new Map<string, Ranked>();
  /** The last in painting order that ever was here: what comes after it comes after all. */
  private top: Ranked | null = null;
  private unranked = 0;
  /** Around everything; null where something at its edge has gone. */
  private box: Box | null = null;

  get size(): number {
    return this.entries.size;
  }

  /** Replaces everything. Quickest where the entries come in painting order. */
  load(entries: Iterable<Entry>): void {
    this.clear();
    for (const entry of entries) {
      this.put(entry);
    }
  }

  clear(): void {
    this.grid.clear();
    this.entries.clear();
    this.top = null;
    this.unranked = 0;
    this.box = null;
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  put({ id, index, minX, minY, maxX, maxY }: Entry): void {
    const known = this.entries.get(id);
    this.remove(id);
    const ranked: Ranked = { id, index, minX, minY, maxX, maxY, rank: null };
    if (known && known.index === index) {
      ranked.rank = known.rank;
    } else if (!this.top || paintsBefore(this.top, ranked) < 0) {
      ranked.rank = (this.top?.rank ?? -1) + 1;
      this.top = ranked;
    }
    this.unranked += ranked.rank === null ? 1 : 0;
    if (this.entries.size === 0) {
      this.box = ranked;
    } else if (this.box && !isWithin(ranked, this.box)) {
      this.box = unionBox(this.box, ranked);
    }
    this.grid.put(ranked);
    this.entries.set(id, ranked);
  }

  remove(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    if (entry) {
      this.grid.remove(entry);
      this.entries.delete(id);
      this.unranked -= entry.rank === null ? 1 : 0;
      this.box = this.box && isWithin(entry, this.box) ? this.box : null;
    }
    return entry;
  }

  /** Entries that meet the box, in painting order. */
  inside(box: Box): Entry[] {
    if (this.unranked > MOST_UNRANKED) {
      this.rankAll();
    }
    return this.grid.search(box).sort(inOrder);
  }

  private rankAll(): void {
    const ordered = [...this.entries.values()].sort(paintsBefore);
    for (const [rank, entry] of ordered.entries()) {
      entry.rank = rank;
    }
    this.top = ordered.at(-1) ?? null;
    this.unranked = 0;
  }

  /** Whether something that meets the entry's box is painted after it, so that it cannot simply be painted on top. */
  isCovered(entry: Entry): boolean {
    return this.grid.search(entry).some((other) => other.id !== entry.id && paintsBefore(other, entry) > 0);
  }

  /** The box around everything, or null for an empty page. */
  bounds(): Box | null {
    if (!this.box) {
      for (const entry of this.entries.values()) {
        this.box = unionBox(this.box, entry);
      }
    }
    return this.box;
  }
}
