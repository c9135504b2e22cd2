import { beforeEach, expect, test } from 'vitest';
import { TextSession } from './textSession';
import { TestHost } from './tools/testHost';

let host: TestHost & { attempt(run: () => unknown): void };

beforeEach(() => {
  host = Object.assign(new TestHost(), { attempt: (run: () => unknown) => void run() });
});

const open = (id: TextSession['id'] = null): TextSession => new TextSession(host, { id, x: 10, y: 20 });

test('a new text is there from its first letter, and writing it is one undo step', () => {
  const session = open();
  session.write('');
  expect(host.ids()).toEqual([]);
  for (const text of ['H', 'Hi', 'Hi!']) {
    session.write(text);
  }
  expect(session.text).toBe('Hi!');
  expect(session.look).toMatchObject({ x: 10, y: 20 });
  session.close();
  host.board.undo();
  expect(host.ids()).toEqual([]);
  host.board.redo();
  expect(host.board.shapes(host.page)[0]).toMatchObject({ type: 'text', text: 'Hi!' });
});

test('a text left blank goes', () => {
  const session = open();
  session.write('x');
  session.write('  \n');
  session.close();
  expect(host.ids()).toEqual([]);
});

test('an open editor leaves nothing behind when nothing was written', () => {
  open().close();
  expect(host.board.canUndo).toBe(false);
});

test('opening an existing text hides it under the editor until it closes', () => {
  const id = host.board.addText({ page: host.page, x: 1, y: 2, text: 'a', colour: 'red', size: 24, nowMs: 0 });
  const session = open(id);
  expect([...host.lifted]).toEqual([id]);
  expect(session.look).toMatchObject({ x: 1, y: 2, colour: 'red', size: 24 });
  session.close();
  expect(host.lifted.size).toBe(0);
});

test('closing after the right to draw is gone is no error', () => {
  const session = open();
  session.write(' ');
  host.board.setAuthor(null);
  expect(() => session.close()).not.toThrow();
});
