/** Shapes given as JSON, painted in a bare page as the board paints them. */
import { hasRightToLeft } from '../../src/board/direction';
import { whenFontReady } from '../../src/board/fonts';
import { pdfOfBoard } from '../../src/board/pdf/document';
import { type PictureFrame, paintPicture } from '../../src/board/picture';
import { withEnds } from '../../src/core/arrows';
import { parseHex } from '../../src/core/bytes';
import { MAIN_PAGE, type ShapeId } from '../../src/core/ids';
import { type Background, byIndex, readFields, type Shape } from '../../src/core/shape';

type Fields = Readonly<Record<string, unknown>>;

/** `shapes`: id → fields, bytes as `{hex}`. Answers a PNG as a data URL. */
export async function paint(
  shapes: Readonly<Record<string, Fields>>,
  background: Background,
  frame: PictureFrame,
): Promise<string> {
  await whenFontReady();
  const all = sorted(shapes);
  const source = {
    shapes: () => all,
    shape: (id: ShapeId) => all.find((shape) => shape.id === id) ?? null,
    pages: () => [{ id: MAIN_PAGE, background }],
    onChange: () => () => {},
  };
  // Letters of other scripts are fetched when they are first asked for.
  paintPicture(source, MAIN_PAGE, frame);
  await whenFontReady();
  return paintPicture(source, MAIN_PAGE, frame).toDataURL('image/png');
}

/** The same shapes twice, as a PDF of two pages; its bytes. Every picture is one dot. */
export async function pdf(
  shapes: Readonly<Record<string, Fields>>,
  background: Background,
  size: { readonly width: number; readonly height: number },
): Promise<number[]> {
  await whenFontReady();
  const all = sorted(shapes);
  const page = { id: MAIN_PAGE, background, index: 'a0', title: '', erased: false };
  const dot = document.createElement('canvas');
  [dot.width, dot.height] = [1, 1];
  const options = {
    board: { pages: () => [page, page], shapes: () => all },
    theme: 'light',
    pictures: () => dot,
    boxOf: () => ({ minX: 0, minY: 0, maxX: size.width, maxY: size.height }),
  } as const;
  if (all.some((shape) => 'text' in shape && hasRightToLeft(shape.text))) {
    // Letters of other scripts are fetched when they are first asked for; whoever saves a board has seen it before.
    await pdfOfBoard(options);
    await whenFontReady();
  }
  const file = await pdfOfBoard(options);
  return [...new Uint8Array(await file.arrayBuffer())];
}

function sorted(shapes: Readonly<Record<string, Fields>>): Shape[] {
  const read = new Map<ShapeId, Shape>();
  for (const [id, fields] of Object.entries(shapes)) {
    const shape = readFields(id as ShapeId, new Map(Object.entries(fields).map(([k, v]) => [k, bytesOf(v)])));
    if (shape !== null) read.set(shape.id, shape);
  }
  return [...read.values()].map((shape) => withEnds(shape, (id) => read.get(id) ?? null)).sort(byIndex);
}

const bytesOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'hex' in value ? parseHex(String(value.hex)) : value;
