/** The board as files, and files as pages of the board. */

import { useRef } from 'preact/hooks';
import { bringPicture } from '../board/bringPicture';
import { isExcalidraw, readExcalidraw } from '../board/excalidraw';
import { isDecodable } from '../board/imageSize';
import { MOST_BYTES, OpenJsonError, readOpen, readPictures } from '../board/openJson';
import { jsonBlob, pdfBlob, pngOf, saveFile, svgBlob } from '../board/out';
import { paperOf } from '../board/paper';
import { putShapes } from '../core/copy';
import { type Phrase, phrase, t, tn } from '../ui/i18n';
import { theme } from '../ui/theme';
import { toast } from '../ui/toasts';
import type { RoomStore } from './store';

type Kind = 'png' | 'svg' | 'pdf' | 'json';
const KINDS: readonly (readonly [Kind, Phrase])[] = [
  ['png', phrase('Picture (PNG)')],
  ['svg', phrase('Drawing (SVG)')],
  ['pdf', phrase('All pages (PDF)')],
  ['json', phrase('Board (JSON)')],
];

export function FileButtons({ store }: { store: RoomStore }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <fieldset class="page-panel__files">
      <legend>{t('Save a copy')}</legend>
      {KINDS.map(([kind, label]) => (
        <button
          key={kind}
          type="button"
          class="look__option"
          data-testid={`save-${kind}`}
          onClick={() => void save(store, kind)}
        >
          {t(label)}
        </button>
      ))}
      {store.mayDraw.value && (
        <>
          <button type="button" class="look__option" data-testid="bring-in" onClick={() => field.current?.click()}>
            {t('Bring in a board or Excalidraw file…')}
          </button>
          <input
            ref={field}
            type="file"
            accept="application/json,.json,.excalidraw"
            hidden
            data-testid="bring-in-file"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              event.currentTarget.value = '';
              if (file) {
                void bringIn(store, file);
              }
            }}
          />
        </>
      )}
    </fieldset>
  );
}

async function save(store: RoomStore, kind: Kind): Promise<void> {
  const { board, info } = store.session;
  const page = store.page.value;
  const paper = paperOf(board, page, theme.value);
  const options = {
    board,
    theme: kind === 'pdf' ? theme.value : paper,
    pictures: store.pictures,
    whenPictures: store.whenPictures,
  };
  try {
    const blob =
      kind === 'png'
        ? await pngOf(options, page)
        : kind === 'svg'
          ? await svgBlob(options, page)
          : kind === 'pdf'
            ? await pdfBlob(options)
            : jsonBlob(board, await picturesOf(store));
    saveFile(blob, `${fileName(info.title)}.${kind}`);
  } catch (error) {
    toast(t('The copy could not be made. There may be too much on the page for this device.'));
    reportError(error);
  }
}

export const fileName = (title: string, otherwise = 'board'): string =>
  title.replace(/[^\p{L}\p{N} _-]/gu, '').trim() || otherwise;

/** Bytes of pictures that go into a file; with what is around them it stays one that can be brought in. */
const MOST_PICTURE_BYTES = 20 * 1024 * 1024;

async function picturesOf(store: RoomStore): Promise<ReadonlyMap<string, Uint8Array>> {
  const { board, assets } = store.session;
  const shapes = board.pages().flatMap(({ id }) => board.shapes(id));
  const wanted = new Set(shapes.flatMap((shape) => (shape.type === 'image' ? [shape.asset] : [])));
  const found = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const asset of wanted) {
    try {
      const { data } = await assets.get(asset);
      bytes += data.length;
      if (bytes <= MOST_PICTURE_BYTES) {
        found.set(asset, data);
      }
    } catch {
      // Nobody has it now: its frame is empty here too.
    }
  }
  if (found.size < wanted.size) {
    toast(t('Some pictures are not in the file: there is no room for them, or nobody has them now.'));
  }
  return found;
}

/** Each under its own hash, whatever the file calls it. */
async function keepPictures(store: RoomStore, text: string): Promise<void> {
  for (const picture of readPictures(text).values()) {
    try {
      await (isDecodable(picture) ? store.keepPicture(picture) : null);
    } catch {
      toast(t('Some pictures could not be kept. Their frames stay empty.'));
      return;
    }
  }
}

async function bringIn(store: RoomStore, file: File): Promise<void> {
  const { board } = store.session;
  try {
    if (file.size > MOST_BYTES) {
      throw new OpenJsonError(t('This file is too large to be a board.'));
    }
    const text = await file.text();
    const keepPicture = async (picture: File): Promise<string> => store.keepPicture((await bringPicture(picture)).data);
    const { pages, left } = isExcalidraw(text)
      ? await readExcalidraw(text, keepPicture)
      : { pages: readOpen(text), left: 0 };
    if (!isExcalidraw(text)) {
      await keepPictures(store, text);
    }
    const made = pages.map(({ title, background, shapes }) => {
      const page = board.addPage({ title, background });
      putShapes(board, page, shapes, { dx: 0, dy: 0 }, store.now());
      return page;
    });
    const [first] = made;
    if (first) {
      store.turnTo(first);
    }
    if (left > 0) {
      toast(tn(left, 'One thing could not be brought in.', '{n} things could not be brought in.'));
    }
  } catch (error) {
    if (!(error instanceof OpenJsonError)) {
      throw error;
    }
    toast(error.message);
  }
}
