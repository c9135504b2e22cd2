import { expect, test } from 'vitest';
import { hasRightToLeft, isRightToLeft } from './direction';

test.each([
  ['שלום', true, true],
  ['1 + 2: مرحبا abc', true, true],
  ['abc שלום', false, true],
  ['½ = 50 %', false, false],
  ['', false, false],
  ['\u200f!', false, false],
])('a line runs as its first letter does: %s', (line, runs, has) => {
  expect([isRightToLeft(line), hasRightToLeft(line)]).toEqual([runs, has]);
});
