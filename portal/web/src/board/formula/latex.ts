/** LaTeX set for the board: what is stored of a formula, or a sentence about what is wrong with it. */

import things from '@spec/things.json';
import { countChars } from '../../core/fields';
import { parseFormula } from '../../core/formula';
import { t } from '../../ui/i18n';
import { OutlineError, outlineOf } from './outline';

export interface SetFormula {
  /** The field of a `math` shape. */
  readonly formula: string;
  /** Of its font size. */
  readonly width: number;
  readonly height: number;
}

/** What is wrong with a formula, for the one who writes it. */
export class LatexError extends Error {}

const EM = 1000;

/** Rejects with LatexError. The first call fetches MathJax. */
export async function setLatex(latex: string): Promise<SetFormula> {
  const source = latex.replace(/\s+/gu, ' ').trim();
  if (source === '') {
    throw new LatexError(t('Write a formula first.'));
  }
  const { latex_chars } = things.formula;
  if (countChars(source) > latex_chars) {
    throw new LatexError(t('A formula has at most {n} characters.', { n: latex_chars }));
  }
  const { svgTree } = await loadMathJax();
  try {
    const { glyphs, width, height } = outlineOf(await svgTree(withFractions(source)));
    const formula = `${source}\n${glyphs}`;
    if (!parseFormula(formula)) {
      throw new LatexError(t('This formula is too large for the board. Make two of it.'));
    }
    return { formula, width: width / EM, height: height / EM };
  } catch (error) {
    if (error instanceof LatexError) {
      throw error;
    }
    throw new LatexError(error instanceof OutlineError ? error.message : sentenceOf(error), { cause: error });
  }
}

/** ½ and ⅔ are keys and letters to those who write, and the font has three of them: all are set as small fractions. */
function withFractions(source: string): string {
  const parts = source.split(/(\\text\{[^}]*\})/u);
  const set = (letters: string): string =>
    letters.replace(/[¼-¾⅐-⅞]/gu, (letter) => letter.normalize('NFKC').replace(/(\d+)⁄(\d+)/u, '\\tfrac{$1}{$2}'));
  return parts.map((part, i) => (i % 2 === 0 ? set(part) : part)).join('');
}

async function loadMathJax(): Promise<typeof import('./mathjax')> {
  try {
    return await import('./mathjax');
  } catch (error) {
    throw new LatexError(t('Formulas could not be loaded. Look at your connection and try again.'), { cause: error });
  }
}

/** MathJax names what is wrong by an id; what teachers meet daily is said in their words. */
function sentenceOf(error: unknown): string {
  const { id, message } = readTexError(error);
  const named = /\\[A-Za-z]+|\\\S/u.exec(message)?.[0] ?? '';
  switch (id) {
    case 'UndefinedControlSequence':
      return t('{named} is not known.', { named });
    case 'MissingCloseBrace':
    case 'ExtraOpenMissingClose':
      return t('A {open} is not closed: there is a {close} missing.', { open: '{', close: '}' });
    case 'ExtraCloseMissingOpen':
      return t('There is a {close} without its {open}.', { open: '{', close: '}' });
    case 'MissingArgFor':
      return t('Something is missing after {named}.', { named });
    case 'MissingLeftExtraRight':
      return t('There is a \\right without its \\left.');
    case 'ExtraLeftMissingRight':
      return t('There is a \\left without its \\right.');
    case 'DoubleExponent':
      return t('Two exponents follow each other: put {braces} around one.', { braces: '{ }' });
    case 'DoubleSubscripts':
      return t('Two indices follow each other: put {braces} around one.', { braces: '{ }' });
    case 'UnknownEnv':
      return t('There is no environment {named}.', { named: inQuotes(message) });
    case 'EnvMissingEnd':
      return t('The environment {named} has no end.', { named: inQuotes(message) });
    case 'EnvBadEnd':
      return t('A \\begin and the \\end after it have different names.');
    case 'ErroneousNestingEq':
    case 'Misplaced':
      return t('{named} does not belong there.', { named: named || '&' });
    default:
      return id
        ? t('This cannot be set: {message}.', { message })
        : t('Some letters of this formula cannot be part of one.');
  }
}

/** The name that MathJax has put into quotes: `Unknown environment 'foo'`. */
const inQuotes = (message: string): string => `“${/'([^']*)'/u.exec(message)?.[1] ?? ''}”`;

/** MathJax's errors are no instances of Error. */
function readTexError(error: unknown): { readonly id: string; readonly message: string } {
  if (typeof error !== 'object' || error === null) {
    return { id: '', message: '' };
  }
  const { id, message } = error as { id?: unknown; message?: unknown };
  return { id: typeof id === 'string' ? id : '', message: String(message ?? '') };
}
