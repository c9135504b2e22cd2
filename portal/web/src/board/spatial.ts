/** Which shapes of a page lie where, in painting order. Pure. */

import RBush from 'rbush';
import type { Box } from './camera';

/** One shape in the index. Painting order is `index`, then `id`. */
export interface Entry extends Box {
  readonly id: string;
  readonly index: string;
}

export function paintsBefore(a: Entry, b: Entry): number {
  if (a.index !== b.index) {
    return a.index < b.index ? -1 : 1;
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export class SpatialIndex {
  private readonly tree = new RBush<Entry>();
  private readonly entries = new Map<string, Entry>();

  get size(): number {
    return this.entries.size;
  }

  /** Replaces everything; many entries at once are several times cheaper than one by one. */
  load(entries: readonly Entry[]): void {
    this.clear();
    this.tree.load(entries.slice());
    for (const entry of entries) {
      this.entries.set(entry.id, entry);
    }
  }

  clear(): void {
    this.tree.clear();
    this.entries.clear();
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  put(entry: Entry): void {
    this.remove(entry.id);
    this.tree.insert(entry);
    this.entries.set(entry.id, entry);
  }

  remove(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    if (entry) {
      this.tree.remove(entry);
      this.entries.delete(id);
    }
    return entry;
  }

  /** Entries that meet the box, in painting order. */
  inside(box: Box): Entry[] {
    return this.tree.search(box).sort(paintsBefore);
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
