/**
 * Excalidraw's files (`.excalidraw`, its JSON version 2) as open boards. What comes out goes through `readOpen`, which
 * believes it no more than any file. Format: https://docs.excalidraw.com/docs/codebase/json-schema
 */

import { formatBase64Url } from '../core/bytes';
import { encodeInk, splitStroke } from '../core/ink';
import { COLOURS, PALETTE, THINGS } from '../core/shape';
import { t } from '../ui/i18n';
import { MOST_BYTES, MOST_SHAPES, OPEN_FORMAT, OpenJsonError, type OpenPage, readOpen } from './openJson';

/** A line of more corners than this was drawn by hand. */
const MOST_CORNERS = 40;
const MOST_POINTS = 10_000;
const MOST_PICTURES = 60;
/** Excalidraw's stroke widths are half as wide as ours look. */
const WIDTH = 2;
const FORMS: Readonly<Record<string, string>> = { rectangle: 'rectangle', ellipse: 'ellipse', diamond: 'diamond' };

type Fields = Readonly<Record<string, unknown>>;
type Point = readonly [number, number];

export interface BroughtBoard {
  readonly pages: readonly OpenPage[];
  /** Things of kinds that there are none of here. */
  readonly left: number;
}

/** Whether a text claims to be such a file. */
export const isExcalidraw = (text: string): boolean => /^\s*\{[^{[]{0,200}"type"\s*:\s*"excalidraw"/.test(text);

/** `keepPicture` keeps a picture of the file and tells its hash. Raises OpenJsonError. */
export async function readExcalidraw(
  text: string,
  keepPicture: (file: File) => Promise<string>,
): Promise<BroughtBoard> {
  if (text.length > MOST_BYTES) {
    throw new OpenJsonError(t('This file is too large to be a board.'));
  }
  const content = parse(text);
  const elements = list(content.elements)
    .map(record)
    .filter(({ isDeleted }) => isDeleted !== true);
  if (elements.length > MOST_SHAPES) {
    throw new OpenJsonError(t('A board of more than {n} shapes cannot be brought in.', { n: MOST_SHAPES }));
  }
  const reader = new Reader(elements, record(content.files), keepPicture);
  const shapes: Fields[] = [];
  let left = 0;
  for (const element of elements) {
    const made = await reader.shapes(element);
    left += made === null ? 1 : 0;
    shapes.push(...(made ?? []));
  }
  const page = { title: '', background: 'plain', shapes };
  return { pages: readOpen(JSON.stringify({ format: OPEN_FORMAT, version: 1, pages: [page] })), left };
}

function parse(text: string): Fields {
  try {
    const content = record(JSON.parse(text));
    if (content.type === 'excalidraw' && Array.isArray(content.elements)) {
      return content;
    }
  } catch {
    // Said below, as for any other file.
  }
  throw new OpenJsonError(t('This Excalidraw file cannot be read.'));
}

class Reader {
  /** Letters that belong into a shape, by its id. */
  private readonly labels = new Map<string, string>();
  private pictures = 0;

  constructor(
    elements: readonly Fields[],
    private readonly files: Fields,
    private readonly keepPicture: (file: File) => Promise<string>,
  ) {
    const ids = new Set(elements.filter(({ type }) => Object.hasOwn(FORMS, String(type))).map(({ id }) => id));
    for (const { type, containerId, text } of elements) {
      if (type === 'text' && typeof containerId === 'string' && ids.has(containerId) && typeof text === 'string') {
        this.labels.set(containerId, text);
      }
    }
  }

  /** null: nothing like it here. */
  async shapes(element: Fields): Promise<readonly Fields[] | null> {
    const base = baseOf(element);
    const { type, id } = element;
    const box = { w: number(element.width), h: number(element.height) };
    switch (type) {
      case 'rectangle':
      case 'ellipse':
      case 'diamond': {
        const text = this.labels.get(String(id)) ?? '';
        return [
          { ...base, ...box, type: 'geo', form: FORMS[type], fill: fillOf(element), dash: dashOf(element), text },
        ];
      }
      case 'text':
        return this.labels.get(String(element.containerId)) === element.text
          ? []
          : [{ ...base, type: 'text', text: element.text, size: number(element.fontSize) ?? 20 }];
      case 'line':
      case 'arrow':
        return linesOf(element, base);
      case 'freedraw':
        return inkOf(element, base);
      case 'frame':
        return [
          { ...base, ...box, type: 'frame', text: typeof element.name === 'string' ? element.name : '', size: 20 },
        ];
      case 'image':
        return this.picture(element, { ...base, ...box });
      default:
        return null;
    }
  }

  private async picture(element: Fields, base: Fields): Promise<readonly Fields[] | null> {
    const { dataURL } = record(this.files[String(element.fileId)]);
    const found = /^data:(image\/(?:png|jpeg|webp));base64,([A-Za-z0-9+/]+=*)$/.exec(
      typeof dataURL === 'string' ? dataURL : '',
    );
    this.pictures += 1;
    if (!found?.[1] || !found[2] || this.pictures > MOST_PICTURES) {
      return null;
    }
    const bytes = Uint8Array.from(atob(found[2]), (letter) => letter.charCodeAt(0));
    try {
      return [{ ...base, type: 'image', asset: await this.keepPicture(new File([bytes], '', { type: found[1] })) }];
    } catch {
      // It cannot be read or kept: the rest of the board comes all the same.
      return null;
    }
  }
}

function baseOf(element: Fields): Fields {
  const opacity = (number(element.opacity) ?? 100) / 100;
  const groups = list(element.groupIds);
  const stroke = String(element.strokeColor ?? '');
  const colour = nearest(stroke === 'transparent' ? String(element.backgroundColor ?? '') : stroke);
  return {
    ...{ id: element.id, x: number(element.x), y: number(element.y), colour, size: sizeOf(element) },
    rotation: number(element.angle) ?? 0,
    opacity: Math.min(1, Math.max(THINGS.least_opacity, opacity)),
    ...(element.locked === true ? { locked: true } : {}),
    ...(groups.length > 0 ? { group: String(groups.at(-1)).slice(0, THINGS.id_chars) } : {}),
  };
}

function sizeOf(element: Fields): number {
  const wanted = (number(element.strokeWidth) ?? 2) * WIDTH;
  return THINGS.sizes.reduce((best, size) => (Math.abs(size - wanted) < Math.abs(best - wanted) ? size : best));
}

/** Of 255. */
const LIGHT = 190;

function fillOf({ backgroundColor, fillStyle }: Fields): string {
  const isFilled = typeof backgroundColor === 'string' && backgroundColor !== '' && backgroundColor !== 'transparent';
  return isFilled ? (fillStyle === 'solid' && !isLight(backgroundColor) ? 'solid' : 'soft') : 'none';
}

/** A pastel is the soft fill of a colour, not the colour itself. */
function isLight(colour: string): boolean {
  const [red = 0, green = 0, blue = 0] = (/^#([\da-f]{2})([\da-f]{2})([\da-f]{2})/iu.exec(colour) ?? [])
    .slice(1)
    .map((part) => Number.parseInt(part, 16));
  return 0.3 * red + 0.59 * green + 0.11 * blue > LIGHT;
}

const dashOf = ({ strokeStyle }: Fields): string =>
  strokeStyle === 'dashed' || strokeStyle === 'dotted' ? strokeStyle : 'solid';

/** Corners in board px, turned as Excalidraw turns them: about the middle of what they span. */
function cornersOf(element: Fields): Point[] {
  const [x, y, angle] = [number(element.x) ?? 0, number(element.y) ?? 0, number(element.angle) ?? 0];
  const points = list(element.points)
    .slice(0, MOST_POINTS)
    .flatMap((point): Point[] => {
      const [dx, dy] = list(point).map(number);
      return dx === null || dy === null || dx === undefined || dy === undefined ? [] : [[x + dx, y + dy]];
    });
  const [xs, ys] = [points.map(([px]) => px), points.map(([, py]) => py)];
  const low = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const [mx, my] = [(low(xs) + high(xs)) / 2, (low(ys) + high(ys)) / 2];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map(([px, py]) => [mx + (px - mx) * cos - (py - my) * sin, my + (px - mx) * sin + (py - my) * cos]);
}

function linesOf(element: Fields, { rotation: _, ...base }: Fields): Fields[] {
  const corners = cornersOf(element);
  if (corners.length > MOST_CORNERS) {
    return inkOf(element, base);
  }
  const dash = dashOf(element);
  const isArrow = element.type === 'arrow';
  const [hasStart, hasEnd] = [isArrow && Boolean(element.startArrowhead), isArrow && Boolean(element.endArrowhead)];
  const group = base.group ?? (corners.length > 2 ? String(element.id).slice(0, THINGS.id_chars) : undefined);
  const last = corners.length - 2;
  return corners.slice(0, -1).map(([x, y], at) => {
    const [x2, y2] = corners[at + 1] ?? [x, y];
    const isFirst = at === 0;
    const isLast = at === last;
    // A head at the start alone: the same arrow the other way round.
    const isBack = hasStart && isFirst && !(hasEnd && isLast);
    const way = isBack ? { x: x2, y: y2, dx: x - x2, dy: y - y2 } : { x, y, dx: x2 - x, dy: y2 - y };
    const head = isBack || (hasEnd && isLast) ? (hasStart && hasEnd && isFirst && isLast ? 'both' : 'end') : 'none';
    const bound = corners.length === 2 ? boundEnds(element, isBack) : {};
    return { ...base, ...way, ...bound, id: isFirst ? base.id : null, group, dash, ...kindOf(head) };
  });
}

const kindOf = (head: string): Fields => (head === 'none' ? { type: 'line' } : { type: 'arrow', head });

function boundEnds({ startBinding, endBinding }: Fields, isBack: boolean): Fields {
  const [start, end] = [record(startBinding).elementId, record(endBinding).elementId];
  return isBack ? { start: end, end: start } : { start, end };
}

function inkOf(element: Fields, { rotation: _, ...base }: Fields): Fields[] {
  const corners = cornersOf(element);
  const pressures = list(element.pressures);
  const points = corners.map(([x, y], at) => {
    const pressure = number(pressures[at]);
    return { x, y, pressure: pressure === null ? null : Math.round(Math.min(1, Math.max(0, pressure)) * 255), t: null };
  });
  return splitStroke(points).flatMap((part) => {
    try {
      const { blob, x, y } = encodeInk(part);
      return [{ ...base, type: 'draw', x, y, ink: formatBase64Url(blob) }];
    } catch {
      // Points too far apart for ink: nobody drew that.
      return [];
    }
  });
}

/** The colour of ours that looks most like it; black for what is none. */
function nearest(css: string): string {
  const wanted = channels(css);
  const distance = (name: (typeof COLOURS)[number]): number => {
    const ours = channels(PALETTE.colours[name].light);
    return wanted && ours ? ours.reduce((sum, value, at) => sum + (value - (wanted[at] ?? 0)) ** 2, 0) : 0;
  };
  return wanted ? COLOURS.reduce((best, name) => (distance(name) < distance(best) ? name : best)) : 'black';
}

function channels(css: string): readonly number[] | null {
  const long = css.replace(/^#([0-9a-f])([0-9a-f])([0-9a-f])$/i, '#$1$1$2$2$3$3');
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(long);
  return found ? found.slice(1, 4).map((part) => Number.parseInt(part, 16)) : null;
}

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A plain object's own members; nothing is read from prototypes. */
function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.assign(Object.create(null), value)
    : Object.create(null);
}
