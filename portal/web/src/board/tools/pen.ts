/** Pen and highlighter: a stroke from pointer down to pointer up. */

import ink from '@spec/ink.json';
import type { ShapeId } from '../../core/ids';
import type { InkPoint } from '../../core/ink';
import type { LiveStroke } from '../liveLayer';
import type { StrokeKind } from '../scene';
import type { Tool, ToolHost, ToolPoint, ToolStyle } from './tool';

/** Samples closer than this (CSS px) to the one before add bytes and no line; small handwriting needs no more. */
const LEAST_STEP_PX = 0.7;
const UNITS = ink.units_per_px;

interface Part {
  readonly number: number;
  /** When its first point was drawn. */
  readonly sinceMs: number;
  readonly points: InkPoint[];
}

interface Stroke {
  readonly style: ToolStyle;
  readonly closeStep: () => void;
  /** Parts that are shapes already. */
  readonly committed: ShapeId[];
  part: Part;
}

/** Positions are stored in tenths of a px: rounding at once makes live ink and the finished shape the same line. */
function quantize(value: number): number {
  return Math.round(value * UNITS) / UNITS;
}

export class PenTool implements Tool {
  readonly cursor = 'crosshair';
  private stroke: Stroke | null = null;

  constructor(
    private readonly host: ToolHost,
    private readonly name: 'pen' | 'highlighter',
  ) {}

  private get kind(): StrokeKind {
    return this.name === 'pen' ? 'draw' : 'highlight';
  }

  down(point: ToolPoint): void {
    const { board } = this.host;
    const style = this.host.style(this.name);
    this.stroke = {
      style,
      closeStep: board.openStep(),
      committed: [],
      part: { number: board.nextShapeNumber(), sinceMs: point.timeMs, points: [] },
    };
    this.begin(this.stroke);
    this.add(this.stroke, point, 0);
  }

  move(points: readonly ToolPoint[]): void {
    const { stroke } = this;
    if (!stroke) {
      return;
    }
    const leastStep = LEAST_STEP_PX / this.host.view.camera.zoom;
    for (const point of points) {
      this.add(stroke, point, leastStep);
    }
  }

  up(point: ToolPoint): void {
    const { stroke } = this;
    if (!stroke) {
      return;
    }
    // The browser reports no pressure for a lifted pen: its last sample keeps the one before.
    const pressure = stroke.part.points.at(-1)?.pressure ?? null;
    this.add(stroke, { ...point, pressure }, 1 / UNITS);
    this.finish(stroke);
  }

  cancel(): void {
    const { stroke } = this;
    if (!stroke) {
      return;
    }
    if (stroke.committed.length > 0) {
      this.finish(stroke);
      return;
    }
    this.stroke = null;
    this.host.live.end();
    stroke.closeStep();
    this.host.view.refreshLive();
  }

  strokes(): readonly LiveStroke[] {
    const { stroke } = this;
    if (!stroke) {
      return [];
    }
    const { colour, size } = stroke.style;
    return [{ key: `own-${stroke.part.number}`, kind: this.kind, colour, size, points: stroke.part.points }];
  }

  private begin(stroke: Stroke): void {
    const { colour, size } = stroke.style;
    this.host.live.begin({ page: this.host.page, stroke: stroke.part.number, kind: this.kind, colour, size });
  }

  private add(stroke: Stroke, sample: ToolPoint, leastStep: number): void {
    const { points } = stroke.part;
    const last = points.at(-1);
    const [x, y] = [quantize(sample.x), quantize(sample.y)];
    if (last && Math.hypot(x - last.x, y - last.y) < leastStep) {
      return;
    }
    const t = Math.max(last?.t ?? 0, Math.round(sample.timeMs - stroke.part.sinceMs));
    const point: InkPoint = { x, y, pressure: sample.pressure, t };
    points.push(point);
    this.host.live.extend([point]);
    if (points.length >= ink.max_points) {
      this.commit(stroke);
      const again: InkPoint = { ...point, t: 0 };
      stroke.part = { number: this.host.board.nextShapeNumber(), sinceMs: sample.timeMs, points: [again] };
      this.begin(stroke);
      this.host.live.extend([again]);
    }
    this.host.view.refreshLive();
  }

  private commit(stroke: Stroke): void {
    const { number, points } = stroke.part;
    const { colour, size } = stroke.style;
    const added = this.host.board.addStroke({
      page: this.host.page,
      points,
      kind: this.kind,
      colour,
      size,
      nowMs: this.host.now(),
      atN: number,
    });
    stroke.committed.push(...added);
  }

  private finish(stroke: Stroke): void {
    this.stroke = null;
    try {
      // The repeated first point of a part is no ink of its own.
      if (stroke.part.points.length > 1 || stroke.committed.length === 0) {
        this.commit(stroke);
      }
    } finally {
      this.host.live.end();
      stroke.closeStep();
      this.host.view.refreshLive();
    }
  }
}
