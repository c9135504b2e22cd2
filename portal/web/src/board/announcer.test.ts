import { signal } from '@preact/signals';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShapeId } from '../core/ids';
import { Announcer } from './announcer';
import { TestHost } from './tools/testHost';
import type { ToolName } from './tools/tool';

let host: TestHost;
const tool = signal<ToolName>('pen');
const selected = signal<ReadonlySet<ShapeId>>(new Set());
let announcer: Announcer;

beforeEach(() => {
  host = new TestHost();
  announcer = new Announcer({ board: host.board, tool, selected });
});
afterEach(() => announcer.destroy());

const words = (): string => announcer.said.value.words;

test('the tool in hand and what is chosen are told; nothing is said of what was there before', () => {
  expect(words()).toBe('');
  tool.value = 'polygon';
  expect(words()).toMatch(/^Polygon, corner by corner\. Enter takes up a corner/);
  const first = host.draw(100, 100);
  selected.value = new Set([first]);
  expect(words()).toBe('Pen stroke, red, top left');
  selected.value = new Set([first, host.draw(200, 200)]);
  expect(words()).toBe('2 things are chosen');
  host.board.setFields([first], { locked: true });
  selected.value = new Set([first]);
  expect(words()).toBe('Pen stroke, red, top left, locked');
  selected.value = new Set();
  expect(words()).toBe('Pen stroke, red, top left, locked');
});

test('the same words twice are told twice, and after the end nothing is', () => {
  announcer.say('Moved left');
  const { turn } = announcer.said.value;
  announcer.say('Moved left');
  expect(announcer.said.value.turn).not.toBe(turn);
  announcer.destroy();
  tool.value = 'lasso';
  expect(words()).toBe('Moved left');
});
