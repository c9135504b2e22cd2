/** Colours and sizes that tools draw with, one choice for each kind of thing. */

import ink from '@spec/ink.json';
import things from '@spec/things.json';
import type { Colour, Shape } from '../core/shape';
import type { StyledTool } from './tools/tool';

export interface Style {
  readonly colour: Colour;
  /** Which of the sizes of its kind. */
  readonly step: number;
}

export type Styles = Readonly<Record<StyledTool, Style>>;

export const FIRST_STYLES: Styles = {
  pen: { colour: 'black', step: 1 },
  highlighter: { colour: 'yellow', step: 1 },
  text: { colour: 'black', step: 2 },
  shape: { colour: 'black', step: 1 },
  note: { colour: 'yellow', step: 1 },
};

export const SIZES: Readonly<Record<StyledTool, readonly number[]>> = {
  pen: ink.pen.sizes,
  highlighter: ink.highlighter.sizes,
  text: ink.text.sizes,
  shape: things.sizes,
  note: things.note.sizes,
};

/** What a size of the row of sizes makes of a shape; null where it has none such. */
export function sizeFields(shape: Shape, step: number): Readonly<Record<string, number>> | null {
  const size = sizesOf(shape)[step];
  if (size === undefined) {
    return null;
  }
  if (shape.type !== 'math') {
    return { size };
  }
  // The glyphs fill the box: it is the box that grows.
  const share = size / shape.size;
  return { size, w: Math.min(things.largest, shape.w * share), h: Math.min(things.largest, shape.h * share) };
}

function sizesOf(shape: Shape): readonly number[] {
  switch (shape.type) {
    case 'draw':
      return SIZES.pen;
    case 'highlight':
      return SIZES.highlighter;
    case 'text':
    case 'note':
      return SIZES[shape.type];
    case 'math':
      return things.formula.sizes;
    case 'plot':
      return things.plot.sizes;
    case 'frame':
      return things.frame.sizes;
    default:
      return SIZES.shape;
  }
}
