/** Snapping while things are moved or resized: what is near on the page, and the lines that show it. */

import type { ShapeId } from '../../core/ids';
import { isLine, isStroke, type Shape } from '../../core/shape';
import { type Box, growBox } from '../camera';
import type { Sketch } from '../liveLayer';
import { type SnapGrid, type SnapLine, snapBox, snapEdge } from '../snap';
import type { Grip, Handle } from '../transform';
import type { ToolHost, ToolPoint } from './tool';

/** How near (CSS px) things must come to each other. */
const REACH_PX = 6;
/** More things than this on the screen are no lines to keep to. */
const MOST = 200;
/** The ruling of a page, board px. */
const STEP = 40;
const COLOUR = '#d6336c';
const TICK_PX = 4;

export class Snapping {
  private others: readonly Box[] = [];
  private lines: readonly SnapLine[] = [];

  constructor(private readonly host: ToolHost) {}

  /** What these shapes may come in line with. Ink and arrows are no edges. */
  begin(shapes: readonly Shape[]): void {
    const { board, view } = this.host;
    const moving = new Set(shapes.map(({ id }) => id));
    const near = view.scene.inside(view.visible).slice(-MOST);
    this.others = near.flatMap((entry) => {
      const id = entry.id as ShapeId;
      const shape = board.shape(id);
      const box = shape && !moving.has(id) && !isStroke(shape) && !isLine(shape) ? edgesOf(shape, view.scene) : null;
      return box ? [box] : [];
    });
    this.lines = [];
  }

  end(): void {
    this.others = [];
    this.lines = [];
  }

  /** The way that a box is to be moved. */
  moved(box: Box, dx: number, dy: number, to: ToolPoint): readonly [number, number] {
    this.lines = [];
    if (!this.isOn(to)) {
      return [dx, dy];
    }
    const there = { minX: box.minX + dx, minY: box.minY + dy, maxX: box.maxX + dx, maxY: box.maxY + dy };
    const found = snapBox(there, this.others, this.grid, this.reach);
    this.lines = found.lines;
    return [dx + found.dx, dy + found.dy];
  }

  /** Where a handle is to be pulled; turned things keep to no lines. */
  pulled(grip: Grip, handle: Handle, to: ToolPoint): ToolPoint {
    this.lines = [];
    if (!this.isOn(to) || grip.rotation !== 0) {
      return to;
    }
    const isAcross = handle !== 'n' && handle !== 's';
    const isDown = handle !== 'e' && handle !== 'w';
    const x = isAcross ? snapEdge('x', to.x, this.others, this.grid, this.reach) : to.x;
    const y = isDown ? snapEdge('y', to.y, this.others, this.grid, this.reach) : to.y;
    const { minX, minY, maxX, maxY } = grip;
    this.lines = [
      ...(isAcross && x !== to.x ? [{ axis: 'x', at: x, from: minY, to: maxY, isGap: false } as const] : []),
      ...(isDown && y !== to.y ? [{ axis: 'y', at: y, from: minX, to: maxX, isGap: false } as const] : []),
    ];
    return { ...to, x, y };
  }

  sketches(): readonly Sketch[] {
    return this.lines.map((line) => lineSketch(line, this.host.view.camera.zoom));
  }

  private isOn(to: ToolPoint): boolean {
    return this.host.snaps.value && to.isFree !== true;
  }

  private get reach(): number {
    return REACH_PX / this.host.view.camera.zoom;
  }

  private get grid(): SnapGrid {
    const { board, page } = this.host;
    const background = board.pages().find(({ id }) => id === page)?.background ?? 'plain';
    const isRuled = background !== 'plain';
    return { x: isRuled && background !== 'lined' ? STEP : null, y: isRuled ? STEP : null };
  }
}

/** Things have edges where their boxes are, whatever stands out of them; a turned thing the box around it. */
function edgesOf(shape: Shape, scene: ToolHost['view']['scene']): Box | null {
  if ('w' in shape && shape.rotation === 0) {
    return { minX: shape.x, minY: shape.y, maxX: shape.x + shape.w, maxY: shape.y + shape.h };
  }
  return scene.boxOf(shape.id);
}

function lineSketch({ axis, at, from, to, isGap }: SnapLine, zoom: number): Sketch {
  // A gap lies along its axis, a line across it.
  const isUpright = (axis === 'x') !== isGap;
  const box = isUpright ? { minX: at, minY: from, maxX: at, maxY: to } : { minX: from, minY: at, maxX: to, maxY: at };
  return {
    box: growBox(box, (TICK_PX + 2) / zoom),
    paint(context, scale) {
      const tick = isGap ? TICK_PX / zoom : 0;
      context.beginPath();
      context.moveTo(box.minX, box.minY);
      context.lineTo(box.maxX, box.maxY);
      for (const [x, y] of [
        [box.minX, box.minY],
        [box.maxX, box.maxY],
      ] as const) {
        context.moveTo(x - (isUpright ? tick : 0), y - (isUpright ? 0 : tick));
        context.lineTo(x + (isUpright ? tick : 0), y + (isUpright ? 0 : tick));
      }
      context.strokeStyle = COLOUR;
      context.lineWidth = 1.25 / scale;
      context.stroke();
    },
  };
}
