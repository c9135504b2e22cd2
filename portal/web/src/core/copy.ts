/** Shapes as plain fields, and put onto a board again under new ids: duplicates, the clipboard, files. */
import type { Board } from './board';
import type { PageId, ShapeId } from './ids';
import { isLine, type Shape } from './shape';
import type { FieldValue } from './undo';

export type PlainFields = Record<string, FieldValue | Uint8Array>;

/** Everything that makes a shape what it is, but for its id, its page and its place in the order. */
export function fieldsOf(shape: Shape): PlainFields {
  const { x, y, colour, size, rotation, opacity, locked, group } = shape;
  return {
    ...{ x, y, colour, size },
    ...(rotation === 0 ? {} : { rotation }),
    ...(opacity < 1 ? { opacity } : {}),
    ...(locked ? { locked } : {}),
    ...(group === '' ? {} : { group }),
    ...ownFields(shape),
  };
}

function ownFields(shape: Shape): PlainFields {
  switch (shape.type) {
    case 'draw':
    case 'highlight': {
      const { ink, w, h } = shape;
      return { ink, ...(w > 0 ? { w } : {}), ...(h > 0 ? { h } : {}) };
    }
    case 'text':
      return { text: shape.text, ...(shape.bold ? { bold: true } : {}) };
    case 'note':
    case 'frame': {
      const { w, h, text, bold } = shape;
      return { w, h, text, ...(bold ? { bold } : {}) };
    }
    case 'geo': {
      const { form, w, h, fill, dash, text, bold, ink } = shape;
      return { form, w, h, fill, dash, text, ...(bold ? { bold } : {}), ...(ink ? { ink } : {}) };
    }
    case 'image': {
      const { w, h, asset, caption } = shape;
      return { w, h, asset, ...(caption ? { caption } : {}) };
    }
    case 'math': {
      const { w, h, formula } = shape;
      return { w, h, formula };
    }
    case 'plot': {
      const { w, h, form, range, xStep, yStep, grid, reduced, entries } = shape;
      const y = form === 'axes' ? { y_from: range.yFrom, y_to: range.yTo, y_step: yStep } : {};
      const look = { ...(grid ? { grid } : {}), ...(reduced ? { reduced } : {}) };
      return { w, h, form, x_from: range.xFrom, x_to: range.xTo, x_step: xStep, ...y, ...look, entries };
    }
    default: {
      // Its ends as they are seen: what it is bound to may stay behind.
      const { ends, dash, head, start, end } = shape;
      const way = { x: ends.x1, y: ends.y1, dx: ends.x2 - ends.x1, dy: ends.y2 - ends.y1, dash };
      const bound = { ...(start ? { start } : {}), ...(end ? { end } : {}) };
      return { ...way, ...(shape.type === 'arrow' ? { head } : {}), ...bound };
    }
  }
}

/** Shapes a transaction: an update of more would have to be cut up. */
const AT_ONCE = 250;

/** Puts shapes onto a page, on top and in their order, as one step of undo. Bonds and groups among them are kept. */
export function putShapes(
  board: Board,
  page: PageId,
  shapes: readonly Shape[],
  by: { readonly dx: number; readonly dy: number },
  nowMs: number,
): ShapeId[] {
  const names = new Map<string, ShapeId>();
  const groups = new Map<string, string>();
  const groupFor = (old: string): string => {
    const known = groups.get(old) ?? board.shapeId(board.nextShapeNumber());
    groups.set(old, known);
    return known;
  };
  const close = board.openStep();
  try {
    const ordered = shapes.map((shape) => ({ shape, index: board.edgeIndex(page, false) }));
    // What arrows are bound to comes first, so that it has a name.
    const queue = [...ordered.filter(({ shape }) => !isLine(shape)), ...ordered.filter(({ shape }) => isLine(shape))];
    for (let at = 0; at < queue.length; at += AT_ONCE) {
      board.together(() => {
        for (const { shape, index } of queue.slice(at, at + AT_ONCE)) {
          const { x, y, start, end, group, ...rest } = fieldsOf(shape);
          const from = names.get(String(start ?? ''));
          const to = names.get(String(end ?? ''));
          const fields = {
            ...{ ...rest, index, x: Number(x) + by.dx, y: Number(y) + by.dy },
            ...(from ? { start: from } : {}),
            ...(to ? { end: to } : {}),
            ...(group ? { group: groupFor(String(group)) } : {}),
          };
          names.set(shape.id, board.addThing({ type: shape.type, page, fields, nowMs }));
        }
      });
    }
  } finally {
    close();
  }
  return shapes.flatMap(({ id }) => names.get(id) ?? []);
}
