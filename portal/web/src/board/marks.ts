/** Frames around shapes that somebody is to look at, for a few seconds. */

import type { ShapeId } from '../core/ids';
import type { BoardView } from './BoardView';
import { type Box, growBox, HOME_BOX, unionBox } from './camera';
import type { Sketch } from './liveLayer';
import type { Theme } from './scene';

const COLOURS: Readonly<Record<Theme, string>> = { light: '#1f7a63', dark: '#6fd3b5' };
/** More frames than this say no more, and cost a frame's time. */
const MOST = 400;
const MARGIN_PX = 5;
const LINE_PX = 2;
const CORNER_PX = 6;
const FILL = 0.12;

/** `boxes` in board px, `zoom` in CSS px per board px. */
function markSketches(boxes: readonly Box[], zoom: number, theme: Theme): Sketch[] {
  return boxes.slice(0, MOST).map((box) => {
    const framed = growBox(box, MARGIN_PX / zoom);
    return {
      box: growBox(framed, LINE_PX / zoom),
      paint(context) {
        const { minX, minY, maxX, maxY } = framed;
        context.beginPath();
        context.roundRect(minX, minY, maxX - minX, maxY - minY, CORNER_PX / zoom);
        context.fillStyle = COLOURS[theme];
        context.globalAlpha = FILL;
        context.fill();
        context.globalAlpha = 1;
        context.strokeStyle = COLOURS[theme];
        context.lineWidth = LINE_PX / zoom;
        context.stroke();
      },
    };
  });
}

/** How long shapes that are pointed out stay framed, and the least part of the sheet that is shown with them. */
const MARKED_MS = 6_000;
const LEAST_SHOWN = 0.5;

/** What is pointed out on a board just now. */
export class Marks {
  private marked: readonly ShapeId[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly view: BoardView) {}

  /** Shows the whole of these shapes, and frames them for a few seconds. */
  show(ids: readonly ShapeId[]): void {
    const { view } = this;
    this.marked = ids;
    let around: Box | null = null;
    for (const id of ids) {
      around = unionBox(around, view.scene.boxOf(id));
    }
    if (around) {
      view.fit(roomy(around));
    }
    view.refreshLive();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.marked = [];
      view.refreshLive();
    }, MARKED_MS);
  }

  sketches(): Sketch[] {
    const boxes = this.marked.flatMap((id) => this.view.scene.boxOf(id) ?? []);
    return markSketches(boxes, this.view.camera.zoom, this.view.scene.theme);
  }

  destroy(): void {
    clearTimeout(this.timer);
  }
}

/** Not so near that a single dot would fill the window. */
function roomy(box: Box): Box {
  const width = (HOME_BOX.maxX - HOME_BOX.minX) * LEAST_SHOWN;
  const height = (HOME_BOX.maxY - HOME_BOX.minY) * LEAST_SHOWN;
  const grown = growBox(box, 24);
  const [x, y] = [(grown.minX + grown.maxX) / 2, (grown.minY + grown.maxY) / 2];
  const least = { minX: x - width / 2, minY: y - height / 2, maxX: x + width / 2, maxY: y + height / 2 };
  return unionBox(grown, least) ?? grown;
}
