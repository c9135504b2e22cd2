/** Pen and highlighter: a stroke from pointer down to pointer up. */

import ink from '@spec/ink.json';
import type { PlainFields } from '../../core/copy';
import type { ShapeId } from '../../core/ids';
import type { InkPoint } from '../../core/ink';
import { readFields } from '../../core/shape';
import type { Point } from '../camera';
import type { LiveStroke, Sketch } from '../liveLayer';
import { measureText } from '../measure';
import { paintItem } from '../painter';
import { type Meant, recognise } from '../recognise';
import { type StrokeKind, sceneItem } from '../scene';
import { cornerFields } from './polygon';
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

/** A pen that rests this long at the end of a stroke asks for the shape that was meant. */
const HOLD_MS = 600;
/** Trembling less than this (CSS px) is resting. */
const REST_PX = 4;

/** Positions are stored in tenths of a px: rounding at once makes live ink and the finished shape the same line. */
function quantize(value: number): number {
  return Math.round(value * UNITS) / UNITS;
}

export class PenTool implements Tool {
  readonly cursor = 'crosshair';
  private stroke: Stroke | null = null;
  /** What the stroke was turned into; it becomes a shape when the pen is lifted. */
  private meant: Meant | null = null;
  private restedAt: Point | null = null;
  private holdTimer: ReturnType<typeof setTimeout> | undefined;
  private ahead: readonly ToolPoint[] = [];
  /** Where the pen goes along a ruler or compass; null for where the hand goes. */
  private along: ((to: Point) => Point) | null = null;

  constructor(
    private readonly host: ToolHost,
    private readonly name: 'pen' | 'highlighter',
  ) {}

  private get kind(): StrokeKind {
    return this.name === 'pen' ? 'draw' : 'highlight';
  }

  down(pressed: ToolPoint): void {
    this.along = this.host.guides.along(pressed);
    const point = this.guided(pressed);
    this.rest(point);
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

  move(samples: readonly ToolPoint[]): void {
    const { stroke } = this;
    const points = samples.map((sample) => this.guided(sample));
    const last = points.at(-1);
    if (!stroke || !last) {
      return;
    }
    this.ahead = [];
    if (this.meant) {
      this.pull(this.meant, last);
      return;
    }
    const rested = this.restedAt ?? last;
    if (Math.hypot(last.x - rested.x, last.y - rested.y) * this.host.view.camera.zoom > REST_PX) {
      this.rest(last);
    }
    const leastStep = LEAST_STEP_PX / this.host.view.camera.zoom;
    for (const point of points) {
      this.add(stroke, point, leastStep);
    }
  }

  predict(points: readonly ToolPoint[]): void {
    this.ahead = points.map((point) => this.guided(point));
  }

  up(lifted: ToolPoint): void {
    const { stroke, meant } = this;
    const point = this.guided(lifted);
    this.ahead = [];
    this.letGo();
    this.wake();
    if (!stroke) {
      return;
    }
    if (meant) {
      this.become(stroke, meant);
      return;
    }
    // The browser reports no pressure for a lifted pen: its last sample keeps the one before.
    const pressure = stroke.part.points.at(-1)?.pressure ?? null;
    this.add(stroke, { ...point, pressure }, 1 / UNITS);
    this.finish(stroke);
  }

  cancel(): void {
    const { stroke } = this;
    this.ahead = [];
    this.letGo();
    this.wake();
    this.meant = null;
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

  endNow(): void {
    this.wake();
    if (this.stroke && this.meant) {
      this.become(this.stroke, this.meant);
    } else if (this.stroke) {
      this.finish(this.stroke);
    }
  }

  strokes(): readonly LiveStroke[] {
    const { stroke } = this;
    if (!stroke || this.meant) {
      return [];
    }
    const { colour, size } = stroke.style;
    const last = stroke.part.points.at(-1);
    const ahead = this.ahead.map(({ x, y, pressure }) => ({
      x,
      y,
      pressure: last?.pressure === null ? null : pressure,
    }));
    const points = ahead.length > 0 ? [...stroke.part.points, ...ahead] : stroke.part.points;
    return [{ key: `own-${stroke.part.number}`, kind: this.kind, colour, size, points }];
  }

  sketches(): readonly Sketch[] {
    const { stroke, meant, host } = this;
    const fields = stroke && meant ? meantFields(meant, stroke.style) : null;
    const whole = { ...fields?.fields, type: fields?.type, page: host.page, index: 'a0' };
    const draft = fields ? readFields(DRAFT, new Map<string, unknown>(Object.entries(whole))) : null;
    const item = draft ? sceneItem(draft, measureText) : null;
    return item ? [{ box: item.box, paint: (context, scale) => paintItem(context, item, scale, host.theme) }] : [];
  }

  private guided(point: ToolPoint): ToolPoint {
    return this.along ? { ...point, ...this.along(point) } : point;
  }

  private letGo(): void {
    this.along = null;
    this.host.guides.drawn.value = null;
  }

  /** The pen is where it will rest, if it rests. A highlighter marks things: it is never a shape. */
  private rest(at: ToolPoint): void {
    this.wake();
    this.restedAt = { x: at.x, y: at.y };
    if (this.name === 'pen' && !this.along && !at.isFree) {
      this.holdTimer = setTimeout(() => this.held(), HOLD_MS);
    }
  }

  private wake(): void {
    clearTimeout(this.holdTimer);
    this.restedAt = null;
  }

  private held(): void {
    const { stroke } = this;
    if (!stroke || stroke.committed.length > 0) {
      return;
    }
    this.meant = recognise(stroke.part.points, this.host.view.camera.zoom);
    if (this.meant) {
      this.host.live.end();
      this.host.view.refreshLive();
    }
  }

  /** A line's end goes with the pen as long as it is down. */
  private pull(meant: Meant, { x, y }: Point): void {
    if (meant.kind === 'line') {
      this.meant = { ...meant, to: { x, y } };
      this.host.view.refreshLive();
    }
  }

  private become(stroke: Stroke, meant: Meant): void {
    this.stroke = null;
    this.meant = null;
    const { type, fields } = meantFields(meant, stroke.style);
    try {
      this.host.board.addThing({ type, page: this.host.page, fields, nowMs: this.host.now() });
    } finally {
      stroke.closeStep();
      this.host.view.refreshLive();
    }
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

const DRAFT = '0000000000000000-1' as ShapeId;

function meantFields(meant: Meant, { colour, size }: ToolStyle): { type: 'line' | 'geo'; fields: PlainFields } {
  if (meant.kind === 'line') {
    const { from, to } = meant;
    return { type: 'line', fields: { colour, size, x: from.x, y: from.y, dx: to.x - from.x, dy: to.y - from.y } };
  }
  if (meant.kind === 'polygon') {
    return { type: 'geo', fields: { colour, size, ...cornerFields(meant.corners) } };
  }
  const { minX: x, minY: y, maxX, maxY } = meant.box;
  return {
    type: 'geo',
    fields: { colour, size, form: meant.kind, x, y, w: Math.max(1, maxX - x), h: Math.max(1, maxY - y) },
  };
}
