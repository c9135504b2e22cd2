/** What stands on a page, in words: for those who hear the board instead of seeing it, and for finding things. */

import { HOME_BOX } from '../../board/camera';
import type { ShapeId } from '../../core/ids';
import { isStroke, type Shape, wordsOf } from '../../core/shape';

const MOST_LETTERS = 80;

/** One thing of the list. Strokes that one person drew one after another are one thing. */
export interface Thing {
  readonly ids: readonly ShapeId[];
  readonly words: string;
  /** Everything in it that can be looked for. */
  readonly text: string;
}

/** What is written in a shape, whatever kind it is. */
export const lettersOf = wordsOf;

/** In painting order, as `board.shapes(page)` gives them. */
export function thingsOf(shapes: readonly Shape[], nameOf: (shape: Shape) => string | null): Thing[] {
  const things: Thing[] = [];
  let run: Shape[] = [];
  const endRun = (): void => {
    const [first] = run;
    if (first) {
      things.push({ ids: run.map(({ id }) => id), words: strokeWords(run, nameOf(first)), text: '' });
      run = [];
    }
  };
  for (const shape of shapes) {
    if (isStroke(shape)) {
      if (run[0] && (run[0].author !== shape.author || run[0].type !== shape.type)) {
        endRun();
      }
      run.push(shape);
    } else {
      endRun();
      things.push({ ids: [shape.id], words: describe(shape, nameOf(shape)), text: lettersOf(shape) });
    }
  }
  endRun();
  return things;
}

function strokeWords(run: readonly Shape[], name: string | null): string {
  const [first] = run;
  if (!first) {
    return '';
  }
  const kind = first.type === 'highlight' ? 'highlighter stroke' : 'pen stroke';
  const count = run.length === 1 ? `1 ${kind}` : `${run.length} ${kind}s`;
  const colours = [...new Set(run.map(({ colour }) => colour))].join(', ');
  return sentence(count, colours, place(first), name);
}

export function describe(shape: Shape, name: string | null): string {
  const letters = cut(lettersOf(shape));
  const quoted = letters === '' ? '' : `“${letters}”`;
  switch (shape.type) {
    case 'text':
      return sentence(`Text ${quoted}`, shape.colour, place(shape), name);
    case 'note':
      return sentence(`Note ${quoted || 'without words'}`, shape.colour, place(shape), name);
    case 'geo':
      return sentence(`${capital(shape.form)} ${quoted}`.trim(), shape.colour, place(shape), name);
    case 'frame':
      return sentence(`Frame ${quoted}`.trim(), '', place(shape), name);
    case 'math':
      return sentence(`Formula ${quoted}`, shape.colour, place(shape), name);
    case 'plot': {
      const { xFrom, xTo } = shape.range;
      const kind = shape.form === 'axes' ? 'Axes' : 'Number line';
      return sentence(`${kind} from ${xFrom} to ${xTo}${quoted && ` with ${quoted}`}`, '', place(shape), name);
    }
    case 'image':
      return sentence(
        shape.caption ? `Picture: ${cut(shape.caption)}` : 'Picture without a caption',
        '',
        place(shape),
        name,
      );
    case 'line':
    case 'arrow':
      return sentence(capital(shape.type), shape.colour, place(shape), name);
    default:
      return sentence(
        shape.type === 'highlight' ? 'Highlighter stroke' : 'Pen stroke',
        shape.colour,
        place(shape),
        name,
      );
  }
}

function sentence(what: string, colour: string, where: string, name: string | null): string {
  return [what, colour, where, name === null ? '' : `by ${name}`].filter((part) => part !== '').join(', ');
}

/** Where on the sheet it begins, as one would say it. */
function place({ x, y }: Shape): string {
  const across = third(x, HOME_BOX.minX, HOME_BOX.maxX, ['left', '', 'right']);
  const down = third(y, HOME_BOX.minY, HOME_BOX.maxY, ['top', '', 'bottom']);
  const isOff = x < HOME_BOX.minX || x > HOME_BOX.maxX || y < HOME_BOX.minY || y > HOME_BOX.maxY;
  const words = `${down} ${across}`.trim() || 'middle';
  return isOff ? `beyond the sheet, ${words}` : words;
}

function third(value: number, from: number, to: number, names: readonly [string, string, string]): string {
  const share = (value - from) / (to - from);
  return share < 1 / 3 ? names[0] : share < 2 / 3 ? names[1] : names[2];
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MOST_LETTERS ? `${line.slice(0, MOST_LETTERS)}…` : line;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
