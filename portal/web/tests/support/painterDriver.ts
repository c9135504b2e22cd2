/** Shapes given as JSON, painted in a bare page as the board paints them. */
import { whenFontReady } from '../../src/board/fonts';
import { type PictureFrame, paintPicture } from '../../src/board/picture';
import { withEnds } from '../../src/core/arrows';
import { parseHex } from '../../src/core/bytes';
import type { PageId, ShapeId } from '../../src/core/ids';
import { type Background, byIndex, readFields, type Shape } from '../../src/core/shape';

type Fields = Readonly<Record<string, unknown>>;

/** `shapes`: id → fields, bytes as `{hex}`. Answers a PNG as a data URL. */
export async function paint(
  shapes: Readonly<Record<string, Fields>>,
  background: Background,
  frame: PictureFrame,
): Promise<string> {
  await whenFontReady();
  const read = new Map<ShapeId, Shape>();
  for (const [id, fields] of Object.entries(shapes)) {
    const shape = readFields(id as ShapeId, new Map(Object.entries(fields).map(([k, v]) => [k, bytesOf(v)])));
    if (shape !== null) read.set(shape.id, shape);
  }
  const all = [...read.values()].map((shape) => withEnds(shape, (id) => read.get(id) ?? null)).sort(byIndex);
  const source = {
    shapes: () => all,
    shape: (id: ShapeId) => read.get(id) ?? null,
    pages: () => [{ id: 'main' as PageId, background }],
    onChange: () => () => {},
  };
  return paintPicture(source, 'main' as PageId, frame).toDataURL('image/png');
}

const bytesOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'hex' in value ? parseHex(String(value.hex)) : value;
