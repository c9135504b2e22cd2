/**
 * What a plot is put together from: lines, dots, and labels with or without a fraction bar. In px from the plot's top left
 * corner, turned with it at the end. Twin of `recorder/sheet.py`.
 */

import { middleOf } from '../core/arrows';
import type { PlotShape } from '../core/shape';
import { type Box, growBox, type Point, unionBox } from './camera';
import { FONT_ASCENT_EM } from './metrics';
import type { FigureItem, FigurePath, MeasureText, TextLine } from './scene';
import { boxAround, turned, turnedBox } from './turn';

/** Shares of the size of the letters, from the top of a label: where its numbers stand, and the bar between them. */
const BASELINE = 0.7;
const BAR = 0.87;
const BELOW = 1.64;
const HIGH = 0.72;
const HIGH_FRACTION = 1.68;
const BAR_OVER = 0.1;
const BAR_PEN = 1 / 14;
const SIGN_GAP = 0.12;
const SIGN_DROP = 0.33;
const DESCENT_EM = 0.35;
/** How far the control points of a quarter of a circle stand out, of its radius. */
const ROUND = 0.5522847498;

/** What is written at a tick: above the bar, below it ('' for a number without one), and the sign before it. */
export interface SheetLabel {
  readonly top: string;
  readonly bottom: string;
  readonly sign: string;
}

/** Collects what a plot paints; `finish` puts it where the plot stands. */
export class Sheet {
  private readonly paths: FigurePath[] = [];
  private readonly letters: TextLine[] = [];

  constructor(
    private readonly shape: PlotShape,
    private readonly measure: MeasureText,
  ) {}

  /** Open ways drawn with one pen. */
  lines(ways: readonly (readonly Point[])[], colour: string, width: number): void {
    const verbs = ways.map((way) => `M${'L'.repeat(way.length - 1)}`).join('');
    this.add(verbs, ways.flat(), { colour, fill: 0, width });
  }

  fillRects(rects: readonly Box[], colour: string, opacity: number): void {
    const corners = rects.flatMap(({ minX, minY, maxX, maxY }) => [
      { x: minX, y: minY },
      { x: maxX, y: minY },
      { x: maxX, y: maxY },
      { x: minX, y: maxY },
    ]);
    this.add('MLLLZ'.repeat(rects.length), corners, { colour, fill: opacity, width: 0 });
  }

  dot(x: number, y: number, r: number, colour: string): void {
    const k = r * ROUND;
    const offsets: readonly (readonly [number, number])[] = [
      [r, 0],
      [r, k],
      [k, r],
      [0, r],
      [-k, r],
      [-r, k],
      [-r, 0],
      [-r, -k],
      [-k, -r],
      [0, -r],
      [k, -r],
      [r, -k],
      [r, 0],
    ];
    const points = offsets.map(([dx, dy]) => ({ x: x + dx, y: y + dy }));
    this.add('MCCCCZ', points, { colour, fill: 1, width: 0 });
  }

  /** Width of a label with its sign. */
  widthOf({ top, bottom, sign }: SheetLabel): number {
    const signWidth = this.long(sign) + (sign ? this.shape.size * SIGN_GAP : 0);
    return Math.max(this.long(top), this.long(bottom)) + signWidth;
  }

  heightOf({ bottom }: SheetLabel): number {
    return this.shape.size * (bottom ? HIGH_FRACTION : HIGH);
  }

  /** A label whose numbers stand in the middle of x, its upper edge at y. */
  centred(label: SheetLabel, x: number, y: number): void {
    const { size, colour } = this.shape;
    const { top, bottom, sign } = label;
    const wide = Math.max(this.long(top), this.long(bottom));
    this.write(top, x - this.long(top) / 2, y + BASELINE * size);
    let baseline = y + BASELINE * size;
    if (bottom) {
      this.write(bottom, x - this.long(bottom) / 2, y + BELOW * size);
      const half = wide / 2 + BAR_OVER * size;
      const bar = y + BAR * size;
      const ends = [
        { x: x - half, y: bar },
        { x: x + half, y: bar },
      ];
      this.lines([ends], colour, size * BAR_PEN);
      baseline = bar + SIGN_DROP * size;
    }
    if (sign) {
      const gap = bottom ? (BAR_OVER + SIGN_GAP) * size : 0;
      this.write(sign, x - wide / 2 - gap - this.long(sign), baseline);
    }
  }

  /** A label that ends at x. */
  rightOf(label: SheetLabel, x: number, y: number): void {
    this.centred(label, x - Math.max(this.long(label.top), this.long(label.bottom)) / 2, y);
  }

  /** All of it, where the plot stands. */
  finish(): FigureItem {
    const { shape, paths } = this;
    const { x, y, w, h, size, rotation, colour, opacity } = shape;
    const pivot = middleOf(shape);
    const corners = this.placed([
      { x: 0, y: 0 },
      { x: w, y: 0 },
      { x: w, y: h },
      { x: 0, y: h },
    ]);
    let box = growBox(boxAround(corners), size);
    for (const path of paths) {
      box = unionBox(box, growBox(boxOfCoords(path.coords), path.width / 2 + 1)) ?? box;
    }
    const common = { kind: 'figure', paths, opacity, isSolid: true } as const;
    if (this.letters.length === 0) {
      return { ...common, label: null, box };
    }
    const lines = this.letters.map((line) => ({ ...line, x: x + line.x, baseline: y + line.baseline }));
    const baselines = lines.map(({ baseline }) => baseline);
    const upright = {
      minX: Math.min(...lines.map((line) => line.x)),
      minY: Math.min(...baselines) - FONT_ASCENT_EM * size,
      maxX: Math.max(...lines.map((line) => line.x + this.long(line.text))),
      maxY: Math.max(...baselines) + DESCENT_EM * size,
    };
    const labelBox = turnedBox(upright, pivot, rotation);
    const label = {
      kind: 'text',
      ...pivot,
      rotation,
      lines,
      colour,
      opacity,
      bold: false,
      size,
      box: labelBox,
    } as const;
    return { ...common, label, box: unionBox(box, labelBox) ?? box };
  }

  private write(text: string, x: number, baseline: number): void {
    this.letters.push({ text, x, baseline });
  }

  private long(text: string): number {
    return text === '' ? 0 : this.measure(text, this.shape.size, false);
  }

  private placed(points: readonly Point[]): Point[] {
    const { shape } = this;
    const middle = middleOf(shape);
    return points.map(({ x, y }) => turned({ x: shape.x + x, y: shape.y + y }, middle, shape.rotation));
  }

  private add(verbs: string, points: readonly Point[], look: Pick<FigurePath, 'colour' | 'fill' | 'width'>): void {
    if (points.length > 0) {
      const coords = Float64Array.from(this.placed(points).flatMap(({ x, y }) => [x, y]));
      this.paths.push({ verbs, coords, ...look, dash: [] });
    }
  }
}

function boxOfCoords(coords: Float64Array): Box {
  const found = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (let i = 0; i < coords.length; i += 2) {
    const [x, y] = [coords[i] ?? 0, coords[i + 1] ?? 0];
    found.minX = Math.min(found.minX, x);
    found.maxX = Math.max(found.maxX, x);
    found.minY = Math.min(found.minY, y);
    found.maxY = Math.max(found.maxY, y);
  }
  return found;
}
