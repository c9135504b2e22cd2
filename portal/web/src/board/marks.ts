/** Frames around shapes that somebody is to look at, for a few seconds. */

import { type Box, growBox } from './camera';
import type { Sketch } from './liveLayer';
import type { Theme } from './scene';

const COLOURS: Readonly<Record<Theme, string>> = { light: '#1f7a63', dark: '#6fd3b5' };
/** More frames than this say no more, and cost a frame's time. */
const MOST = 400;
const MARGIN_PX = 5;
const LINE_PX = 2;
const CORNER_PX = 6;
const FILL = 0.12;

/** `boxes` in board px, `zoom` in CSS px per board px. */
export function markSketches(boxes: readonly Box[], zoom: number, theme: Theme): Sketch[] {
  return boxes.slice(0, MOST).map((box) => {
    const framed = growBox(box, MARGIN_PX / zoom);
    return {
      box: growBox(framed, LINE_PX / zoom),
      paint(context) {
        const { minX, minY, maxX, maxY } = framed;
        context.beginPath();
        context.roundRect(minX, minY, maxX - minX, maxY - minY, CORNER_PX / zoom);
        context.fillStyle = COLOURS[theme];
        context.globalAlpha = FILL;
        context.fill();
        context.globalAlpha = 1;
        context.strokeStyle = COLOURS[theme];
        context.lineWidth = LINE_PX / zoom;
        context.stroke();
      },
    };
  });
}
