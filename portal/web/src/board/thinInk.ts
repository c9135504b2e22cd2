/** Ink seen from far away: painted from its bytes, without an outline, an object a point or a place in a cache. */

import { ProtocolError } from '../core/errors';
import { inkBox, inkSpine } from '../core/ink';
import { isStroke, type Shape } from '../core/shape';
import { type PaintContext, paintSpine } from './painter';
import { strokeOpacity, type Theme } from './scene';

/** Paints a stroke that stands as it was drawn; false for everything else, which is painted the long way. */
export function paintThin(context: PaintContext, shape: Shape, scale: number, theme: Theme, fade: number): boolean {
  if (!isStroke(shape) || shape.rotation !== 0) {
    return false;
  }
  try {
    const { w, h } = inkBox(shape.ink);
    const spine = shape.w === w && shape.h === h ? inkSpine(shape.ink) : null;
    if (!spine || spine.length <= 2) {
      return false;
    }
    const { x, y, size, colour } = shape;
    const opacity = strokeOpacity(shape.type) * shape.opacity;
    paintSpine(context, { x, y, spine, size, colour, opacity }, scale, theme, fade);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) {
      // The long way draws it as nothing, too.
      return false;
    }
    throw error;
  }
}
