/** Widths of text in board px, as the canvas that paints it has them. */

import { setDirection, setFont } from './painter';
import { type MeasureText, roughMeasure } from './scene';

let context: OffscreenCanvasRenderingContext2D | null | undefined;

/** Measures one line; without a canvas (tests outside a browser) it estimates. */
export const measureText: MeasureText = (line, size, bold) => {
  if (context === undefined) {
    context = typeof OffscreenCanvas === 'undefined' ? null : new OffscreenCanvas(1, 1).getContext('2d');
  }
  if (!context) {
    return roughMeasure(line, size);
  }
  setFont(context, size, bold);
  setDirection(context, line);
  return context.measureText(line).width;
};
