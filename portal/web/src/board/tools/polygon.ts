/**
 * A polygon, corner by corner: each click puts one down; a click on the first one, a double click or Enter closes it.
 * With the keyboard alone: Enter takes up a corner in the middle of what is seen, arrows move it, Enter puts it down, and
 * Enter once more in the same place closes. Backspace takes the last corner back, Escape all of them.
 */

import things from '@spec/things.json';
import type { ShapeFields } from '../../core/board';
import type { PlainFields } from '../../core/copy';
import type { ShapeId } from '../../core/ids';
import { encodeInk, inkBox } from '../../core/ink';
import { readFields } from '../../core/shape';
import { t, tn } from '../../ui/i18n';
import type { Point } from '../camera';
import type { Sketch } from '../liveLayer';
import { measureText } from '../measure';
import { paintItem } from '../painter';
import { sceneItem } from '../scene';
import { handleSketch, waySketch } from '../sketches';
import { middleOfBox } from '../transform';
import { ARROWS, whereWords } from '../words';
import type { Tool, ToolHost, ToolPoint } from './tool';

const LEAST_CORNERS = 3;
/** CSS px within which a click means a corner that is there already. */
const CLOSE_PX = 12;
const SAME_PX = 4;
/** CSS px that an arrow moves the corner in hand; four times as far with Shift. */
const STEP_PX = 10;
const DRAFT = '0000000000000000-1' as ShapeId;

/** Where the corners are, as a shape has it. */
export function cornerFields(corners: readonly Point[]): PlainFields {
  const { blob, x, y } = encodeInk(corners.map((corner) => ({ ...corner, pressure: null, t: null })));
  const { w, h } = inkBox(blob);
  return { form: 'polygon', ink: blob, x, y, w: Math.max(1, w), h: Math.max(1, h) };
}

export class PolygonTool implements Tool {
  readonly cursor = 'crosshair';
  private corners: Point[] = [];
  /** Where the next corner would be; null while nothing points there. */
  private next: Point | null = null;
  private hasKeyboard = false;

  constructor(private readonly host: ToolHost) {}

  down(point: ToolPoint): void {
    this.aim(point, false);
  }

  move(points: readonly ToolPoint[]): void {
    this.aim(points.at(-1) ?? null, false);
  }

  hover(point: ToolPoint | null): void {
    if (this.corners.length > 0 && (point || !this.hasKeyboard)) {
      this.aim(point, false);
    }
  }

  up(point: ToolPoint): void {
    this.aim(point, false);
    this.put(point);
  }

  doubleClick(): void {
    this.close();
  }

  /** A second finger moves the page: the corners stay. */
  cancel(): void {
    this.aim(null, false);
  }

  leave(): void {
    this.corners = [];
    this.aim(null, false);
  }

  key(key: string, isShift: boolean): boolean {
    const arrow = Object.hasOwn(ARROWS, key) ? ARROWS[key] : undefined;
    if (key === 'Enter') {
      this.enter();
      return true;
    }
    if (this.corners.length === 0 && !this.hasKeyboard) {
      return false;
    }
    if (arrow) {
      const far = (STEP_PX * (isShift ? 4 : 1)) / this.host.view.camera.zoom;
      const from = this.next ?? this.corners.at(-1) ?? middleOfBox(this.host.view.visible);
      const to = { x: from.x + arrow[0] * far, y: from.y + arrow[1] * far };
      this.aim(to, true);
      this.host.say(this.isFirst(to) ? t('At the first corner: Enter closes it.') : whereWords(to));
      return true;
    }
    if (key === 'Backspace' || key === 'Delete') {
      this.corners.pop();
      this.host.say(tn(this.corners.length, 'Corner taken back. {n} is left.', 'Corner taken back. {n} are left.'));
      this.host.view.refreshLive();
      return true;
    }
    if (key === 'Escape') {
      this.leave();
      this.host.say(t('Polygon dropped'));
      return true;
    }
    return false;
  }

  private enter(): void {
    const { next, hasKeyboard } = this;
    if (!hasKeyboard && this.corners.length >= LEAST_CORNERS) {
      this.close();
    } else if (!hasKeyboard || !next) {
      this.aim(next ?? this.corners.at(-1) ?? middleOfBox(this.host.view.visible), true);
      this.host.say(t('In the middle. Arrows move the corner, Enter puts it down, Escape drops it.'));
    } else {
      this.put(next);
      // Where the last one was put down, so that the arrows go on from there.
      if (this.corners.length > 0) {
        this.aim(next, true);
      }
    }
  }

  private put({ x, y }: Point): void {
    const { corners } = this;
    const last = corners.at(-1);
    if (corners.length >= LEAST_CORNERS && this.isFirst({ x, y })) {
      this.close();
    } else if (last && this.isNear(last, { x, y }, SAME_PX)) {
      // A double click has closed it by itself; the keyboard has no other way to say so.
      if (this.hasKeyboard) {
        this.close();
      }
    } else {
      corners.push({ x, y });
      this.host.say(t('Corner {n} at {place}', { n: corners.length, place: whereWords({ x, y }) }));
      if (corners.length === things.polygon_corners) {
        this.close();
      }
    }
    this.host.view.refreshLive();
  }

  private close(): void {
    const { corners, host } = this;
    if (corners.length < LEAST_CORNERS) {
      host.say(t('A polygon has three corners at least.'));
      return;
    }
    this.leave();
    const id = host.board.addThing({
      type: 'geo',
      page: host.page,
      fields: { ...this.look(), ...cornerFields(corners) },
      nowMs: host.now(),
    });
    host.made(id);
  }

  private aim(at: Point | null, hasKeyboard: boolean): void {
    this.next = at ? { x: at.x, y: at.y } : null;
    this.hasKeyboard = hasKeyboard;
    this.host.view.refreshLive();
  }

  private isNear(a: Point, b: Point, px: number): boolean {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.host.view.camera.zoom <= px;
  }

  private isFirst(point: Point): boolean {
    const [first] = this.corners;
    return first !== undefined && this.corners.length >= LEAST_CORNERS && this.isNear(first, point, CLOSE_PX);
  }

  private look(): ShapeFields {
    const { colour, size } = this.host.style('shape');
    const { fill, dash, opacity } = this.host.look;
    return { colour, size, fill, dash, ...(opacity < 1 ? { opacity } : {}) };
  }

  sketches(): readonly Sketch[] {
    const { corners, next, host } = this;
    const zoom = host.view.camera.zoom;
    const closes = next !== null && this.isFirst(next);
    const all = next && !closes ? [...corners, next] : corners;
    const [first] = all;
    if (!first) {
      return [];
    }
    const outline = all.length >= LEAST_CORNERS ? this.draft(all) : [];
    const marks = corners.map((corner, i) => handleSketch(corner, zoom, i === 0 && closes));
    return [
      ...outline,
      ...(outline.length > 0 ? [] : [waySketch(all, zoom)]),
      ...marks,
      ...(next ? [handleSketch(next, zoom, true)] : []),
    ];
  }

  /** As it would be, closed here. */
  private draft(corners: readonly Point[]): readonly Sketch[] {
    const { page, theme } = this.host;
    const fields = { ...this.look(), ...cornerFields(corners), type: 'geo', page, index: 'a0' };
    const shape = readFields(DRAFT, new Map<string, unknown>(Object.entries(fields)));
    const item = shape ? sceneItem(shape, measureText) : null;
    return item ? [{ box: item.box, paint: (context, scale) => paintItem(context, item, scale, theme) }] : [];
  }
}
