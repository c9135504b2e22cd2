/** Axes with functions, and number lines. Pure, and the twin of `recorder/plots.py`. */

import things from '@spec/things.json';
import { type Expression, ExpressionError, parseExpression } from '../core/expression';
import type { PlotShape } from '../core/shape';
import type { Point } from './camera';
import { curvePieces } from './curves';
import type { FigureItem, MeasureText } from './scene';
import { Sheet, type SheetLabel } from './sheet';
import { fractionOf, piFraction, stepOf, type Tick, ticksOf } from './ticks';

const { plot: SPEC } = things;
/** Shares of the size of the letters: pens of axes and curves, ticks, arrow heads, and room around labels. */
const AXIS_PEN = 1 / 9;
const CURVE_PEN = 1 / 6;
const GRID_PX = 1;
const TICK = 0.22;
const LINE_TICK = 0.35;
const WHOLE_TICK = 0.6;
const HEAD = 0.6;
const INSET = 1.2;
const ROOM_X = 2;
const ROOM_Y = 2;
const DOT = 0.3;
const FRACTION = /^(-?)([0-9]{1,6})\/([0-9]{1,6})$/u;
const OF_PI = /^(-?)([0-9]{0,6}) ?(?:π|pi)(?:\/([0-9]{1,4}))?$/u;
const MINUS = '\u2212';

export function plotItem(shape: PlotShape, measure: MeasureText): FigureItem {
  const sheet = new Sheet(shape, measure);
  if (shape.form === 'line') {
    numberLine(sheet, shape);
  } else {
    axes(sheet, shape);
  }
  return sheet.finish();
}

/** Lines that something is written on, as many as are read. */
export function entriesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^ +| +$/gu, ''))
    .filter((line) => line !== '')
    .slice(0, SPEC.entries);
}

function expressionOf(text: string): Expression | null {
  try {
    return parseExpression(text);
  } catch (error) {
    if (error instanceof ExpressionError) {
      // Shown to whoever writes it, and drawn as nothing.
      return null;
    }
    throw error;
  }
}

const colourOf = (number: number): string => SPEC.colours[number % SPEC.colours.length] ?? 'black';

const labelOf = (tick: Tick): SheetLabel => ({
  top: tick.top,
  bottom: tick.bottom,
  sign: tick.number < 0 ? MINUS : '',
});

const line = (x1: number, y1: number, x2: number, y2: number): Point[] => [
  { x: x1, y: y1 },
  { x: x2, y: y2 },
];

function axes(sheet: Sheet, shape: PlotShape): void {
  const { w, h, size, range, colour } = shape;
  const { xFrom, xTo, yFrom, yTo } = range;
  const [xSpan, ySpan] = [xTo - xFrom, yTo - yFrom];
  const across = ticksOf(xFrom, xTo, stepOf(shape.xStep, xSpan, w, ROOM_X * size), shape.reduced);
  const down = ticksOf(yFrom, yTo, stepOf(shape.yStep, ySpan, h, ROOM_Y * size), shape.reduced);
  const xs = across.map((tick) => ((tick.value - xFrom) / xSpan) * w);
  const ys = down.map((tick) => ((yTo - tick.value) / ySpan) * h);
  // An axis that would lie outside stands at the nearer edge.
  const x0 = Math.min(w, Math.max(0, (-xFrom / xSpan) * w));
  const y0 = Math.min(h, Math.max(0, (yTo / ySpan) * h));
  if (shape.grid) {
    const half = GRID_PX / 2;
    const columns = xs.map((x) => ({ minX: x - half, minY: 0, maxX: x + half, maxY: h }));
    const rows = ys.map((y) => ({ minX: 0, minY: y - half, maxX: w, maxY: y + half }));
    sheet.fillRects([...columns, ...rows], 'grey', SPEC.grid_opacity);
  }
  const pen = size * AXIS_PEN;
  sheet.lines([line(0, y0, w, y0), line(x0, h, x0, 0)], colour, pen);
  sheet.lines([headAt(w, y0, 1, 0, size), headAt(x0, 0, 0, -1, size)], colour, pen);
  const reach = size * TICK;
  const marks = [
    ...xs.map((x) => line(x, y0 - reach, x, y0 + reach)),
    ...ys.map((y) => line(x0 - reach, y, x0 + reach, y)),
  ];
  sheet.lines(marks, colour, pen);
  for (const [number, entry] of entriesOf(shape.entries).entries()) {
    const expression = expressionOf(entry);
    if (expression) {
      const pieces = curvePieces((x) => expression.at(x), { ...range, w, h });
      sheet.lines(pieces, colourOf(number), size * CURVE_PEN);
    }
  }
  const crosses = xFrom < 0 && xTo > 0 && yFrom < 0 && yTo > 0;
  const isSaid = (tick: Tick, every: number): boolean => tick.number % every === 0 && !(crosses && tick.number === 0);
  const everyX = everyFor(
    xs,
    across.map((tick) => sheet.widthOf(labelOf(tick)) + 0.5 * size),
  );
  for (const [i, tick] of across.entries()) {
    if (isSaid(tick, everyX)) {
      sheet.centred(labelOf(tick), xs[i] ?? 0, y0 + 0.4 * size);
    }
  }
  const everyY = everyFor(
    ys,
    down.map((tick) => sheet.heightOf(labelOf(tick)) + 0.4 * size),
  );
  for (const [i, tick] of down.entries()) {
    if (isSaid(tick, everyY)) {
      const label = labelOf(tick);
      sheet.rightOf(label, x0 - 0.45 * size, (ys[i] ?? 0) - sheet.heightOf(label) / 2);
    }
  }
  if (crosses) {
    sheet.rightOf({ top: '0', bottom: '', sign: '' }, x0 - 0.45 * size, y0 + 0.4 * size);
  }
}

