import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTrueType } from './trueType';

const FONT = new URL('../../../../../whiteboard_crdt/fonts/AtkinsonHyperlegible-Regular.ttf', import.meta.url);

test('the shipped font tells glyphs and widths of its letters, and 0 for what it lacks', () => {
  const font = readTrueType(new Uint8Array(readFileSync(FONT)));
  const glyphs = [...'Az½ß'].map((letter) => font.glyph(letter.codePointAt(0) ?? 0));
  expect(new Set(glyphs).size).toBe(4);
  expect(glyphs.every((glyph) => glyph > 0 && font.advance(glyph) > 0)).toBe(true);
  expect(font.glyph(0x4e2d)).toBe(0);
  expect(font.unitsPerEm).toBe(1000);
});
