import { expect, test } from 'vitest';
import { ackRows } from './acked';

const heads = {
  '00000000000000aa/board': { seq: 42, acked: 39, relay: 42, hash: '' },
  '00000000000000aa/desk/leo': { seq: 2, acked: 2, relay: 2, hash: '' },
  '00000000000000bb/board': { seq: 7, acked: 7, relay: 7, hash: '' },
};

test('one row for each document of one’s own', () => {
  expect(ackRows(heads, '00000000000000aa')).toEqual([
    { doc: 'board', own: 42, acked: 39 },
    { doc: 'desk/leo', own: 2, acked: 2 },
  ]);
});

test('no rows before there is a session', () => {
  expect(ackRows(heads, null)).toEqual([]);
});
