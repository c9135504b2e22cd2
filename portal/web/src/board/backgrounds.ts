/** The ruling of a page: lines, grid or dots that lie under the ink and move with it. */

import type { Box, Frame } from './camera';
import type { Theme } from './scene';
import type { Background } from './source';

/** Distance of lines, board px. */
const STEP = 40;
/** Where axes cross, board px. */
const AXES = { x: 800, y: 440 };
/** Lines closer together than this are left out, every second one at a time. */
const CLOSEST_PX = 14;

const LINE: Readonly<Record<Theme, string>> = { light: '#e3e0d6', dark: '#2b333b' };
const AXIS: Readonly<Record<Theme, string>> = { light: '#a9a597', dark: '#5b6772' };

/** Paints the background of the whole canvas; the context must be in device px and already show the paper. */
export function paintBackground(
  context: CanvasRenderingContext2D,
  background: Background,
  frame: Pick<Frame, 'scale' | 'originX' | 'originY'>,
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
  frame: Pick<Frame, 'scale' | 'originX' | 'originY'>,
  width: number,
  height: number,
  weight: number,
  theme: Theme,
): void {
  context.fillStyle = AXIS[theme];
  const x = Math.round(frame.originX + AXES.x * frame.scale);
  const y = Math.round(frame.originY + AXES.y * frame.scale);
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

/** Rectangles (x, y, width, height) and dots (x, y, radius) of one colour, board px. */
export interface RulingMarks {
  readonly colour: string;
  readonly opacity: number;
  readonly rects: readonly (readonly [number, number, number, number])[];
  readonly dots: readonly (readonly [number, number, number])[];
}

/** The same ruling as shapes, for a page of its own size. */
export function rulingMarks(background: Background, box: Box, theme: Theme): RulingMarks[] {
  if (background === 'plain') {
    return [];
  }
  const steps = (from: number, to: number): number[] => {
    const found: number[] = [];
    for (let at = Math.ceil(from / STEP) * STEP; at < to; at += STEP) {
      found.push(at);
    }
    return found;
  };
  const { minX, minY, maxX, maxY } = box;
  const [across, down] = [steps(minX, maxX), steps(minY, maxY)];
  if (background === 'dots') {
    const dots = down.flatMap((y) => across.map((x) => [x, y, 1.6] as const));
    return [{ colour: AXIS[theme], opacity: 0.6, rects: [], dots }];
  }
  const row = (y: number, high: number) => [minX, y, maxX - minX, high] as const;
  const column = (x: number, wide: number) => [x, minY, wide, maxY - minY] as const;
  const columns = background === 'lined' ? [] : across.map((x) => column(x, 1));
  const lines = { colour: LINE[theme], opacity: 1, rects: [...down.map((y) => row(y, 1)), ...columns], dots: [] };
  const axes = { colour: AXIS[theme], opacity: 1, rects: [row(AXES.y, 2), column(AXES.x, 2)], dots: [] };
  return background === 'axes' ? [lines, axes] : [lines];
}

export function rulingSvg(background: Background, box: Box, theme: Theme): string {
  const groups = rulingMarks(background, box, theme).map(({ colour, opacity, rects, dots }) => {
    const marks = [
      ...rects.map(([x, y, w, h]) => `<rect x="${x}" y="${y}" width="${w}" height="${h}"/>`),
      ...dots.map(([x, y, r]) => `<circle cx="${x}" cy="${y}" r="${r}"/>`),
    ];
    return `<g fill="${colour}"${opacity < 1 ? ` opacity="${opacity}"` : ''}>${marks.join('')}</g>`;
  });
  return groups.length > 0 ? `${groups.join('')}\n` : '';
}
