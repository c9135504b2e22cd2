/** Ink for the development page: something like handwriting, and pages full of it. */

import type { Board } from '../src/core/board';
import { MAIN_PAGE } from '../src/core/ids';
import type { InkPoint } from '../src/core/ink';
import { COLOURS } from '../src/core/shape';

const at = (x: number, y: number): InkPoint => ({
  x: Math.round(x * 10) / 10,
  y: Math.round(y * 10) / 10,
  pressure: null,
  t: null,
});

export function wave(x: number, y: number, width: number, height: number, steps: number): InkPoint[] {
  return Array.from({ length: steps }, (_, i) => {
    const t = i / (steps - 1);
    return at(x + t * width, y + Math.sin(t * 18) * height * (1 - 0.4 * t));
  });
}

export function circle(x: number, y: number, radius: number): InkPoint[] {
  return Array.from({ length: 72 }, (_, i) => {
    const turn = (i / 70) * 2 * Math.PI - 1.4;
    return at(x + radius * Math.cos(turn) * (1 + 0.015 * Math.sin(3 * turn)), y + radius * Math.sin(turn));
  });
}

export function line(x1: number, y1: number, x2: number, y2: number): InkPoint[] {
  const steps = Math.max(6, Math.round(Math.hypot(x2 - x1, y2 - y1) / 9));
  return Array.from({ length: steps }, (_, i) => {
    const t = i / (steps - 1);
    return at(x1 + (x2 - x1) * t + Math.sin(t * 5) * 1.2, y1 + (y2 - y1) * t + Math.sin(t * 4) * 1.5);
  });
}

export function drawSample(board: Board): void {
  const nowMs = Date.now();
  const stroke = (
    points: InkPoint[],
    colour: (typeof COLOURS)[number],
    size: number,
    kind: 'draw' | 'highlight' = 'draw',
  ) => board.addStroke({ page: MAIN_PAGE, points, kind, colour, size, nowMs });
  board.addText({ page: MAIN_PAGE, x: 120, y: 70, text: 'Adding fractions', colour: 'black', size: 56, nowMs });
  stroke(line(116, 150, 560, 146), 'green', 8);
  board.addText({
    page: MAIN_PAGE,
    x: 120,
    y: 200,
    text: '½ of the pizza and ⅓ of the pizza.\nHow much is left?',
    colour: 'black',
    size: 36,
    nowMs,
  });
  stroke(line(120, 224, 640, 222), 'yellow', 40, 'highlight');
  stroke(circle(330, 530, 150), 'black', 4);
  stroke(line(330, 380, 330, 680), 'black', 4);
  stroke(line(330, 530, 460, 605), 'red', 4);
  stroke(circle(760, 530, 150), 'black', 4);
  for (let i = 0; i < 3; i += 1) {
    const turn = (i * 2 * Math.PI) / 3 - Math.PI / 2;
    stroke(line(760, 530, 760 + 148 * Math.cos(turn), 530 + 148 * Math.sin(turn)), 'violet', 4);
  }
  stroke(line(560, 530, 590, 530), 'black', 8);
  stroke(line(575, 515, 575, 545), 'black', 8);
  stroke(wave(1000, 260, 420, 40, 140), 'orange', 2);
}

/** Many strokes of 30 points, spread over a page that is as wide as it must be. */
export function fillBoard(board: Board, count: number): void {
  const columns = Math.ceil(Math.sqrt(count * 1.8));
  for (let i = 0; i < count; i += 1) {
    const x = (i % columns) * 60;
    const y = Math.floor(i / columns) * 40;
    const colour = COLOURS[i % COLOURS.length] ?? 'black';
    board.addStroke({ page: MAIN_PAGE, points: wave(x, y + 20, 50, 12, 30), kind: 'draw', colour, size: 2, nowMs: 0 });
  }
}
