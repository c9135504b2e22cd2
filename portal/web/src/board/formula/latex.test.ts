import { expect, test } from 'vitest';
import { parseFormula } from '../../core/formula';
import { LatexError, setLatex } from './latex';

const TEACHERS = [
  '\\frac{-b\\pm\\sqrt{b^2-4ac}}{2a}',
  '\\frac{1}{3}+\\frac{3}{8}=\\frac{17}{24}',
  '\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}',
  '\\left\\{\\begin{aligned}x+y&=3\\\\x-y&=1\\\\2x+3y&=z\\\\a&=b\\\\c&=d\\\\e&=f\\end{aligned}\\right.',
  '\\int_0^\\infty e^{-x^2}\\,dx=\\frac{\\sqrt{\\pi}}{2}',
  '\\sum_{n=1}^{\\infty}\\frac1{n^2}',
  '\\cancel{12}\\cdot\\overline{AB}\\parallel\\vec{v}',
  '\\text{Größe in } \\mathbb{R}',
  '\\sqrt[3]{\\dfrac{a}{b}}\\ne\\widehat{ABC}',
  '\\overbrace{a+b+c+d+e+f+g+h}^{8}',
  '\\boxed{x=2}',
  '|x|<5\\iff -5<x<5',
  '½+⅔=1⅙ \\text{, not ¾}',
];

test.each(TEACHERS)('%s is set in the grammar that readers believe', async (latex) => {
  const { formula, width, height } = await setLatex(latex);
  const read = parseFormula(formula);
  expect(read?.latex).toBe(latex.replace(/\s+/gu, ' '));
  expect([read?.width, read?.height].map((side) => (side ?? 0) / 1000)).toEqual([width, height]);
  for (const { glyph, x, y, scale } of read?.places ?? []) {
    // Whatever is set stands in the box, but for the overhang of slanted letters.
    const coords = read?.glyphs[glyph]?.coords ?? [];
    const xs = coords.filter((_, i) => i % 2 === 0).map((each) => x + each * scale);
    const ys = coords.filter((_, i) => i % 2 === 1).map((each) => y - each * scale);
    expect(Math.min(...xs)).toBeGreaterThan(-250);
    expect(Math.max(...xs)).toBeLessThan((read?.width ?? 0) + 250);
    expect(Math.min(...ys)).toBeGreaterThan(-250);
    expect(Math.max(...ys)).toBeLessThan((read?.height ?? 0) + 250);
  }
});

test.each([
  ['', 'Write a formula first.'],
  ['\\frac{1', 'A { is not closed: there is a } missing.'],
  ['1}', 'There is a } without its {.'],
  ['x\\foo', '\\foo is not known.'],
  ['\\frac', 'Something is missing after \\frac.'],
  ['x^2^3', 'Two exponents follow each other: put { } around one.'],
  ['\\left(x', 'There is a \\left without its \\right.'],
  ['\\href{javascript:alert(1)}{x}', '\\href is not known.'],
  ['\\class{x}{y}', '\\class is not known.'],
  ['\\def\\a{\\a\\a}\\a', '\\def is not known.'],
  ['\\require{html}', '\\require is not known.'],
  ['\\text{漢字}', 'The letters “漢字” cannot be part of a formula.'],
  ['x'.repeat(2001), 'A formula has at most 2,000 characters.'],
  ['\\phantom{x}', 'There is nothing to be seen in this formula.'],
])('%s is answered with a sentence', async (latex, sentence) => {
  await expect(setLatex(latex)).rejects.toThrow(new LatexError(sentence));
});
