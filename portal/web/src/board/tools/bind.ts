/** The shape that the end of an arrow at a point would be bound to. */

import type { ShapeId } from '../../core/ids';
import { isBox } from '../../core/shape';
import type { Point } from '../camera';
import { covers } from '../hit';
import type { ToolHost } from './tool';

export function bindingAt({ board, view }: Pick<ToolHost, 'board' | 'view'>, { x, y }: Point): ShapeId | null {
  for (const entry of view.scene.inside({ minX: x, minY: y, maxX: x, maxY: y }).slice().reverse()) {
    const shape = board.shape(entry.id as ShapeId);
    const item = shape && isBox(shape) ? view.scene.item(shape.id) : null;
    if (shape && item && covers(item, { x, y })) {
      return shape.id;
    }
  }
  return null;
}
