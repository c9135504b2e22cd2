/** Boards as open JSON: files and the clipboard. What is read is believed no more than what a stranger sends. */

import { type Bytes, formatBase64Url, parseBase64Url } from '../core/bytes';
import { fieldsOf } from '../core/copy';
import type { PageId, ShapeId } from '../core/ids';
import { BACKGROUNDS, type Background, readFields, type Shape } from '../core/shape';
import { t } from '../ui/i18n';

export const OPEN_FORMAT = 'chalkmesh-board';
const VERSION = 1;
/** Bytes of a file, pages and shapes in it: more is a sentence, not a frozen page. */
export const MOST_BYTES = 32 * 1024 * 1024;
export const MOST_SHAPES = 20_000;
const MOST_PAGES = 200;
const MOST_PICTURES = 200;

export interface OpenPage {
  readonly title: string;
  readonly background: Background;
  readonly shapes: readonly Shape[];
}

/** Why a file cannot be read, for the one who chose it. */
export class OpenJsonError extends Error {}

/** `pictures`: by their hash, for boards elsewhere that do not have them. */
export function writeOpen(pages: readonly OpenPage[], pictures: ReadonlyMap<string, Uint8Array> = new Map()): string {
  const packed = [...pictures].map(([asset, data]) => [asset, formatBase64Url(data)]);
  return JSON.stringify({
    format: OPEN_FORMAT,
    version: VERSION,
    pages: pages.map(({ title, background, shapes }) => ({ title, background, shapes: shapes.map(openShape) })),
    ...(packed.length > 0 ? { pictures: Object.fromEntries(packed) } : {}),
  });
}

function openShape(shape: Shape): Record<string, unknown> {
  const fields = Object.entries(fieldsOf(shape)).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? formatBase64Url(value) : value,
  ]);
  return { id: shape.id, type: shape.type, ...Object.fromEntries(fields) };
}

/** Whether a text claims to be such a board: anything else that is pasted is letters. */
export function isOpen(text: string): boolean {
  return text.startsWith('{') && text.slice(0, 200).includes(`"${OPEN_FORMAT}"`);
}

/** Raises OpenJsonError. Shapes that cannot be drawn are left out. */
export function readOpen(text: string): OpenPage[] {
  if (text.length > MOST_BYTES) {
    throw new OpenJsonError(t('This file is too large to be a board.'));
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new OpenJsonError(t('This file is not a board: it cannot be read.'));
  }
  const { format, version, pages } = record(content);
  if (format !== OPEN_FORMAT || !Array.isArray(pages)) {
    throw new OpenJsonError(t('This file is not a board of Chalkmesh.'));
  }
  if (version !== VERSION) {
    throw new OpenJsonError(t('This board was made by a newer version. Update, and try again.'));
  }
  if (pages.length > MOST_PAGES) {
    throw new OpenJsonError(t('A board of more than {n} pages cannot be brought in.', { n: MOST_PAGES }));
  }
  const reader = new Reader();
  return pages.map((page: unknown) => reader.page(record(page)));
}

/** The pictures in a file that `readOpen` has taken. Their hashes are only what the file says. */
export function readPictures(text: string): ReadonlyMap<string, Bytes> {
  const found = new Map<string, Bytes>();
  for (const [asset, data] of Object.entries(record(record(JSON.parse(text)).pictures)).slice(0, MOST_PICTURES)) {
    const picture = bytes(data);
    if (picture !== null) {
      found.set(asset, picture);
    }
  }
  return found;
}

/** A plain object's own members; nothing is read from prototypes. */
function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.assign(Object.create(null), value)
    : {};
}

const STRANGER = '0000000000000000';
const LONGEST_TITLE = 60;

class Reader {
  private count = 0;

  page({ title, background, shapes }: Readonly<Record<string, unknown>>): OpenPage {
    const list: readonly unknown[] = Array.isArray(shapes) ? shapes : [];
    const names = new Map<string, string>();
    const numbered = list.map((shape) => {
      this.count += 1;
      if (this.count > MOST_SHAPES) {
        throw new OpenJsonError(t('A board of more than {n} shapes cannot be brought in.', { n: MOST_SHAPES }));
      }
      const fields = record(shape);
      const id = `${STRANGER}-${this.count.toString(36)}`;
      const { id: name } = fields;
      if (typeof name === 'string') {
        names.set(name, id);
      }
      return { id, fields };
    });
    return {
      title: typeof title === 'string' ? title.slice(0, LONGEST_TITLE) : '',
      background: BACKGROUNDS.find((each) => each === background) ?? 'plain',
      shapes: numbered.flatMap(({ id, fields }) => readOne(id, fields, names) ?? []),
    };
  }
}

function readOne(
  id: string,
  fields: Readonly<Record<string, unknown>>,
  names: ReadonlyMap<string, string>,
): Shape | null {
  const { ink, text } = fields;
  const source = {
    get(name: string): unknown {
      switch (name) {
        case 'page':
          return 'main' as PageId;
        case 'ink':
          return bytes(ink);
        case 'start':
        case 'end':
          return names.get(String(fields[name] ?? '')) ?? '';
        case 'text':
          return typeof text === 'string' ? text.slice(0, MOST_LETTERS) : undefined;
        default:
          return fields[name];
      }
    },
  };
  return readFields(id as ShapeId, source);
}

const MOST_LETTERS = 10_000;

function bytes(value: unknown): Bytes | null {
  try {
    return typeof value === 'string' ? parseBase64Url(value) : null;
  } catch {
    return null;
  }
}
