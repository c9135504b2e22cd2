/** The guide that lies on this board, if any. Only its owner sees it: what is drawn along it is ink like any other. */

import { signal } from '@preact/signals';
import type { Board } from '../../core/board';
import type { PageId, ShapeId } from '../../core/ids';
import type { Box, Point } from '../camera';
import type { ToolStyle } from '../tools/tool';
import { middleOfBox } from '../transform';
import { ARM_REACH, armEnd, cornersOfGuide, edgeNear, type Guide, type GuideKind, nearestOn, onBoard } from './guide';

export interface GuideHost {
  readonly board: Board;
  readonly page: PageId;
  readonly view: { readonly visible: Box; readonly camera: { readonly zoom: number } };
  now(): number;
  style(tool: 'pen' | 'shape'): ToolStyle;
  attempt(run: () => unknown): void;
  made(id: ShapeId): void;
}

/** How close (CSS px) a pen must be put down to an edge to go along it. */
const REACH_PX = 14;
const LEAST_SIZE = 40;
const LARGEST_SIZE = 5_000;
/** A ruler broad enough for a finger, CSS px. */
const BROAD_PX = 64;
const BROAD = 80;
/** Shares of what is seen. */
const RULER_SHARE = 0.6;
const ROUND_SHARE = 0.28;

export class Guides {
  readonly shown = signal<Guide | null>(null);
  /** How far (board px) the pen has come along an edge; null while none does. */
  readonly drawn = signal<number | null>(null);

  constructor(private readonly host: GuideHost) {}

  toggle(kind: GuideKind): void {
    this.shown.value = this.shown.value?.kind === kind ? null : this.laid(kind);
    this.drawn.value = null;
  }

  remove(): void {
    this.shown.value = null;
    this.drawn.value = null;
  }

  change(change: Partial<Guide>): void {
    const guide = this.shown.value;
    if (guide) {
      const next = { ...guide, ...change };
      this.shown.value = { ...next, size: Math.min(LARGEST_SIZE, Math.max(LEAST_SIZE, next.size)) };
    }
  }

  /** For a pen put down at a point: where it goes from there, or null where nothing guides it. */
  along(from: Point): ((to: Point) => Point) | null {
    const guide = this.shown.value;
    const edge = guide && edgeNear(guide, from, REACH_PX / this.host.view.camera.zoom);
    if (!edge) {
      return null;
    }
    const start = nearestOn(edge, from);
    return (to) => {
      const at = nearestOn(edge, to);
      this.drawn.value = Math.hypot(at.x - start.x, at.y - start.y);
      return at;
    };
  }

  /** With the keyboard: the whole edge, ray or circle. */
  drawWhole(): void {
    const guide = this.shown.value;
    if (!guide) {
      return;
    }
    const { board, page } = this.host;
    const look = this.host.style('pen');
    this.host.attempt(() => {
      const { type, fields } = wholeOf(guide);
      board.addThing({ type, page, fields: { ...look, ...fields }, nowMs: this.host.now() });
    });
  }

  private laid(kind: GuideKind): Guide {
    const { visible, camera } = this.host.view;
    const [w, h] = [visible.maxX - visible.minX, visible.maxY - visible.minY];
    const { x, y } = middleOfBox(visible);
    const depth = Math.max(BROAD, BROAD_PX / camera.zoom);
    const isRound = kind === 'protractor' || kind === 'compass';
    const wanted = isRound ? Math.min(w, h) * ROUND_SHARE * (kind === 'compass' ? 1 : 1.2) : w * RULER_SHARE;
    // Whole squares, so that the last mark is a number.
    const size = Math.max(LEAST_SIZE * 2, Math.round(wanted / 80) * 80);
    return { kind, x, y, angle: 0, size, depth, arm: kind === 'protractor' ? Math.PI / 4 : 0 };
  }
}

type Drawn = { readonly type: 'line' | 'geo'; readonly fields: Readonly<Record<string, number | string>> };

function wholeOf(guide: Guide): Drawn {
  if (guide.kind === 'compass') {
    const { x, y, size } = guide;
    return { type: 'geo', fields: { form: 'ellipse', x: x - size, y: y - size, w: 2 * size, h: 2 * size } };
  }
  const [from, to] =
    guide.kind === 'protractor'
      ? [{ x: 0, y: 0 }, armEnd(guide, ARM_REACH)]
      : (cornersOfGuide(guide).slice(0, 2) as [Point, Point]);
  const [a, b] = [onBoard(guide, from), onBoard(guide, to)];
  return { type: 'line', fields: { x: a.x, y: a.y, dx: b.x - a.x, dy: b.y - a.y } };
}
