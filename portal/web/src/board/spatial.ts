/** Which shapes of a page lie where, in painting order. Pure. */

import RBush from 'rbush';
import type { Box } from './camera';

/** One shape in the index. Painting order is `index`, then `id`. */
export interface Entry extends Box {
  readonly id: string;
  readonly index: string;
}

/** Entries are found in no order; numbers sort a full page several times faster than keys. */
interface Ranked extends Entry {
  rank: number;
}

export function paintsBefore(a: Entry, b: Entry): number {
  if (a.index !== b.index) {
    return a.index < b.index ? -1 : 1;
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export class SpatialIndex {
  private readonly tree = new RBush<Ranked>();
  private readonly entries = new Map<string, Ranked>();
  /** The one painted last; null where ranks are to be given anew. */
  private top: Ranked | null = null;

  get size(): number {
    return this.entries.size;
  }

  /** Replaces everything; many entries at once are several times cheaper than one by one. */
  load(entries: readonly Entry[]): void {
    this.clear();
    const ranked = entries.map((entry) => ({ ...entry, rank: 0 }));
    this.tree.load(ranked.slice());
    for (const entry of ranked) {
      this.entries.set(entry.id, entry);
    }
  }

  clear(): void {
    this.tree.clear();
    this.entries.clear();
    this.top = null;
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  put(entry: Entry): void {
    this.remove(entry.id);
    const ranked = { ...entry, rank: (this.top?.rank ?? 0) + 1 };
    this.tree.insert(ranked);
    this.entries.set(entry.id, ranked);
    this.top = this.top && paintsBefore(this.top, ranked) < 0 ? ranked : null;
  }

  remove(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    if (entry) {
      this.tree.remove(entry);
      this.entries.delete(id);
      this.top = this.top === entry ? null : this.top;
    }
    return entry;
  }

  /** Entries that meet the box, in painting order. */
  inside(box: Box): Entry[] {
    if (!this.top) {
      this.rankAll();
    }
    return this.tree.search(box).sort((a, b) => a.rank - b.rank);
  }

  private rankAll(): void {
    const ordered = [...this.entries.values()].sort(paintsBefore);
    for (const [rank, entry] of ordered.entries()) {
      entry.rank = rank;
    }
    this.top = ordered.at(-1) ?? null;
  }

  /** Whether something that meets the entry's box is painted after it, so that it cannot simply be painted on top. */
  isCovered(entry: Entry): boolean {
    return this.tree.search(entry).some((other) => other.id !== entry.id && paintsBefore(other, entry) > 0);
  }

  all(): IterableIterator<Entry> {
    return this.entries.values();
  }

  /** The box around everything, or null for an empty page. */
  bounds(): Box | null {
    if (this.entries.size === 0) {
      return null;
    }
    const { minX, minY, maxX, maxY } = this.tree.toJSON() as unknown as Box;
    return { minX, minY, maxX, maxY };
  }
}
