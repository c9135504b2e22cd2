/**
 * What moves: ink under the pen, other people's ink as it comes, shapes being dragged. On a canvas of its own above the
 * tiles, of which each frame clears and paints only the box that changed.
 */

import { type Box, boxesMeet, type Frame, growBox, unionBox, type Viewport } from './camera';
import { type HandWay, handWay } from './outline';
import { enterBoard, OUTLINE_MIN_SCALE, outlinePath, paintOutline, paintSpine } from './painter';
import {
  inkBoxAlong,
  type StrokeItem,
  type StrokeKind,
  type StrokePoint,
  strokeOpacity,
  type Theme,
  traceAlong,
} from './scene';

/** A stroke that is still being drawn; points in board px. */
export interface LiveStroke {
  /** The same for the whole life of the stroke. */
  readonly key: string;
  readonly kind: StrokeKind;
  readonly colour: string;
  readonly size: number;
  readonly points: readonly StrokePoint[];
}

/** Anything else a tool draws above the board. */
export interface Sketch {
  /** In board px; everything painted lies inside. */
  readonly box: Box;
  paint(context: CanvasRenderingContext2D, scale: number): void;
}

export interface LiveContent {
  readonly strokes: readonly LiveStroke[];
  readonly sketches: readonly Sketch[];
}

interface Drawn {
  readonly points: number;
  readonly look: Pick<StrokeItem, 'x' | 'y' | 'colour' | 'size' | 'opacity'>;
  readonly way: HandWay;
  readonly path: Path2D;
  readonly box: Box;
}

export class LiveLayer {
  private readonly context: CanvasRenderingContext2D;
  private drawn = new Map<string, Drawn>();
  private painted: Box | null = null;
  private paintedFrame: Frame | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (!context) {
      throw new Error('this browser has no 2D canvas');
    }
    this.context = context;
  }

  resize(width: number, height: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.paintedFrame = null;
    this.painted = null;
  }

  /** Paints the content; strokes that kept their number of points keep their outline. */
  draw(content: LiveContent, frame: Frame, viewport: Viewport, theme: Theme): void {
    const next = new Map<string, Drawn>();
    let box: Box | null = null;
    for (const stroke of content.strokes) {
      if (stroke.points.length === 0) {
        continue;
      }
      const known = this.drawn.get(stroke.key);
      const entry = known?.points === stroke.points.length ? known : makeDrawn(stroke);
      next.set(stroke.key, entry);
      box = unionBox(box, entry.box);
    }
    for (const sketch of content.sketches) {
      box = unionBox(box, sketch.box);
    }
    this.drawn = next;
    this.clear(frame, viewport, box);
    const { context } = this;
    enterBoard(context, frame.scale, frame.originX, frame.originY);
    for (const { look, way, path } of next.values()) {
      if (frame.scale < OUTLINE_MIN_SCALE && way.count > 1) {
        paintSpine(context, look, way.xy, 2 * way.count, frame.scale, theme, 1);
      } else {
        paintOutline(context, look, path, theme);
      }
    }
    for (const sketch of content.sketches) {
      sketch.paint(context, frame.scale);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.painted = box;
    this.paintedFrame = frame;
  }

  /** Clears what was painted before and what will be painted now. */
  private clear(frame: Frame, viewport: Viewport, next: Box | null): void {
    const { context, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (!this.painted && this.paintedFrame) {
      // Nothing is there to be taken away: the browser need not show this canvas anew.
      return;
    }
    const isSameView =
      this.paintedFrame !== null &&
      this.paintedFrame.scale === frame.scale &&
      this.paintedFrame.originX === frame.originX &&
      this.paintedFrame.originY === frame.originY;
    if (!isSameView) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const dirty = unionBox(this.painted, next);
    if (!dirty) {
      return;
    }
    const left = frame.originX + dirty.minX * frame.scale;
    const top = frame.originY + dirty.minY * frame.scale;
    const device = {
      minX: left,
      minY: top,
      maxX: left + (dirty.maxX - dirty.minX) * frame.scale,
      maxY: top + (dirty.maxY - dirty.minY) * frame.scale,
    };
    const screen = { minX: 0, minY: 0, maxX: viewport.width * viewport.ratio, maxY: viewport.height * viewport.ratio };
    if (boxesMeet(device, screen)) {
      const grown = growBox(device, 2);
      context.clearRect(
        Math.floor(grown.minX),
        Math.floor(grown.minY),
        Math.ceil(grown.maxX - grown.minX) + 1,
        Math.ceil(grown.maxY - grown.minY) + 1,
      );
    }
  }
}

function makeDrawn({ points, kind, colour, size }: LiveStroke): Drawn {
  const way = handWay(points);
  const look = { x: 0, y: 0, colour, size, opacity: strokeOpacity(kind) };
  const { flat, length } = traceAlong(way, kind, size);
  return { points: points.length, look, way, path: outlinePath(flat, length), box: inkBoxAlong(way, look) };
}
