/** The board as files, and files as pages of the board. */

import { useRef } from 'preact/hooks';
import { MOST_BYTES, OpenJsonError, readOpen } from '../board/openJson';
import { jsonBlob, pdfBlob, pngOf, saveFile, svgBlob } from '../board/out';
import { putShapes } from '../core/copy';
import { theme } from '../ui/theme';
import { toast } from '../ui/toasts';
import type { RoomStore } from './store';

type Kind = 'png' | 'svg' | 'pdf' | 'json';
const KINDS: readonly (readonly [Kind, string])[] = [
  ['png', 'Picture (PNG)'],
  ['svg', 'Drawing (SVG)'],
  ['pdf', 'All pages (PDF)'],
  ['json', 'Board (JSON)'],
];

export function FileButtons({ store }: { store: RoomStore }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <fieldset class="page-panel__files">
      <legend>Save a copy</legend>
      {KINDS.map(([kind, label]) => (
        <button
          key={kind}
          type="button"
          class="look__option"
          data-testid={`save-${kind}`}
          onClick={() => void save(store, kind)}
        >
          {label}
        </button>
      ))}
      {store.mayDraw.value && (
        <>
          <button type="button" class="look__option" data-testid="bring-in" onClick={() => field.current?.click()}>
            Bring in a board…
          </button>
          <input
            ref={field}
            type="file"
            accept="application/json,.json"
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
  const options = { board, theme: theme.value, pictures: store.pictures };
  const page = store.page.value;
  try {
    const blob =
      kind === 'png'
        ? await pngOf(options, page)
        : kind === 'svg'
          ? await svgBlob(options, page)
          : kind === 'pdf'
            ? await pdfBlob(options)
            : jsonBlob(board);
    saveFile(blob, `${fileName(info.title)}.${kind}`);
  } catch (error) {
    toast('The copy could not be made. There may be too much on the page for this device.');
    reportError(error);
  }
}

const fileName = (title: string): string => title.replace(/[^\p{L}\p{N} _-]/gu, '').trim() || 'board';

async function bringIn(store: RoomStore, file: File): Promise<void> {
  const { board } = store.session;
  try {
    if (file.size > MOST_BYTES) {
      throw new OpenJsonError('This file is too large to be a board.');
    }
    const pages = readOpen(await file.text());
    const made = pages.map(({ title, background, shapes }) => {
      const page = board.addPage({ title, background });
      putShapes(board, page, shapes, { dx: 0, dy: 0 }, store.now());
      return page;
    });
    const [first] = made;
    if (first) {
      store.turnTo(first);
    }
  } catch (error) {
    if (!(error instanceof OpenJsonError)) {
      throw error;
    }
    toast(error.message);
  }
}
