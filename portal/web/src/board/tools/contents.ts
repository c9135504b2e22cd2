/** What a frame takes along: everything that lies wholly inside it. */

import type { Board } from '../../core/board';
import type { ShapeId } from '../../core/ids';
import type { FrameShape, Shape } from '../../core/shape';
import type { Box } from '../camera';

interface Holder {
  readonly board: Board;
  readonly view: {
    readonly scene: { inside(box: Box): readonly { readonly id: string }[]; boxOf(id: ShapeId): Box | null };
  };
}

/** Board px that something may stand out of a frame, as ink on its line does. */
const SLACK_PX = 4;

/** Shapes, and what lies in the frames among them; locked things stay where they are. */
export function withContents(shapes: readonly Shape[], holder: Holder): Shape[] {
  const all = new Map(shapes.map((shape) => [shape.id, shape]));
  for (const shape of shapes) {
    if (shape.type === 'frame') {
      for (const inner of contentsOf(shape, holder)) {
        all.set(inner.id, inner);
      }
    }
  }
  return [...all.values()];
}

/** The box of a frame as it stands, a turned one upright around it. */
export function frameBox({ x, y, w, h, rotation }: FrameShape): Box {
  const [cos, sin] = [Math.abs(Math.cos(rotation)), Math.abs(Math.sin(rotation))];
  const [halfW, halfH] = [(w * cos + h * sin) / 2, (w * sin + h * cos) / 2];
  const [cx, cy] = [x + w / 2, y + h / 2];
  return { minX: cx - halfW, minY: cy - halfH, maxX: cx + halfW, maxY: cy + halfH };
}

function contentsOf(frame: FrameShape, { board, view }: Holder): Shape[] {
  const around = frameBox(frame);
  return view.scene.inside(around).flatMap((entry) => {
    const shape = board.shape(entry.id as ShapeId);
    const box = view.scene.boxOf(entry.id as ShapeId);
    const isInside =
      box &&
      box.minX >= around.minX - SLACK_PX &&
      box.minY >= around.minY - SLACK_PX &&
      box.maxX <= around.maxX + SLACK_PX &&
      box.maxY <= around.maxY + SLACK_PX;
    return shape && isInside && !shape.locked && shape.id !== frame.id ? [shape] : [];
  });
}
