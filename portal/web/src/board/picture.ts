/** A page as a picture at a place and size of one's own choice, apart from what the screen shows. */

import type { PageId, ShapeId } from '../core/ids';
import { measureText } from './measure';
import { enterBoard, paintItem } from './painter';
import { paperColour, sceneItem } from './scene';
import type { BoardSource } from './source';

/** Where board px lie in the picture: px = board × scale + origin. */
export interface PictureFrame {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly originX: number;
  readonly originY: number;
}

/** Paints a page on light paper; `only` leaves everything but one shape out. The twin of the recorder's still raster. */
export function paintPicture(
  source: BoardSource,
  page: PageId,
  frame: PictureFrame,
  only: ShapeId | null = null,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = frame.width;
  canvas.height = frame.height;
  const context = canvas.getContext('2d');
  if (!context) {
    throw new Error('this browser has no 2D canvas');
  }
  context.fillStyle = paperColour('light');
  context.fillRect(0, 0, frame.width, frame.height);
  enterBoard(context, frame.scale, frame.originX, frame.originY);
  for (const shape of source.shapes(page)) {
    if (only === null || shape.id === only) {
      const item = sceneItem(shape, measureText);
      if (item) {
        paintItem(context, item, frame.scale, 'light');
      }
    }
  }
  return canvas;
}
