/** A page's items as PDF drawing operators (ISO 32000-1, section 8). Pure: pictures and fonts are named by the caller. */

import type { RulingMarks } from '../backgrounds';
import type { Box } from '../camera';
import {
  cssColour,
  type FigureItem,
  type ImageItem,
  paperColour,
  type SceneItem,
  type StrokeItem,
  type TextItem,
  type Theme,
} from '../scene';

/** CSS px of 1/96 inch to points of 1/72 inch. */
export const POINTS_A_PX = 0.75;
/** How far the control points of a quarter of a circle stand out, of its radius. */
const ROUND = 0.5522847498;

/** What a page refers to by name. */
export interface PdfResources {
  /** The name of an opacity. */
  alpha(opacity: number): string;
  /** The font's name, and the letters as its glyphs; null where it lacks one. */
  letters(text: string, bold: boolean): { readonly font: string; readonly glyphs: string } | null;
  /** The name of a picture by its hash; null while it is not there. */
  picture(asset: string): string | null;
  /** A text in a script that the font lacks, as a picture over its box. */
  textPicture(item: TextItem): string | null;
}

const n = (value: number): string => String(Math.round(value * 1000) / 1000);
const ns = (...values: readonly number[]): string => values.map(n).join(' ');

/** Red, green, blue of `#rrggbb`, each 0…1. */
function rgb(css: string): string {
  const value = Number.parseInt(css.slice(1), 16);
  return ns(((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255);
}

export class PdfPainter {
  private readonly parts: string[] = [];

  constructor(
    box: Box,
    private readonly theme: Theme,
    private readonly resources: PdfResources,
  ) {
    const { minX, minY, maxX, maxY } = box;
    // From here on everything is in board px, y downwards.
    const k = POINTS_A_PX;
    this.parts.push(`${ns(k, 0, 0, -k, -minX * k, maxY * k)} cm`, '1 J 1 j');
    this.parts.push(`${rgb(paperColour(theme))} rg ${ns(minX, minY, maxX - minX, maxY - minY)} re f`);
  }

  get content(): string {
    return this.parts.join('\n');
  }

  ruling(marks: readonly RulingMarks[]): void {
    for (const { colour, opacity, rects, dots } of marks) {
      this.with(opacity, () => {
        this.parts.push(`${rgb(colour)} rg`);
        this.parts.push(...rects.map(([x, y, w, h]) => `${ns(x, y, w, h)} re`), ...dots.map(circle), 'f');
      });
    }
  }

  item(item: SceneItem): void {
    switch (item.kind) {
      case 'stroke':
        this.stroke(item);
        break;
      case 'text':
        this.text(item);
        break;
      case 'figure':
        this.figure(item);
        break;
      case 'image':
        this.image(item);
        break;
    }
  }

  /** What `paint` writes, in a state of its own. */
  private with(opacity: number, paint: () => void, matrix: readonly number[] | null = null): void {
    this.parts.push('q');
    if (opacity < 1) {
      this.parts.push(`/${this.resources.alpha(opacity)} gs`);
    }
    if (matrix) {
      this.parts.push(`${ns(...matrix)} cm`);
    }
    paint();
    this.parts.push('Q');
  }

  private stroke({ outline, x, y, colour, opacity }: StrokeItem): void {
    const count = outline.length / 2;
    if (count < 2) {
      return;
    }
    const at = (i: number): [number, number] => [
      x + (outline[2 * (i % count)] ?? 0),
      y + (outline[2 * (i % count) + 1] ?? 0),
    ];
    const middle = (i: number): [number, number] => {
      const [[ax, ay], [bx, by]] = [at(i), at(i + 1)];
      return [(ax + bx) / 2, (ay + by) / 2];
    };
    let [px, py] = middle(count - 1);
    let path = `${ns(px, py)} m`;
    for (let i = 0; i < count; i += 1) {
      // A quadratic curve as a cubic one: its control points lie two thirds of the way to the corner.
      const [[cx, cy], [ex, ey]] = [at(i), middle(i)];
      const third = (from: number, corner: number): number => from + (2 / 3) * (corner - from);
      path += `\n${ns(third(px, cx), third(py, cy), third(ex, cx), third(ey, cy), ex, ey)} c`;
      [px, py] = [ex, ey];
    }
    this.with(opacity, () => this.parts.push(`${rgb(cssColour(colour, this.theme))} rg ${path} h f`));
  }

  private figure(item: FigureItem): void {
    for (const { verbs, coords, colour, fill, width, dash } of item.paths) {
      const path = pathOf(verbs, coords);
      const css = rgb(cssColour(colour, this.theme));
      if (fill > 0) {
        this.with(item.opacity * fill, () => this.parts.push(`${css} rg ${path} f`));
      }
      if (width > 0) {
        this.with(item.opacity, () => this.parts.push(`${css} RG ${n(width)} w [${ns(...dash)}] 0 d ${path} S`));
      }
    }
    if (item.label) {
      this.text(item.label);
    }
  }

  private text(item: TextItem): void {
    const { x, y, rotation, size, bold, colour, opacity } = item;
    const lines = item.lines
      .map((line) => ({ ...line, text: line.text.replaceAll('\t', ' ') }))
      .filter((line) => line.text !== '')
      .map((line) => ({ line, set: this.resources.letters(line.text, bold) }));
    if (lines.some(({ set }) => set === null)) {
      this.textPicture(item);
      return;
    }
    const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)];
    const turn = rotation === 0 ? null : [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y];
    const paint = (): void => {
      this.parts.push(`BT ${rgb(cssColour(colour, this.theme))} rg`);
      for (const { line, set } of lines) {
        this.parts.push(`/${set?.font} ${n(size)} Tf 1 0 0 -1 ${ns(line.x, line.baseline)} Tm ${set?.glyphs} Tj`);
      }
      this.parts.push('ET');
    };
    this.with(opacity, paint, turn);
  }

  private textPicture(item: TextItem): void {
    const name = this.resources.textPicture(item);
    const { minX, minY, maxX, maxY } = item.box;
    if (name) {
      this.with(1, () => this.parts.push(`/${name} Do`), [maxX - minX, 0, 0, minY - maxY, minX, maxY]);
    }
  }

  private image({ asset, x, y, w, h, rotation, opacity }: ImageItem): void {
    const name = this.resources.picture(asset);
    const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)];
    const around = [cos, sin, -sin, cos, x + w / 2, y + h / 2];
    this.with(
      opacity,
      () => {
        if (name) {
          this.parts.push(`${ns(w, 0, 0, -h, -w / 2, h / 2)} cm /${name} Do`);
        } else {
          this.parts.push(`${rgb(HOLLOW[this.theme])} rg ${ns(-w / 2, -h / 2, w, h)} re f`);
        }
      },
      around,
    );
  }
}

/** As `painter.ts` leaves the frame of a picture that is not there. */
const HOLLOW: Readonly<Record<Theme, string>> = { light: '#e9e7df', dark: '#2b333b' };

function pathOf(verbs: string, coords: Float64Array): string {
  const parts: string[] = [];
  let i = 0;
  for (const verb of verbs) {
    const count = verb === 'C' ? 6 : verb === 'Z' ? 0 : 2;
    parts.push(verb === 'Z' ? 'h' : `${ns(...coords.subarray(i, i + count))} ${verb.toLowerCase()}`);
    i += count;
  }
  return parts.join(' ');
}

function circle([x, y, r]: readonly [number, number, number]): string {
  const k = r * ROUND;
  return (
    `${ns(x + r, y)} m ${ns(x + r, y + k, x + k, y + r, x, y + r)} c ${ns(x - k, y + r, x - r, y + k, x - r, y)} c ` +
    `${ns(x - r, y - k, x - k, y - r, x, y - r)} c ${ns(x + k, y - r, x + r, y - k, x + r, y)} c h`
  );
}
