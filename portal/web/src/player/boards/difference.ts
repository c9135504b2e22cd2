import type { BoardSource, BoardSourceChange } from '../../board/source';
import type { PageId, ShapeId } from '../../core/ids';
import type { Page, Shape } from '../../core/shape';
import { tn } from '../../ui/i18n';

/** A board as far as a comparison needs it. */
export interface Side {
  pages(): readonly Page[];
  shapes(page: PageId): readonly Shape[];
  shape(id: ShapeId): Shape | null;
}

/** What somebody did on a board since it was forked. */
export interface Difference {
  readonly added: ReadonlySet<ShapeId>;
  /** Was there, and looks different now. */
  readonly changed: ReadonlySet<ShapeId>;
  /** Was there, and is gone. */
  readonly erased: ReadonlySet<ShapeId>;
  readonly pages: readonly PageId[];
}

export function differenceOf(before: Side, after: Side): Difference {
  const added = new Set<ShapeId>();
  const changed = new Set<ShapeId>();
  const erased = new Set<ShapeId>();
  const old = new Map(
    before
      .pages()
      .flatMap(({ id }) => before.shapes(id))
      .map((shape) => [shape.id, shape]),
  );
  const now = new Map(
    after
      .pages()
      .flatMap(({ id }) => after.shapes(id))
      .map((shape) => [shape.id, shape]),
  );
  for (const [id, shape] of now) {
    const was = old.get(id);
    if (!was) {
      added.add(id);
    } else if (!looksAlike(was, shape)) {
      changed.add(id);
    }
  }
  for (const id of old.keys()) {
    if (!now.has(id)) {
      erased.add(id);
    }
  }
  const known = new Set(before.pages().map(({ id }) => id));
  const pages = after.pages().flatMap(({ id }) => (known.has(id) ? [] : [id]));
  return { added, changed, erased, pages };
}

function looksAlike(a: Shape, b: Shape): boolean {
  const fields = Object.keys({ ...a, ...b }) as (keyof Shape)[];
  return fields.every((field) => sameValue(a[field], b[field]));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    return JSON.stringify(a) === JSON.stringify(b);
  }
  return a === b;
}

/** In words, such as "12 things added, 1 erased"; empty where nothing was done. */
export function wordsOf({ added, changed, erased, pages }: Difference): string {
  return [
    added.size > 0 && tn(added.size, '{n} added', '{n} added'),
    changed.size > 0 && tn(changed.size, '{n} changed', '{n} changed'),
    erased.size > 0 && tn(erased.size, '{n} erased', '{n} erased'),
    pages.length > 0 && tn(pages.length, '{n} new page', '{n} new pages'),
  ]
    .filter((part) => part !== false)
    .join(', ');
}

export type Emphasis = 'work' | 'before' | 'after';

const FAINT = 0.22;

/**
 * The board with what was added standing out: what was there before is faint, and what was erased is faint and red. Or
 * plainly as it was before, or as it is now. A picture of one moment: neither side changes under it.
 */
export class DifferenceSource implements BoardSource {
  readonly #seen = new Map<ShapeId, Shape>();

  constructor(
    private readonly before: Side,
    private readonly after: Side,
    private readonly difference: Difference,
    private readonly emphasis: Emphasis,
  ) {}

  pages(): readonly Page[] {
    return this.emphasis === 'before' ? this.before.pages() : this.after.pages();
  }

  shapes(page: PageId): readonly Shape[] {
    if (this.emphasis !== 'work') {
      return (this.emphasis === 'before' ? this.before : this.after).shapes(page);
    }
    const gone = this.before.shapes(page).filter(({ id }) => this.difference.erased.has(id));
    return [...gone, ...this.after.shapes(page)].map((shape) => this.#look(shape));
  }

  shape(id: ShapeId): Shape | null {
    if (this.emphasis !== 'work') {
      return (this.emphasis === 'before' ? this.before : this.after).shape(id);
    }
    const shape = this.difference.erased.has(id) ? this.before.shape(id) : this.after.shape(id);
    return shape && this.#look(shape);
  }

  onChange(_listener: (change: BoardSourceChange) => void): () => void {
    return () => undefined;
  }

  #look(shape: Shape): Shape {
    const { added, changed, erased } = this.difference;
    if (added.has(shape.id) || changed.has(shape.id)) {
      return shape;
    }
    let seen = this.#seen.get(shape.id);
    if (!seen) {
      const opacity = Math.min(shape.opacity, FAINT);
      seen = erased.has(shape.id) ? { ...shape, opacity, colour: 'red' } : { ...shape, opacity };
      this.#seen.set(shape.id, seen);
    }
    return seen;
  }
}
