import { expect, test } from 'vitest';
import { nextPoint, pointFromDash } from './lists';

test.each([
  ['• halves', 8, '• halves\n• '],
  ['1. halves', 9, '1. halves\n2. '],
  ['9) a', 4, '9) a\n10) '],
  ['x\n  • a', 7, 'x\n  • a\n  • '],
  ['• ab', 3, '• a\n• b'],
])('Enter in %j goes on with the list', (text, caret, wanted) => {
  expect(nextPoint(text, caret)?.text).toBe(wanted);
});

test('Enter on a point without words ends the list', () => {
  expect(nextPoint('• a\n• ', 6)).toEqual({ text: '• a\n', caret: 4 });
  expect(nextPoint('1. a\n2. \nx', 8)).toEqual({ text: '1. a\n\nx', caret: 5 });
});

test('elsewhere Enter is Enter', () => {
  expect(nextPoint('halves', 6)).toBeNull();
  expect(nextPoint('3.5 is more', 11)).toBeNull();
  expect(nextPoint('• a\nb', 5)).toBeNull();
});

test('a dash at the beginning of a line becomes a point', () => {
  expect(pointFromDash('- ', 2)).toEqual({ text: '• ', caret: 2 });
  expect(pointFromDash('a\n* ', 4)).toEqual({ text: 'a\n• ', caret: 4 });
  expect(pointFromDash('5 - ', 4)).toBeNull();
});
