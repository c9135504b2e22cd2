/** Geometric shapes, lines and arrows: pulled open from one corner, or put down whole by a click. */

import { withEnds } from '../../core/arrows';
import type { ShapeFields } from '../../core/board';
import type { ShapeId } from '../../core/ids';
import { type BoxShape, type Form, readFields } from '../../core/shape';
import type { Point } from '../camera';
import type { Sketch } from '../liveLayer';
import { measureText } from '../measure';
import { paintItem } from '../painter';
import { sceneItem } from '../scene';
import { outlineSketch } from '../sketches';
import { bindingAt } from './bind';
import { enlarged, type Tool, type ToolHost, type ToolPoint } from './tool';

export type ThingForm = Form | 'line' | 'arrow';

/** A press that moves less than this (CSS px) is a click. */
const DRAG_PX = 5;
const CLICKED = { w: 160, h: 120 };
const DRAFT = '0000000000000000-1' as ShapeId;
const STEP_ANGLE = Math.PI / 12;

const middleOf = ({ x, y, w, h }: BoxShape): Point => ({ x: x + w / 2, y: y + h / 2 });

export class ShapeTool implements Tool {
  readonly cursor = 'crosshair';
  private from: Point | null = null;
  private to: Point | null = null;
  private isFar = false;
  /** Where a line's end goes along a ruler. */
  private along: ((to: Point) => Point) | null = null;

  constructor(private readonly host: ToolHost) {}

  /** How large it is when nobody pulls it open, board px. */
  get placed(): { w: number; h: number } {
    const scale = enlarged(this.host.view.camera.zoom);
    return { w: CLICKED.w * scale, h: CLICKED.h * scale };
  }

  private get form(): ThingForm {
    return this.host.form;
  }

  private get isLine(): boolean {
    return this.form === 'line' || this.form === 'arrow';
  }

  down(point: ToolPoint): void {
    this.along = this.isLine ? this.host.guides.along(point) : null;
    this.from = this.along?.(point) ?? { x: point.x, y: point.y };
    this.to = null;
    this.isFar = false;
  }

  move(points: readonly ToolPoint[]): void {
    const point = points.at(-1);
    const { from } = this;
    if (!from || !point) {
      return;
    }
    this.isFar ||= Math.hypot(point.x - from.x, point.y - from.y) * this.host.view.camera.zoom >= DRAG_PX;
    this.to = this.isFar ? this.straightened(from, point) : null;
    this.host.view.refreshLive();
  }

  up(point: ToolPoint): void {
    this.move([point]);
    const { from, to } = this;
    this.cancel();
    if (from && (to || !this.isLine)) {
      this.add(this.fieldsOf(from, to));
    }
  }

  cancel(): void {
    this.from = null;
    this.to = null;
    this.along = null;
    this.host.guides.drawn.value = null;
    this.host.view.refreshLive();
  }

  /** With the keyboard: the shape around this point. */
  place(at: Point): void {
    const half = this.placed.w / 2;
    const ends = this.isLine ? ([at.x - half, at.x + half] as const) : null;
    this.add(ends ? this.fieldsOf({ x: ends[0], y: at.y }, { x: ends[1], y: at.y }) : this.fieldsOf(at, null));
  }

  /** With the keyboard: an arrow from one thing to another. */
  join(from: BoxShape, to: BoxShape): void {
    this.add({ ...this.fieldsOf(middleOf(from), middleOf(to)), start: from.id, end: to.id });
  }

  sketches(): readonly Sketch[] {
    const { from, to, host } = this;
    if (!from || !to) {
      return [];
    }
    const fields = { ...this.fieldsOf(from, to), type: this.type, page: host.page, index: 'a0' };
    const draft = readFields(DRAFT, new Map<string, unknown>(Object.entries(fields)));
    const item =
      draft &&
      sceneItem(
        withEnds(draft, (id) => host.board.shape(id)),
        measureText,
      );
    if (!draft || !item) {
      return [];
    }
    const theme = host.theme;
    const marked = this.form === 'arrow' ? [bindingAt(host, from), bindingAt(host, to)] : [];
    return [
      ...marked.flatMap((id) => (id ? [outlineSketch(host.view.scene.boxOf(id), host.view.camera.zoom)] : [])),
      { box: item.box, paint: (context, scale) => paintItem(context, item, scale, theme) },
    ];
  }

  private get type(): 'geo' | 'line' | 'arrow' {
    return this.form === 'line' || this.form === 'arrow' ? this.form : 'geo';
  }

  private straightened(from: Point, point: ToolPoint): Point {
    if (this.along) {
      return this.along(point);
    }
    const [dx, dy] = [point.x - from.x, point.y - from.y];
    if (!point.isShift) {
      return { x: point.x, y: point.y };
    }
    if (this.isLine) {
      const angle = Math.round(Math.atan2(dy, dx) / STEP_ANGLE) * STEP_ANGLE;
      const far = Math.hypot(dx, dy);
      return { x: from.x + far * Math.cos(angle), y: from.y + far * Math.sin(angle) };
    }
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    return { x: from.x + side * (dx < 0 ? -1 : 1), y: from.y + side * (dy < 0 ? -1 : 1) };
  }

  private fieldsOf(from: Point, to: Point | null): ShapeFields {
    const { colour, size } = this.host.style('shape');
    const { fill, dash, head, opacity } = this.host.look;
    const look: ShapeFields = { colour, size, dash, ...(opacity < 1 ? { opacity } : {}) };
    if (this.isLine && to) {
      const line = { ...look, x: from.x, y: from.y, dx: to.x - from.x, dy: to.y - from.y };
      if (this.form === 'line') {
        return line;
      }
      const [start, end] = [bindingAt(this.host, from), bindingAt(this.host, to)];
      const bound = { ...(start ? { start } : {}), ...(end && end !== start ? { end } : {}) };
      return { ...line, head: head === 'both' ? 'both' : 'end', ...bound };
    }
    const [w, h] = to ? [Math.abs(to.x - from.x), Math.abs(to.y - from.y)] : [this.placed.w, this.placed.h];
    const x = to ? Math.min(from.x, to.x) : from.x - w / 2;
    const y = to ? Math.min(from.y, to.y) : from.y - h / 2;
    return { ...look, fill, form: this.form, x, y, w: Math.max(1, w), h: Math.max(1, h) };
  }

  private add(fields: ShapeFields): void {
    const { board, page } = this.host;
    const id = board.addThing({ type: this.type, page, fields, nowMs: this.host.now() });
    this.host.made(id);
  }
}
