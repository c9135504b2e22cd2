import { expect, test } from 'vitest';
import { spokenFormula } from './spoken';

test.each([
  ['\\frac{1}{2}+\\frac14=\\frac{3}{4}', '1 over 2 plus 1 over 4 equals 3 over 4'],
  ['x^2-4x\\le 0{,}5', 'x squared minus 4 x at most 0 , 5'],
  [
    '\\frac{-b\\pm\\sqrt{b^2-4ac}}{2a}',
    'fraction minus b plus or minus square root of b squared minus 4 a c over 2 a, end of the fraction,',
  ],
  ['\\sqrt[3]{8}\\ne a_{n+1}', 'root 3 of 8 not equal to a index n plus 1'],
  ['90^\\circ \\text{ right}', '90 degrees right'],
  ['\\alpha\\left(x\\right)^{10}', 'alpha ( x ) to the power of 10'],
  ['{', ''],
  ['\\frac', 'over'],
])('%s is read aloud', (latex, words) => {
  expect(spokenFormula(latex)?.replace(/\s+/g, ' ').trim()).toBe(words);
});

test('a matrix is left as it was written', () => {
  expect(spokenFormula('\\begin{pmatrix}1&2\\end{pmatrix}')).toBeNull();
});
