/** What is printed on a guide: outline, marks and numbers, in its own place. Pure; board px. */

import type { Point } from '../camera';
import { cornersOfGuide, type Guide, UNIT_PX } from './guide';

export interface GuideLabel {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly size: number;
}

/** Lengths of marks, px. */
const WHOLE = 16;
const HALF = 11;
const TENTH = 7;
/** Letters closer together than this (CSS px) are left out. */
const CLOSEST_PX = 26;

/** The outline; `inset` px inside it, the part that a hand takes. */
export function bodyPath(guide: Guide, inset: number): string {
  if (guide.kind === 'compass') {
    // All of a circle is the pencil's: the hand takes the needle.
    const r = inset > 0 ? inset * 2 : guide.size;
    return circlePath(r);
  }
  if (guide.kind === 'protractor') {
    const r = Math.max(1, guide.size - inset);
    return `M${-r} ${-inset}A${r} ${r} 0 0 1 ${r} ${-inset}Z`;
  }
  const corners = cornersOfGuide(guide);
  const middle = {
    x: corners.reduce((sum, { x }) => sum + x, 0) / corners.length,
    y: corners.reduce((sum, { y }) => sum + y, 0) / corners.length,
  };
  // A triangle's sides move inwards by less than its corners do.
  const by = guide.kind === 'square' ? inset * 2 : inset;
  const inner = corners.map((corner) => towards(corner, middle, by));
  return `M${inner.map(({ x, y }) => `${x} ${y}`).join('L')}Z`;
}

function towards({ x, y }: Point, middle: Point, by: number): Point {
  const step = (from: number, to: number): number =>
    from + Math.sign(to - from) * Math.min(by, Math.abs(to - from) * 0.9);
  return { x: step(x, middle.x), y: step(y, middle.y) };
}

const circlePath = (r: number): string => `M${r} 0A${r} ${r} 0 0 1 ${-r} 0A${r} ${r} 0 0 1 ${r} 0Z`;

/** Marks: thin ones, and those at whole numbers. */
export function facePaths(guide: Guide): { thin: string; bold: string } {
  switch (guide.kind) {
    case 'compass':
      return { thin: 'M-12 0L12 0M0 -12L0 12', bold: '' };
    case 'protractor':
      return degreeMarks(guide.size);
    default:
      return lengthMarks(guide.size, guide.kind === 'ruler' ? 0 : TENTH * 2);
  }
}

function lengthMarks(size: number, ends: number): { thin: string; bold: string } {
  let [thin, bold] = ['', ''];
  for (let i = 0; i * (UNIT_PX / 10) <= size + 1e-6; i += 1) {
    const x = -size / 2 + (i * UNIT_PX) / 10;
    // The acute corners of a set square have no room for marks.
    if (Math.abs(x) > size / 2 - ends) {
      continue;
    }
    if (i % 10 === 0) {
      bold += `M${x} 0V${WHOLE}`;
    } else {
      thin += `M${x} 0V${i % 5 === 0 ? HALF : TENTH}`;
    }
  }
  return { thin, bold };
}

function degreeMarks(radius: number): { thin: string; bold: string } {
  let [thin, bold] = [`M${-radius} 0H${radius}M0 0V${-WHOLE}`, ''];
  for (let degree = 0; degree <= 180; degree += 1) {
    const long = degree % 10 === 0 ? WHOLE : degree % 5 === 0 ? HALF : TENTH;
    const [cos, sin] = [Math.cos((degree * Math.PI) / 180), -Math.sin((degree * Math.PI) / 180)];
    const mark = `M${radius * cos} ${radius * sin}L${(radius - long) * cos} ${(radius - long) * sin}`;
    if (degree % 10 === 0) {
      bold += mark;
    } else {
      thin += mark;
    }
  }
  return { thin, bold };
}

/** `zoom`: CSS px per board px, so that numbers are read at any of them. */
export function labelsOf(guide: Guide, zoom: number): GuideLabel[] {
  const size = Math.max(13, 12 / zoom);
  if (guide.kind === 'compass') {
    return [];
  }
  if (guide.kind === 'protractor') {
    const every = (guide.size * zoom * Math.PI) / 18 >= CLOSEST_PX ? 10 : 30;
    return Array.from({ length: Math.floor(180 / every) + 1 }, (_, i) => {
      const angle = (i * every * Math.PI) / 180;
      const far = guide.size - WHOLE - size;
      return { x: far * Math.cos(angle), y: -far * Math.sin(angle) + size * 0.35, text: String(i * every), size };
    });
  }
  const every = Math.max(1, Math.ceil(CLOSEST_PX / (UNIT_PX * zoom)));
  const count = Math.floor(guide.size / UNIT_PX);
  return Array.from({ length: count + 1 }, (_, i) => i)
    .filter((i) => i % every === 0 && i > 0 && i < count)
    .map((i) => ({ x: -guide.size / 2 + i * UNIT_PX, y: WHOLE + size, text: String(i), size }));
}
