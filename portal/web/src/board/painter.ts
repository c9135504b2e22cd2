/** Paints scene items on a 2D canvas, on the page or in a worker. The Python twin is `recorder/raster.py`. */

import { hasRightToLeft, isRightToLeft } from './direction';
import {
  cssColour,
  type FigureItem,
  FONT_FAMILY,
  type ImageItem,
  type SceneItem,
  type StrokeItem,
  type TextItem,
  type Theme,
} from './scene';

export type PaintContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Where pictures come from: null while one is not there yet. */
export type Pictures = (asset: string) => CanvasImageSource | null;
const NO_PICTURES: Pictures = () => null;

/** Under this many device px per board px a stroke is painted as a thinned line: nobody sees its outline. */
export const OUTLINE_MIN_SCALE = 0.45;
const THIN_LINE_MIN_PX = 0.6;

/**
 * The closed path of quadratic curves through the middles of the outline's sides, with its corners as control points.
 * One path a stroke: merging strokes into one path costs more than it saves.
 */
export function outlinePath(outline: Float64Array, length = outline.length): Path2D {
  const path = new Path2D();
  if (length < 4) {
    return path;
  }
  let x = outline[0] ?? 0;
  let y = outline[1] ?? 0;
  path.moveTo(((outline[length - 2] ?? 0) + x) / 2, ((outline[length - 1] ?? 0) + y) / 2);
  for (let i = 2; i <= length; i += 2) {
    const next = i < length ? i : 0;
    const nextX = outline[next] ?? 0;
    const nextY = outline[next + 1] ?? 0;
    path.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    x = nextX;
    y = nextY;
  }
  path.closePath();
  return path;
}

/** Puts a context where board px can be painted. `originX`, `originY` in device px of this canvas. */
export function enterBoard(context: PaintContext, scale: number, originX: number, originY: number): void {
  context.setTransform(scale, 0, 0, scale, originX, originY);
}

/** Paints one item; the context must be in board px (see `enterBoard`). `fade` multiplies the opacity. */
export function paintItem(
  context: PaintContext,
  item: SceneItem,
  scale: number,
  theme: Theme,
  fade = 1,
  pictures: Pictures = NO_PICTURES,
): void {
  switch (item.kind) {
    case 'text':
      paintText(context, item, theme, fade);
      break;
    case 'figure':
      paintFigure(context, item, theme, fade);
      break;
    case 'image':
      paintImage(context, item, theme, fade, pictures(item.asset));
      break;
    default:
      if (scale < OUTLINE_MIN_SCALE && item.spine.length > 2) {
        paintSpine(context, item, item.spine, item.spine.length, scale, theme, fade);
      } else {
        paintOutline(context, item, outlinePath(item.outline), theme, fade);
      }
  }
}

/** The path of lines and curves that a figure's verbs and coordinates say. */
export function figurePath(verbs: string, coords: Float64Array): Path2D {
  const path = new Path2D();
  let i = 0;
  const next = (): number => {
    i += 1;
    return coords[i - 1] ?? 0;
  };
  for (const verb of verbs) {
    if (verb === 'M') {
      path.moveTo(next(), next());
    } else if (verb === 'L') {
      path.lineTo(next(), next());
    } else if (verb === 'C') {
      path.bezierCurveTo(next(), next(), next(), next(), next(), next());
    } else {
      path.closePath();
    }
  }
  return path;
}

