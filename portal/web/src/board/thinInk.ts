/** Ink seen from far away: painted from its bytes, without an outline, an object a point or a place in a cache. */

import { ProtocolError } from '../core/errors';
import { readInkPlaces } from '../core/ink';
import { isStroke, type Shape } from '../core/shape';
import { type PaintContext, paintSpine } from './painter';
import { strokeOpacity, type Theme } from './scene';

/** Paints a stroke that stands as it was drawn; false for everything else, which is painted the long way. */
export function paintThin(context: PaintContext, shape: Shape, scale: number, theme: Theme, fade: number): boolean {
  if (!isStroke(shape) || shape.rotation !== 0) {
    return false;
  }
  try {
    const { w, h, xy, count } = readInkPlaces(shape.ink);
    if (shape.w !== w || shape.h !== h || count < 2) {
      return false;
    }
    const { x, y, size, colour } = shape;
    const opacity = strokeOpacity(shape.type) * shape.opacity;
    paintSpine(context, { x, y, size, colour, opacity }, xy, 2 * count, scale, theme, fade);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) {
      // The long way draws it as nothing, too.
      return false;
    }
    throw error;
  }
}