function numberLine(sheet: Sheet, shape: PlotShape): void {
  const { w, size, colour, range } = shape;
  const { xFrom, xTo } = range;
  const y0 = shape.h / 2;
  const inset = Math.min(size * INSET, w / 8);
  const [span, long] = [xTo - xFrom, w - 2 * inset];
  const ticks = ticksOf(xFrom, xTo, stepOf(shape.xStep, span, long, ROOM_X * size), shape.reduced);
  const xs = ticks.map((tick) => inset + ((tick.value - xFrom) / span) * long);
  const pen = size * AXIS_PEN;
  sheet.lines([line(0, y0, w, y0)], colour, pen);
  sheet.lines([headAt(w, y0, 1, 0, size), headAt(0, y0, -1, 0, size)], colour, pen);
  const marks = ticks.map((tick, i) => {
    const reach = size * (tick.bottom ? LINE_TICK : WHOLE_TICK);
    return line(xs[i] ?? 0, y0 - reach, xs[i] ?? 0, y0 + reach);
  });
  sheet.lines(marks, colour, pen);
  const every = everyFor(
    xs,
    ticks.map((tick) => sheet.widthOf(labelOf(tick)) + 0.5 * size),
  );
  for (const [i, tick] of ticks.entries()) {
    if (tick.number % every === 0) {
      sheet.centred(labelOf(tick), xs[i] ?? 0, y0 + 0.8 * size);
    }
  }
  for (const [number, entry] of entriesOf(shape.entries).entries()) {
    const expression = expressionOf(entry);
    const value = expression?.isConstant ? expression.at(0) : Number.NaN;
    if (value >= xFrom && value <= xTo) {
      const x = inset + ((value - xFrom) / span) * long;
      sheet.dot(x, y0, size * DOT, colourOf(number));
      const label = markLabel(entry, shape.reduced);
      sheet.centred(label, x, y0 - 0.75 * size - sheet.heightOf(label));
    }
  }
}

/** What is written at a marked value. */
function markLabel(entry: string, isReduced: boolean): SheetLabel {
  const ofPi = OF_PI.exec(entry);
  if (ofPi && Number(ofPi[3] ?? 1) > 0) {
    const [top, bottom] = piFraction(Number(ofPi[2] || 1), Number(ofPi[3] ?? 1));
    return { top, bottom, sign: ofPi[1] ? MINUS : '' };
  }
  const match = FRACTION.exec(entry);
  const [top, below] = [Number(match?.[2] ?? 0), Number(match?.[3] ?? 0)];
  if (!match || below === 0) {
    return { top: entry.replaceAll('-', MINUS), bottom: '', sign: '' };
  }
  const sign = match[1] ? MINUS : '';
  if (top % below === 0 && !isReduced) {
    return { top: match[2] ?? '', bottom: match[3] ?? '', sign };
  }
  const [upper, lower] = fractionOf(top, below, isReduced);
  return { top: upper, bottom: lower, sign };
}

/** Every how many ticks there is room for what is written at them. */
function everyFor(places: readonly number[], needs: readonly number[]): number {
  const [first, second] = places;
  if (first === undefined || second === undefined) {
    return 1;
  }
  const gap = Math.abs(second - first);
  const most = Math.max(...needs);
  let every = 1;
  while (every * gap < most && every < places.length) {
    every += 1;
  }
  return every;
}

/** An arrow head at the end of an axis that goes (dx, dy). */
function headAt(x: number, y: number, dx: number, dy: number, size: number): Point[] {
  const [back, side] = [size * HEAD, (size * HEAD) / 2];
  return [
    { x: x - dx * back - dy * side, y: y - dy * back - dx * side },
    { x, y },
    { x: x - dx * back + dy * side, y: y - dy * back + dx * side },
  ];
}
