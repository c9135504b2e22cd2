/** What colours, forms and tools are called, and where something is, in the reader’s language. */

import type { Colour, Form } from '../core/shape';
import { type Phrase, phrase, t } from '../ui/i18n';
import type { Point } from './camera';
import { unitsOf } from './guides/guide';
import type { ToolName } from './tools/tool';

const COLOUR_WORDS: Readonly<Record<Colour, Phrase>> = {
  black: phrase('black'),
  grey: phrase('grey'),
  red: phrase('red'),
  orange: phrase('orange'),
  yellow: phrase('yellow'),
  green: phrase('green'),
  blue: phrase('blue'),
  violet: phrase('violet'),
};

export const FORM_WORDS: Readonly<Record<Form, Phrase>> = {
  rectangle: phrase('Rectangle'),
  ellipse: phrase('Ellipse'),
  triangle: phrase('Triangle'),
  diamond: phrase('Diamond'),
  pentagon: phrase('Pentagon'),
  hexagon: phrase('Hexagon'),
  star: phrase('Star'),
  polygon: phrase('Polygon'),
};

export function colourWord(colour: Colour): string {
  return t(COLOUR_WORDS[colour]);
}

export const TOOL_WORDS: Readonly<Record<ToolName, Phrase>> = {
  select: phrase('Select and move'),
  pen: phrase('Pen'),
  highlighter: phrase('Highlighter'),
  eraser: phrase('Eraser'),
  rubber: phrase('Eraser: parts of strokes'),
  text: phrase('Text'),
  shape: phrase('Shapes'),
  polygon: phrase('Polygon, corner by corner'),
  note: phrase('Sticky note'),
  lasso: phrase('Lasso'),
  laser: phrase('Laser pointer'),
  pan: phrase('Move the page'),
};

/** What the keyboard does with a tool; for the others nothing but their name is said. */
const TOOL_KEYS: Partial<Readonly<Record<ToolName, Phrase>>> = {
  pen: phrase('Enter takes it up.'),
  highlighter: phrase('Enter takes it up.'),
  eraser: phrase('Enter takes it up.'),
  rubber: phrase('Enter takes it up.'),
  lasso: phrase('Enter takes it up.'),
  laser: phrase('Enter takes it up.'),
  text: phrase('Enter chooses a place.'),
  shape: phrase('Enter puts it down.'),
  note: phrase('Enter puts it down.'),
  polygon: phrase('Enter takes up a corner, arrows move it, Enter puts it down, Enter again closes.'),
  pan: phrase('Arrows move the page.'),
};

export function toolWords(tool: ToolName): string {
  const keys = TOOL_KEYS[tool];
  return keys ? `${t(TOOL_WORDS[tool])}. ${t(keys)}` : t(TOOL_WORDS[tool]);
}

/** What arrow keys do to a place. */
export const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export const MOVED_WORDS: Readonly<Record<string, Phrase>> = {
  ArrowUp: phrase('Moved up'),
  ArrowDown: phrase('Moved down'),
  ArrowLeft: phrase('Moved left'),
  ArrowRight: phrase('Moved right'),
};

/** A place in squares of the grid, as rulers count. */
export function whereWords({ x, y }: Point): string {
  return t('{x} across, {y} down', { x: unitsOf(x), y: unitsOf(y) });
}
