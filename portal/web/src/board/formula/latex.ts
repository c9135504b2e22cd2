/** LaTeX set for the board: what is stored of a formula, or a sentence about what is wrong with it. */

import things from '@spec/things.json';
import { countChars } from '../../core/fields';
import { parseFormula } from '../../core/formula';
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
    throw new LatexError('Write a formula first.');
  }
  const { latex_chars } = things.formula;
  if (countChars(source) > latex_chars) {
    throw new LatexError(`A formula has at most ${latex_chars} characters.`);
  }
  const { svgTree } = await loadMathJax();
  try {
    const { glyphs, width, height } = outlineOf(await svgTree(source));
    const formula = `${source}\n${glyphs}`;
    if (!parseFormula(formula)) {
      throw new LatexError('This formula is too large for the board. Make two of it.');
    }
    return { formula, width: width / EM, height: height / EM };
  } catch (error) {
    if (error instanceof LatexError) {
      throw error;
    }
    throw new LatexError(error instanceof OutlineError ? error.message : sentenceOf(error), { cause: error });
  }
}

async function loadMathJax(): Promise<typeof import('./mathjax')> {
  try {
    return await import('./mathjax');
  } catch (error) {
    throw new LatexError('Formulas could not be loaded. Look at your connection and try again.', { cause: error });
  }
}

/** MathJax names what is wrong by an id; what teachers meet daily is said in their words. */
function sentenceOf(error: unknown): string {
  const { id, message } = readTexError(error);
  const named = /\\[A-Za-z]+|\\\S/u.exec(message)?.[0] ?? '';
  switch (id) {
    case 'UndefinedControlSequence':
      return `${named} is not known.`;
    case 'MissingCloseBrace':
    case 'ExtraOpenMissingClose':
      return 'A { is not closed: there is a } missing.';
    case 'ExtraCloseMissingOpen':
      return 'There is a } without its {.';
    case 'MissingArgFor':
      return `Something is missing after ${named}.`;
    case 'MissingLeftExtraRight':
      return 'There is a \\right without its \\left.';
    case 'ExtraLeftMissingRight':
      return 'There is a \\left without its \\right.';
    case 'DoubleExponent':
      return 'Two exponents follow each other: put { } around one.';
    case 'DoubleSubscripts':
      return 'Two indices follow each other: put { } around one.';
    case 'UnknownEnv':
      return `${message}.`;
    default:
      return id ? `This cannot be set: ${message}.` : 'Some letters of this formula cannot be part of one.';
  }
}

/** MathJax's errors are no instances of Error. */
function readTexError(error: unknown): { readonly id: string; readonly message: string } {
  if (typeof error !== 'object' || error === null) {
    return { id: '', message: '' };
  }
  const { id, message } = error as { id?: unknown; message?: unknown };
  return { id: typeof id === 'string' ? id : '', message: String(message ?? '') };
}
