/** What stands on a page, in words: for those who hear the board instead of seeing it, and for finding things. */

import type { ShapeId } from '../core/ids';
import { inkSpine } from '../core/ink';
import { type GeoShape, isStroke, type LineShape, type PlotShape, type Shape, wordsOf } from '../core/shape';
import { type Phrase, phrase, t, tn } from '../ui/i18n';
import { HOME_BOX } from './camera';
import { spokenFormula } from './formula/spoken';
import { colourWord, FORM_WORDS } from './words';

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
  const all = new Map(shapes.map((shape) => [shape.id, shape]));
  const find: Find = (id) => all.get(id) ?? null;
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
      things.push({ ids: [shape.id], words: describe(shape, nameOf(shape), find), text: lettersOf(shape) });
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
  const count =
    first.type === 'highlight'
      ? tn(run.length, '{n} highlighter stroke', '{n} highlighter strokes')
      : tn(run.length, '{n} pen stroke', '{n} pen strokes');
  const colours = [...new Set(run.map(({ colour }) => colourWord(colour)))].join(', ');
  return sentence(count, colours, place(first), name);
}

type Find = (id: ShapeId) => Shape | null;

/** `find`: what an arrow is bound to. */
export function describe(shape: Shape, name: string | null, find: Find = () => null): string {
  const letters = cut(lettersOf(shape));
  const quoted = letters === '' ? '' : `“${letters}”`;
  const [colour, where] = [colourWord(shape.colour), place(shape)];
  switch (shape.type) {
    case 'text':
      return sentence(t('Text {words}', { words: quoted }), colour, where, name);
    case 'note':
      return sentence(quoted ? t('Note {words}', { words: quoted }) : t('Note without words'), colour, where, name);
    case 'geo':
      return sentence(`${formWords(shape)} ${quoted}`.trim(), colour, where, name);
    case 'frame':
      return sentence(`${t('Frame')} ${quoted}`.trim(), '', where, name);
    case 'math':
      return sentence(t('Formula {words}', { words: spokenFormula(lettersOf(shape)) ?? quoted }), colour, where, name);
    case 'plot':
      return sentence(plotWords(shape, quoted), '', where, name);
    case 'image':
      return sentence(
        shape.caption ? t('Picture: {caption}', { caption: cut(shape.caption) }) : t('Picture without a caption'),
        '',
        where,
        name,
      );
    case 'line':
      return sentence(t('Line'), colour, where, name);
    case 'arrow':
      return sentence(arrowWords(shape, find), colour, where, name);
    default:
      return sentence(shape.type === 'highlight' ? t('Highlighter stroke') : t('Pen stroke'), colour, where, name);
  }
}

/** A polygon by its corners. */
function formWords({ form, ink }: GeoShape): string {
  const corners = ink ? inkSpine(ink).length / 2 : 0;
  return corners > 0 ? tn(corners, 'Polygon with {n} corner', 'Polygon with {n} corners') : t(FORM_WORDS[form]);
}

function arrowWords({ start, end }: LineShape, find: Find): string {
  const [from, to] = [start, end].map((id) => boundWords(id === '' ? null : find(id)));
  if (from && to) {
    return t('Arrow from {from} to {to}', { from, to });
  }
  return to ? t('Arrow to {to}', { to }) : from ? t('Arrow from {from}', { from }) : t('Arrow');
}

/** What stands in it, or else what it is. */
function boundWords(shape: Shape | null): string {
  if (!shape || shape.erased) {
    return '';
  }
  const letters = cut(lettersOf(shape));
  const kinds: Partial<Readonly<Record<Shape['type'], Phrase>>> = {
    note: phrase('Note'),
    image: phrase('Picture'),
    math: phrase('Formula'),
  };
  const kind = shape.type === 'geo' ? FORM_WORDS[shape.form] : kinds[shape.type];
  return letters !== '' ? `“${letters}”` : kind ? t(kind) : '';
}

function plotWords({ form, range }: PlotShape, entries: string): string {
  const { xFrom: from, xTo: to } = range;
  if (form === 'axes') {
    return entries
      ? t('Axes from {from} to {to} with {entries}', { from, to, entries })
      : t('Axes from {from} to {to}', { from, to });
  }
  return entries
    ? t('Number line from {from} to {to} with {entries}', { from, to, entries })
    : t('Number line from {from} to {to}', { from, to });
}

function sentence(what: string, colour: string, where: string, name: string | null): string {
  return [what, colour, where, name === null ? '' : t('by {name}', { name })].filter((part) => part !== '').join(', ');
}

/** By third of the sheet: rows from the top, in each from left to right. */
const PLACES: readonly Phrase[] = [
  phrase('top left'),
  phrase('top'),
  phrase('top right'),
  phrase('left'),
  phrase('middle'),
  phrase('right'),
  phrase('bottom left'),
  phrase('bottom'),
  phrase('bottom right'),
];
const MIDDLE = phrase('middle');

/** Where on the sheet it begins, as one would say it. */
function place({ x, y }: Shape): string {
  const across = third(x, HOME_BOX.minX, HOME_BOX.maxX);
  const down = third(y, HOME_BOX.minY, HOME_BOX.maxY);
  const isOff = x < HOME_BOX.minX || x > HOME_BOX.maxX || y < HOME_BOX.minY || y > HOME_BOX.maxY;
  const words = t(PLACES[down * 3 + across] ?? MIDDLE);
  return isOff ? t('beyond the sheet, {place}', { place: words }) : words;
}

function third(value: number, from: number, to: number): 0 | 1 | 2 {
  const share = (value - from) / (to - from);
  return share < 1 / 3 ? 0 : share < 2 / 3 ? 1 : 2;
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MOST_LETTERS ? `${line.slice(0, MOST_LETTERS)}…` : line;
}