function paintFigure(context: PaintContext, item: FigureItem, theme: Theme, fade: number): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const { verbs, coords, colour, fill, width, dash } of item.paths) {
    const path = figurePath(verbs, coords);
    if (fill > 0) {
      context.globalAlpha = item.opacity * fill * fade;
      context.fillStyle = cssColour(colour, theme);
      context.fill(path);
    }
    if (width > 0) {
      context.globalAlpha = item.opacity * fade;
      context.strokeStyle = cssColour(colour, theme);
      context.lineWidth = width;
      context.setLineDash([...dash]);
      context.stroke(path);
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  if (item.label) {
    paintText(context, item.label, theme, fade);
  }
}

const HOLLOW: Readonly<Record<Theme, string>> = { light: '#e9e7df', dark: '#2b333b' };

/** A picture, or an empty frame where it is still on its way. */
function paintImage(
  context: PaintContext,
  item: ImageItem,
  theme: Theme,
  fade: number,
  picture: CanvasImageSource | null,
): void {
  const { x, y, w, h } = item;
  context.save();
  context.translate(x + w / 2, y + h / 2);
  context.rotate(item.rotation);
  context.globalAlpha = item.opacity * fade;
  if (picture) {
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, -w / 2, -h / 2, w, h);
  } else {
    context.fillStyle = HOLLOW[theme];
    context.fillRect(-w / 2, -h / 2, w, h);
  }
  context.restore();
}

/** Paints a stroke whose path was made before. */
export function paintOutline(
  context: PaintContext,
  item: Pick<StrokeItem, 'x' | 'y' | 'colour' | 'opacity'>,
  path: Path2D,
  theme: Theme,
  fade = 1,
): void {
  context.fillStyle = cssColour(item.colour, theme);
  context.globalAlpha = item.opacity * fade;
  context.translate(item.x, item.y);
  context.fill(path);
  context.translate(-item.x, -item.y);
  context.globalAlpha = 1;
}

/** A stroke as a line through the hand's points (`length` numbers of `spine`), thinned to what can be seen at this scale. */
export function paintSpine(
  context: PaintContext,
  item: Pick<StrokeItem, 'x' | 'y' | 'size' | 'colour' | 'opacity'>,
  spine: Float64Array,
  length: number,
  scale: number,
  theme: Theme,
  fade: number,
): void {
  const step = 1 / scale;
  let x = spine[0] ?? 0;
  let y = spine[1] ?? 0;
  context.beginPath();
  context.moveTo(item.x + x, item.y + y);
  for (let i = 2; i < length; i += 2) {
    const toX = spine[i] ?? 0;
    const toY = spine[i + 1] ?? 0;
    if (i === length - 2 || Math.abs(toX - x) + Math.abs(toY - y) >= step) {
      x = toX;
      y = toY;
      context.lineTo(item.x + x, item.y + y);
    }
  }
  context.lineWidth = Math.max(item.size, THIN_LINE_MIN_PX / scale);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.strokeStyle = cssColour(item.colour, theme);
  context.globalAlpha = item.opacity * fade;
  context.stroke();
  context.globalAlpha = 1;
}

function paintText(context: PaintContext, item: TextItem, theme: Theme, fade: number): void {
  setFont(context, item.size, item.bold);
  context.fillStyle = cssColour(item.colour, theme);
  context.globalAlpha = item.opacity * fade;
  if (item.rotation !== 0) {
    context.save();
    context.translate(item.x, item.y);
    context.rotate(item.rotation);
    context.translate(-item.x, -item.y);
  }
  for (const line of item.lines) {
    setDirection(context, line.text);
    context.fillText(line.text, line.x, line.baseline);
  }
  if (item.rotation !== 0) {
    context.restore();
  }
  context.globalAlpha = 1;
}

/** Which way a line runs. Letters that are joined keep the distances of their font; the recorder's shaper knows no other. */
export function setDirection(context: PaintContext, line: string): void {
  context.direction = isRightToLeft(line) ? 'rtl' : 'ltr';
  context.fontKerning = hasRightToLeft(line) ? 'normal' : 'none';
}

/** The one way text is set, so that its pixels agree with the recorder's: no kerning, exact positions. */
export function setFont(context: PaintContext, size: number, bold = false): void {
  context.font = `${bold ? 'bold ' : ''}${size}px "${FONT_FAMILY}", system-ui, sans-serif`;
  context.fontKerning = 'none';
  context.textRendering = 'geometricPrecision';
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
}
