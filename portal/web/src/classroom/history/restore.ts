/** Brings back how shapes were, as new edits: nothing is rewound, nothing of anybody's is lost, one step of undo. */

import type { Board, ShapeFields } from '../../core/board';
import type { PageId, SessionId, ShapeId } from '../../core/ids';
import type { Shape } from '../../core/shape';
import type { FieldValue } from '../../core/undo';

/** Edits in one transaction: an update of more would have to be cut up. */
const AT_ONCE = 250;
/** Made from other fields, or never changed. */
const DERIVED: ReadonlySet<string> = new Set(['id', 'author', 'createdMs', 'ink', 'ends', 'latex', 'text', 'type']);
const NAMES: Readonly<Record<string, string>> = {
  ...{ xStep: 'x_step', yStep: 'y_step' },
  ...{ xFrom: 'x_from', xTo: 'x_to', yFrom: 'y_from', yTo: 'y_to' },
};

/** Fields by their names in the document, as far as they are plain values. */
function plainOf(shape: Shape): Record<string, FieldValue> {
  const { range, ...rest } = shape as Shape & { range?: Readonly<Record<string, number>> };
  const fields: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries({ ...rest, ...range })) {
    if (!DERIVED.has(name) && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')) {
      fields[NAMES[name] ?? name] = value;
    }
  }
  return fields;
}

/** What has to be written so that `now` is as `then` was. */
function fieldsBack(then: Shape, now: Shape): ShapeFields {
  const before = plainOf(now);
  const changed = Object.entries(plainOf(then)).filter(([name, value]) => before[name] !== value);
  return Object.fromEntries(changed) as ShapeFields;
}

const textOf = (shape: Shape): string | null => ('text' in shape ? shape.text : null);

export interface Restored {
  /** Shapes that are as they were again. */
  readonly back: number;
  /** Shapes of later that were put aside. */
  readonly aside: number;
}

/**
 * Makes a page what it was: `then` are all its shapes at that moment. `authors`: only the work of these sessions is
 * touched; null for everybody's.
 */
export function restorePage(
  board: Board,
  page: PageId,
  then: readonly Shape[],
  authors: ReadonlySet<SessionId> | null,
): Restored {
  const isTheirs = ({ author }: Shape): boolean => authors === null || authors.has(author);
  const wanted = new Map(then.filter(isTheirs).map((shape) => [shape.id, shape]));
  const edits: (readonly [ShapeId, ShapeFields])[] = [];
  const texts: (readonly [ShapeId, string])[] = [];
  for (const shape of wanted.values()) {
    const now = board.shape(shape.id);
    if (now !== null) {
      const fields = fieldsBack(shape, now);
      if (Object.keys(fields).length > 0) {
        edits.push([shape.id, fields]);
      }
      const text = textOf(shape);
      if (text !== null && text !== textOf(now)) {
        texts.push([shape.id, text]);
      }
    }
  }
  const back = new Set([...edits, ...texts].map(([id]) => id)).size;
  const later = board.shapes(page).filter((shape) => isTheirs(shape) && !wanted.has(shape.id));
  edits.push(...later.map(({ id }) => [id, { erased: true }] as const));
  const close = board.openStep();
  try {
    for (let at = 0; at < edits.length; at += AT_ONCE) {
      board.setEach(edits.slice(at, at + AT_ONCE));
    }
    for (const [id, text] of texts) {
      board.editText(id, text);
    }
  } finally {
    close();
  }
  return { back, aside: later.length };
}
