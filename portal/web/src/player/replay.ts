import type { BoardSource, BoardSourceChange } from '../board/source';
import type { PageId, ShapeId } from '../core/ids';
import { byIndex, type Page, type Shape } from '../core/shape';
import type { JournalStep, ShapeChange } from './journal';

/** Further than this at once is shown as a page opened anew rather than change by change. */
const SEEK_STEPS = 64;

/**
 * The board at a moment: a place in the journal, and the shapes that stand there. Going to another moment, forwards or
 * backwards, applies only the steps between, on plain maps; no CRDT is touched. (100,000 steps end to end: see the test.)
 */
export class BoardReplay implements BoardSource {
  readonly #steps: readonly JournalStep[];
  readonly #shapes = new Map<ShapeId, Shape>();
  readonly #sorted = new Map<PageId, readonly Shape[]>();
  readonly #listeners = new Set<(change: BoardSourceChange) => void>();
  #pages: readonly Page[];
  /** Steps applied. */
  #at = 0;

  constructor(
    steps: readonly JournalStep[],
    private readonly firstPages: readonly Page[],
  ) {
    this.#steps = steps;
    this.#pages = firstPages;
  }

  /** Steps applied so far. */
  get index(): number {
    return this.#at;
  }

  pages(): readonly Page[] {
    return this.#pages;
  }

  shape(id: ShapeId): Shape | null {
    return this.#shapes.get(id) ?? null;
  }

  shapes(page: PageId): readonly Shape[] {
    let sorted = this.#sorted.get(page);
    if (!sorted) {
      // Shapes lie in the map in the order in which they were drawn, which is nearly the painting order: sorting is one pass.
      sorted = [...this.#shapes.values()].filter((shape) => shape.page === page && !shape.erased).sort(byIndex);
      this.#sorted.set(page, sorted);
    }
    return sorted;
  }

  onChange(listener: (change: BoardSourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Goes to the state after every step at or before `t_ms`. Listeners hear what changed, unless it is further than
   * `SEEK_STEPS` away (`isJump`): then the caller shows the page anew.
   */
  goTo(t_ms: number): { hasMoved: boolean; isJump: boolean } {
    const to = stepsUntil(this.#steps, t_ms);
    const isJump = Math.abs(to - this.#at) > SEEK_STEPS;
    const changed = isJump ? null : new Set<ShapeId>();
    const pagesBefore = this.#pages;
    if (to !== this.#at) {
      this.#sorted.clear();
    }
    while (this.#at < to) {
      const step = this.#steps[this.#at] as JournalStep;
      for (const { id, after } of step.shapes) {
        this.#put(id, after);
        changed?.add(id);
      }
      this.#pages = step.pagesAfter ?? this.#pages;
      this.#at += 1;
    }
    while (this.#at > to) {
      this.#at -= 1;
      const step = this.#steps[this.#at] as JournalStep;
      for (let i = step.shapes.length - 1; i >= 0; i -= 1) {
        const change = step.shapes[i] as ShapeChange;
        this.#put(change.id, change.before);
        changed?.add(change.id);
      }
      this.#pages = step.pagesBefore ?? this.#pages;
    }
    const pages = this.#pages !== pagesBefore;
    const hasMoved = isJump || pages || (changed?.size ?? 0) > 0;
    if (hasMoved && changed) {
      for (const listener of this.#listeners) {
        listener({ shapes: changed, pages });
      }
    }
    return { hasMoved, isJump };
  }

  /** Back to the empty board: the steps were made anew. */
  reset(): void {
    this.#shapes.clear();
    this.#sorted.clear();
    this.#pages = this.firstPages;
    this.#at = 0;
  }

  #put(id: ShapeId, shape: Shape | null): void {
    if (shape) {
      this.#shapes.set(id, shape);
    } else {
      this.#shapes.delete(id);
    }
  }
}

/** How many steps lie at or before a time; steps are ordered by time. */
export function stepsUntil(steps: readonly { readonly t_ms: number }[], t_ms: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle]?.t_ms ?? 0) <= t_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
