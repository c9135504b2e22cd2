/** The ruling of a page: lines, grid or dots that lie under the ink and move with it. */

import type { Frame } from './camera';
import type { Theme } from './scene';
import type { Background } from './source';

/** Distance of lines, board px. */
const STEP = 40;
/** Lines closer together than this are left out, every second one at a time. */
const CLOSEST_PX = 14;

const LINE: Readonly<Record<Theme, string>> = { light: '#e3e0d6', dark: '#2b333b' };
const AXIS: Readonly<Record<Theme, string>> = { light: '#a9a597', dark: '#5b6772' };

/** Paints the background of the whole canvas; the context must be in device px and already show the paper. */
export function paintBackground(
  context: CanvasRenderingContext2D,
  background: Background,
  frame: Frame,
  width: number,
  height: number,
  theme: Theme,
): void {
  if (background === 'plain') {
    return;
  }
  let step = STEP * frame.scale;
  while (step < CLOSEST_PX) {
    step *= 2;
  }
  const weight = Math.max(1, Math.round(frame.scale));
  const across = positions(frame.originX, step, width);
  const down = positions(frame.originY, step, height);
  context.fillStyle = LINE[theme];
  if (background === 'dots') {
    const radius = Math.max(1, 1.6 * frame.scale);
    context.beginPath();
    for (const y of down) {
      for (const x of across) {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
    }
    context.fillStyle = AXIS[theme];
    context.globalAlpha = 0.6;
    context.fill();
    context.globalAlpha = 1;
    return;
  }
  for (const y of down) {
    context.fillRect(0, y, width, weight);
  }
  if (background !== 'lined') {
    for (const x of across) {
      context.fillRect(x, 0, weight, height);
    }
  }
  if (background === 'axes') {
    paintAxes(context, frame, width, height, weight, theme);
  }
}

/** The axes cross in the middle of the sheet that a new page shows. */
function paintAxes(
  context: CanvasRenderingContext2D,
  frame: Frame,
  width: number,
  height: number,
  weight: number,
  theme: Theme,
): void {
  context.fillStyle = AXIS[theme];
  const x = Math.round(frame.originX + 800 * frame.scale);
  const y = Math.round(frame.originY + 440 * frame.scale);
  context.fillRect(0, y, width, 2 * weight);
  context.fillRect(x, 0, 2 * weight, height);
}

function positions(origin: number, step: number, length: number): number[] {
  const found: number[] = [];
  for (let i = Math.ceil(-origin / step); origin + i * step < length; i += 1) {
    found.push(Math.round(origin + i * step));
  }
  return found;
}
