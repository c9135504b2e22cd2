/**
 * Formulas as they are stored: their LaTeX, and the glyphs that it was set in (board.md). Twin of
 * `whiteboard_crdt/formula.py`. Readers believe only this grammar: moves, lines and curves with numbers, and nothing that
 * could be a name or an address.
 */
import things from '@spec/things.json';
import { countChars } from './fields';

/** One outline in its own units, y upwards. M and L take a point, C three, Z none. */
export interface Glyph {
  readonly verbs: string;
  /** Flat pairs. */
  readonly coords: readonly number[];
}

/** Where a glyph stands: its origin from the top left corner of the formula's box, y downwards. */
export interface GlyphPlace {
  readonly glyph: number;
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Lengths in thousandths of the font size. */
export interface Formula {
  readonly latex: string;
  readonly width: number;
  readonly height: number;
  readonly glyphs: readonly Glyph[];
  readonly places: readonly GlyphPlace[];
}

const NUMBER = '-?[0-9]{1,6}(?:\\.[0-9]{1,3})?';
const PATH = new RegExp(`^(?:[MLHVCQ]${NUMBER}(?:[ ]${NUMBER}|-[0-9]{1,6}(?:\\.[0-9]{1,3})?)*|Z)+$`, 'u');
const STEP = /([MLHVCQZ])([^MLHVCQZ]*)/gu;
const NUMBERS = new RegExp(NUMBER, 'gu');
const PLACE = new RegExp(`^(${NUMBER}),(${NUMBER}),([0-9](?:\\.[0-9]{1,4})?)$`, 'u');
const BOX = /^([0-9]{1,6}) ([0-9]{1,6})$/u;
const TAKES: Readonly<Record<string, number>> = { M: 2, L: 2, H: 1, V: 1, C: 6, Q: 4, Z: 0 };

export const latexOf = (formula: string): string => formula.split('\n', 1)[0] ?? '';

/** null: not exactly a formula, or too large a one. */
export function parseFormula(text: string): Formula | null {
  const spec = things.formula;
  if (countChars(text) > spec.chars) return null;
  const latex = latexOf(text);
  const [first = '', ...lines] = text.slice(latex.length + 1).split('\n');
  const box = BOX.exec(first);
  const [width, height] = [Number(box?.[1] ?? 0), Number(box?.[2] ?? 0)];
  if (width === 0 || height === 0 || countChars(latex) > spec.latex_chars || lines.length > spec.glyphs) return null;
  const glyphs: Glyph[] = [];
  const places: GlyphPlace[] = [];
  let points = 0;
  for (const [number, line] of lines.entries()) {
    const at = line.indexOf('@');
    const glyph = parsePath(at < 0 ? line : line.slice(0, at));
    const found = parsePlaces(number, at < 0 ? '' : line.slice(at + 1));
    if (glyph === null || found === null) return null;
    points += (glyph.coords.length / 2) * found.length;
    if (points > spec.points) return null;
    glyphs.push(glyph);
    places.push(...found);
  }
  return places.length > 0 ? { latex, width, height, glyphs, places } : null;
}

function parsePlaces(glyph: number, text: string): GlyphPlace[] | null {
  const found: GlyphPlace[] = [];
  for (const entry of text.split(' ')) {
    const match = PLACE.exec(entry);
    if (match === null) return null;
    found.push({ glyph, x: Number(match[1]), y: Number(match[2]), scale: Number(match[3]) });
  }
  return found;
}

function parsePath(text: string): Glyph | null {
  if (!PATH.test(text)) return null;
  let verbs = '';
  const coords: number[] = [];
  let [x, y] = [0, 0];
  for (const [, verb = '', rest = ''] of text.matchAll(STEP)) {
    let numbers = (rest.match(NUMBERS) ?? []).map(Number);
    // A path begins with a move, and so does what comes after a closed one.
    if (numbers.length !== TAKES[verb] || ((verbs === '' || verbs.endsWith('Z')) && verb !== 'M')) return null;
    if (verb === 'Z') {
      verbs += 'Z';
      continue;
    }
    const [a = 0, b = 0, c = 0, d = 0] = numbers;
    if (verb === 'H') numbers = [a, y];
    else if (verb === 'V') numbers = [x, a];
    else if (verb === 'Q') {
      const third = 2 / 3;
      numbers = [x + third * (a - x), y + third * (b - y), c + third * (a - c), d + third * (b - d), c, d];
    }
    verbs += numbers.length === 6 ? 'C' : verb === 'M' ? 'M' : 'L';
    coords.push(...numbers);
    x = coords.at(-2) ?? 0;
    y = coords.at(-1) ?? 0;
  }
  return { verbs, coords };
}
