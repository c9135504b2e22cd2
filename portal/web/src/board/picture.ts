/** A page as a picture at a place and size of one's own choice, apart from what the screen shows. */

import type { PageId, ShapeId } from '../core/ids';
import { paintBackground } from './backgrounds';
import { measureText } from './measure';
import { enterBoard, type Pictures, paintItem } from './painter';
import { paperColour, sceneItem, type Theme } from './scene';
import type { BoardSource } from './source';

/** Where board px lie in the picture: px = board × scale + origin. */
export interface PictureFrame {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly originX: number;
  readonly originY: number;
}

/** The pictures that stand on a page. */
export const assetsOn = (source: BoardSource, page: PageId): Set<string> =>
  new Set(source.shapes(page).flatMap((shape) => (shape.type === 'image' ? [shape.asset] : [])));

/** Paints a page with its ruling; `only` leaves everything but one shape out. The twin of the recorder's still raster. */
export function paintPicture(
  source: BoardSource,
  page: PageId,
  frame: PictureFrame,
  only: ShapeId | null = null,
  theme: Theme = 'light',
  pictures?: Pictures,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = frame.width;
  canvas.height = frame.height;
  const context = canvas.getContext('2d');
  if (!context) {
    throw new Error('this browser has no 2D canvas');
  }
  context.fillStyle = paperColour(theme);
  context.fillRect(0, 0, frame.width, frame.height);
  const ruling = source.pages().find(({ id }) => id === page)?.background ?? 'plain';
  if (only === null) {
    paintBackground(context, ruling, frame, frame.width, frame.height, theme);
  }
  enterBoard(context, frame.scale, frame.originX, frame.originY);
  for (const shape of source.shapes(page)) {
    if (only === null || shape.id === only) {
      const item = sceneItem(shape, measureText);
      if (item) {
        paintItem(context, item, frame.scale, theme, 1, pictures);
      }
    }
  }
  return canvas;
}
