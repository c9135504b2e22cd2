import { expect, test } from 'vitest';
import { caretAfter } from './caret';

test.each([
  ['text before the caret grows', 'abc', 'XYabc', 2, 4],
  ['text after the caret grows', 'abc', 'abcXY', 1, 1],
  ['text before the caret is deleted', 'hello world', 'world', 8, 2],
  ['the text around the caret is replaced', 'abcdef', 'abXef', 3, 3],
  ['nothing changed', 'abc', 'abc', 2, 2],
])('%s', (_, before, after, caret, expected) => {
  expect(caretAfter(before, after, caret)).toBe(expected);
});
