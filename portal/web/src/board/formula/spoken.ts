/** A formula as one reads it aloud: `\frac{1}{2}` is "1 over 2". For those who hear the board. */

import { type Phrase, phrase, t } from '../../ui/i18n';

const TOKEN = /\\(?:text|mathrm)\{[^{}]*\}|\\[A-Za-z]+|\\.|\d+(?:[.,]\d+)?|[^\s]/gu;
const SIGNS: Readonly<Record<string, Phrase>> = {
  '+': phrase('plus'),
  '-': phrase('minus'),
  '=': phrase('equals'),
  '<': phrase('less than'),
  '>': phrase('greater than'),
  '*': phrase('times'),
  '/': phrase('divided by'),
  '%': phrase('per cent'),
  '\\times': phrase('times'),
  '\\cdot': phrase('times'),
  '\\div': phrase('divided by'),
  '\\pm': phrase('plus or minus'),
  '\\le': phrase('at most'),
  '\\leq': phrase('at most'),
  '\\ge': phrase('at least'),
  '\\geq': phrase('at least'),
  '\\ne': phrase('not equal to'),
  '\\neq': phrase('not equal to'),
  '\\approx': phrase('about'),
  '\\infty': phrase('infinity'),
  '\\angle': phrase('angle'),
  '\\degree': phrase('degrees'),
  '\\circ': phrase('degrees'),
  '\\%': phrase('per cent'),
  '\\sum': phrase('sum'),
  '\\int': phrase('integral'),
};
const FRACTIONS = new Set(['\\frac', '\\dfrac', '\\tfrac', '\\cfrac']);
/** Letters as they stand. */
const LETTERS = /^\\(?:text|mathrm)\{(.*)\}$/u;
/** What is in their braces is read. */
const THROUGH = new Set(['\\text', '\\mathrm', '\\mathbf', '\\mathit', '\\operatorname']);
const SILENT = new Set([
  '{',
  '}',
  '\\left',
  '\\right',
  '\\displaystyle',
  '\\,',
  '\\;',
  '\\:',
  '\\!',
  '\\quad',
  '\\ ',
  '.',
]);

/** Null where that is beyond these words, as for a matrix. */
export function spokenFormula(latex: string): string | null {
  if (/\\begin|&|\\\\/u.test(latex)) {
    return null;
  }
  return new Reading(latex.match(TOKEN) ?? []).sequence().trim();
}

class Reading {
  private at = 0;

  constructor(private readonly tokens: string[]) {}

  /** Up to the end, or to the bracket that closes. */
  sequence(end: string | null = null): string {
    const words: string[] = [];
    while (this.at < this.tokens.length && this.tokens[this.at] !== end) {
      words.push(this.atom());
    }
    this.at += 1;
    return words.filter((word) => word !== '').join(' ');
  }

  /** One sign, or what stands in braces. */
  private atom(): string {
    const token = this.tokens[this.at] ?? '';
    this.at += 1;
    if (token === '{') {
      return this.sequence('}');
    }
    if (FRACTIONS.has(token)) {
      return overWords(this.argument(), this.argument());
    }
    if (token === '\\sqrt') {
      return this.root();
    }
    if (token === '^') {
      return powerWords(this.argument());
    }
    if (token === '_') {
      return t('index {n}', { n: this.argument() });
    }
    if (SILENT.has(token) || THROUGH.has(token)) {
      return '';
    }
    const letters = LETTERS.exec(token);
    if (letters) {
      return (letters[1] ?? '').trim();
    }
    const sign = Object.hasOwn(SIGNS, token) ? SIGNS[token] : undefined;
    return sign ? t(sign) : token.replace(/^\\/u, '');
  }

  /** As TeX takes them: of a number without braces the first digit alone. */
  private argument(): string {
    const token = this.tokens[this.at] ?? '';
    if (/^\d./u.test(token)) {
      this.tokens[this.at] = token.slice(1);
      return token.slice(0, 1);
    }
    return this.atom();
  }

  private root(): string {
    if (this.tokens[this.at] !== '[') {
      return t('square root of {a}', { a: this.argument() });
    }
    this.at += 1;
    const n = this.sequence(']');
    return t('root {n} of {a}', { n, a: this.argument() });
  }
}

function overWords(a: string, b: string): string {
  return /\s/u.test(a + b) ? t('fraction {a} over {b}, end of the fraction,', { a, b }) : t('{a} over {b}', { a, b });
}

function powerWords(n: string): string {
  if (n === t('degrees')) {
    return n;
  }
  return n === '2' ? t('squared') : n === '3' ? t('cubed') : t('to the power of {n}', { n });
}
