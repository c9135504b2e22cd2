/** Which shapes are on which page, in painting order; kept up to date shape by shape. */
import { generateKeyBetween } from 'fractional-indexing';
import type { PageId, ShapeId } from './ids';
import { byIndex, type Shape } from './shape';

const MAX_INDEX_LENGTH = 64;

/** A key after `last`, or `last` itself where a hostile key leaves no room: the id then decides. */
export function indexAfter(last: string | null): string {
  try {
    const next = generateKeyBetween(last, null);
    return next.length <= MAX_INDEX_LENGTH ? next : (last ?? 'a0');
  } catch {
    return last ?? 'a0';
  }
}

/** A key under `first`; `first` itself where a hostile key leaves no room. */
export function indexBefore(first: string | null): string {
  try {
    const next = generateKeyBetween(null, first);
    return next.length <= MAX_INDEX_LENGTH ? next : (first ?? 'a0');
  } catch {
    return first ?? 'a0';
  }
}

/** A key between two that follow each other; after `before` where they leave no room. */
export function indexBetween(before: string | null, after: string | null): string {
  try {
    return generateKeyBetween(before, before === after ? null : after);
  } catch {
    return indexAfter(before);
  }
}

/** Whether new shapes may be ordered after this key. */
function isOrderKey(index: string): boolean {
  if (index === '' || index.length > MAX_INDEX_LENGTH) return false;
  try {
    generateKeyBetween(index, null);
    return true;
  } catch {
    return false;
  }
}

interface Entry {
  readonly shapes: Map<ShapeId, Shape>;
  sorted: readonly Shape[] | null;
  /** New on top of `sorted`, in order: adding the 20,000th costs no copy of the others. */
  tail: Shape[];
  top: string | null;
  /** Keys that may be higher than `top`, if they are keys at all: looked at when somebody draws. */
  higher: string[];
}

/** What a page holds of these; then they are looked at, though nobody draws. */
const MOST_HIGHER = 65_536;

/** Finds the highest key that new shapes may be ordered after. Asking it of each of 20,000 when they are opened takes 10 ms. */
function settleTop(entry: Entry): void {
  const { top, higher } = entry;
  entry.higher = [];
  const found = higher
    .filter((key) => top === null || key > top)
    .sort()
    .reverse()
    .find(isOrderKey);
  entry.top = found ?? top;
}

export class PageIndex {
  private readonly pages = new Map<PageId, Entry>();

  private entry(page: PageId): Entry {
    let entry = this.pages.get(page);
    if (entry === undefined) {
      entry = { shapes: new Map(), sorted: [], tail: [], top: null, higher: [] };
      this.pages.set(page, entry);
    }
    return entry;
  }

  replace(before: Shape | null, after: Shape | null): void {
    if (before !== null && !before.erased) {
      const entry = this.entry(before.page);
      entry.shapes.delete(before.id);
      entry.sorted = null;
      entry.tail = [];
    }
    if (after === null) return;
    const entry = this.entry(after.page);
    if (!after.erased) {
      const { sorted, tail } = entry;
      entry.shapes.set(after.id, after);
      const last = tail.at(-1) ?? sorted?.at(-1);
      // The usual case, a new stroke on top, keeps the order without sorting 20,000 shapes again.
      if (sorted !== null && (last === undefined || byIndex(last, after) < 0)) {
        tail.push(after);
      } else {
        entry.sorted = null;
        entry.tail = [];
      }
    }
    if (before?.index === after.index && before.page === after.page) return;
    if (entry.top === null || after.index > entry.top) entry.higher.push(after.index);
    if (entry.higher.length > MOST_HIGHER) settleTop(entry);
  }

  /** The key for a new shape on top of a page. Never the same twice: shapes of one transaction are not here yet. */
  nextIndex(page: PageId): string {
    const entry = this.entry(page);
    settleTop(entry);
    entry.top = indexAfter(entry.top);
    return entry.top;
  }

  shapes(page: PageId): readonly Shape[] {
    const entry = this.entry(page);
    if (entry.sorted === null) entry.sorted = [...entry.shapes.values()].sort(byIndex);
    else if (entry.tail.length > 0) entry.sorted = [...entry.sorted, ...entry.tail];
    entry.tail = [];
    return entry.sorted;
  }
}
