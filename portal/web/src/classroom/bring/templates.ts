/** Pages to begin with: strips of fractions, a number line, staves… Made of ordinary shapes, so they can be changed. */

import type { Board } from '../../core/board';
import type { PageId } from '../../core/ids';
import type { Background, Colour, Form, ShapeType } from '../../core/shape';
import type { FieldValue } from '../../core/undo';
import { type Phrase, phrase, t } from '../../ui/i18n';

export interface Template {
  readonly id: string;
  readonly name: Phrase;
  readonly background: Background;
  readonly things: () => readonly Piece[];
}

interface Piece {
  readonly type: ShapeType;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** The sheet is 1,600 × 900 board px; this much stays free around what is on it. */
const [LEFT, RIGHT, TOP, BOTTOM] = [100, 1500, 70, 830];
const INK = { colour: 'black', size: 2 } as const;
const FIXED = { locked: true } as const;
const STRIPS: readonly (readonly [number, Colour])[] = [
  [1, 'grey'],
  [2, 'red'],
  [3, 'orange'],
  [4, 'yellow'],
  [5, 'green'],
  [6, 'blue'],
  [8, 'violet'],
  [10, 'black'],
];

const box = (x: number, y: number, w: number, h: number, more: Piece['fields'] = {}): Piece => ({
  type: 'geo',
  fields: { x, y, w, h, form: 'rectangle' satisfies Form, fill: 'none', dash: 'solid', text: '', ...INK, ...more },
});
const line = (x: number, y: number, dx: number, dy: number, more: Piece['fields'] = {}): Piece => ({
  type: 'line',
  fields: { x, y, dx, dy, dash: 'solid', ...INK, ...FIXED, ...more },
});
const letters = (x: number, y: number, text: string, size = 28): Piece => ({
  type: 'text',
  fields: { x, y, text, colour: 'black', size, ...FIXED },
});

/** Pieces to be moved about and laid under each other: they are not locked. */
function strips(): Piece[] {
  const height = (BOTTOM - TOP) / STRIPS.length;
  return STRIPS.flatMap(([parts, colour], row) => {
    const width = (RIGHT - LEFT) / parts;
    return Array.from({ length: parts }, (_, at) =>
      box(LEFT + at * width, TOP + row * height, width, height - 12, {
        ...{ colour, fill: 'soft', text: parts === 1 ? '1' : `1/${parts}` },
      }),
    );
  });
}

/** From the first number to the last; `small` marks between two numbers. */
function numberLine(from: number, to: number, small: number): Piece[] {
  const [y, steps] = [430, to - from];
  const width = (RIGHT - LEFT) / steps;
  const marks = Array.from({ length: steps * small + 1 }, (_, at) => {
    const isNumber = at % small === 0;
    const half = isNumber ? 22 : 12;
    return line(LEFT + (at * width) / small, y - half, 0, 2 * half);
  });
  const numbers = Array.from({ length: steps + 1 }, (_, at) => {
    const text = String(from + at);
    return letters(LEFT + at * width - text.length * 8, y + 34, text);
  });
  const way = { x: LEFT - 40, y, dx: RIGHT - LEFT + 80, dy: 0, dash: 'solid', head: 'both', ...INK, ...FIXED };
  return [{ type: 'arrow', fields: { ...way, size: 4 } }, ...marks, ...numbers];
}

function staves(): Piece[] {
  return [0, 1, 2, 3].flatMap((stave) =>
    [0, 1, 2, 3, 4].map((at) => line(LEFT, TOP + 40 + stave * 195 + at * 24, RIGHT - LEFT, 0)),
  );
}

function table(columns: number, rows: number, heads: readonly string[]): Piece[] {
  const [w, h] = [(RIGHT - LEFT) / columns, (BOTTOM - TOP) / rows];
  return Array.from({ length: columns * rows }, (_, at) => {
    const [column, row] = [at % columns, Math.floor(at / columns)];
    const head = { text: heads[column] ?? '', bold: true, fill: 'soft', colour: 'grey' };
    return box(LEFT + column * w, TOP + row * h, w, h, { ...FIXED, ...(row === 0 && heads.length > 0 ? head : {}) });
  });
}

const WEEK = [phrase('Monday'), phrase('Tuesday'), phrase('Wednesday'), phrase('Thursday'), phrase('Friday')];

export const TEMPLATES: readonly Template[] = [
  { id: 'fractions', name: phrase('Fraction strips'), background: 'plain', things: strips },
  { id: 'line-one', name: phrase('Number line 0 to 1'), background: 'plain', things: () => numberLine(0, 1, 12) },
  { id: 'line-ten', name: phrase('Number line 0 to 10'), background: 'plain', things: () => numberLine(0, 10, 2) },
  {
    id: 'line-minus',
    name: phrase('Number line −10 to 10'),
    background: 'plain',
    things: () => numberLine(-10, 10, 1),
  },
  { id: 'graph', name: phrase('Graph paper with axes'), background: 'axes', things: () => [] },
  { id: 'squares', name: phrase('Squared paper'), background: 'grid', things: () => [] },
  { id: 'lined', name: phrase('Lined paper'), background: 'lined', things: () => [] },
  { id: 'music', name: phrase('Music staves'), background: 'plain', things: staves },
  { id: 'table', name: phrase('Table'), background: 'plain', things: () => table(4, 6, []) },
  {
    id: 'vocabulary',
    name: phrase('Vocabulary'),
    background: 'plain',
    things: () => table(3, 8, [t('Word'), t('Meaning'), t('In a sentence')]),
  },
  {
    id: 'planner',
    name: phrase('Week planner'),
    background: 'plain',
    things: () =>
      table(
        5,
        3,
        WEEK.map((day) => t(day)),
      ),
  },
];

/** A new page after `after`, with the template on it. */
export function addTemplatePage(board: Board, template: Template, after: PageId, nowMs: number): PageId {
  const page = board.addPage({ title: t(template.name), background: template.background, after });
  const pieces = template.things();
  if (pieces.length > 0) {
    board.together(() => {
      for (const { type, fields } of pieces) {
        board.addThing({ type, page, fields, nowMs });
      }
    });
  }
  return page;
}
