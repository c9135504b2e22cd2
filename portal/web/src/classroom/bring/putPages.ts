/** A page of a PDF as a page of the board: its picture lies at the bottom, locked, and everybody writes on it. */

import { HOME_BOX } from '../../board/camera';
import type { Board } from '../../core/board';
import type { Bytes } from '../../core/bytes';
import type { PageId } from '../../core/ids';
import { THINGS } from '../../core/shape';
import { t } from '../../ui/i18n';
import type { PageFrame } from './frames';

/** Between the picture and the edge of the sheet, board px. */
const MARGIN = 20;
const LONGEST_TITLE = 60;

export interface PutOptions {
  readonly board: Board;
  readonly keepPicture: (data: Bytes) => Promise<string>;
  readonly now: () => number;
  /** Of the PDF; the pages are named after it. */
  readonly title: string;
  /** The page after which the new one stands. */
  readonly after: PageId;
}

/** Where a picture of that size stands on the sheet, board px. */
export function boxOnSheet(width: number, height: number): { x: number; y: number; w: number; h: number } {
  const [sheetW, sheetH] = [HOME_BOX.maxX - 2 * MARGIN, HOME_BOX.maxY - 2 * MARGIN];
  const scale = Math.min(sheetW / width, sheetH / height);
  const [w, h] = [width * scale, height * scale];
  return { x: (HOME_BOX.maxX - w) / 2, y: (HOME_BOX.maxY - h) / 2, w, h };
}

export async function putPage(frame: PageFrame, options: PutOptions): Promise<PageId> {
  const { board, title, after } = options;
  const asset = await options.keepPicture(frame.picture);
  const number = String(frame.page);
  const name = `${title.slice(0, LONGEST_TITLE - number.length - 1)} ${number}`.trim();
  const page = board.addPage({ title: name, after });
  const caption = t('Page {number} of {title}. {words}', { number, title, words: frame.words })
    .slice(0, THINGS.caption_chars)
    .trim();
  const fields = { ...boxOnSheet(frame.width, frame.height), asset, caption, locked: true, colour: 'black', size: 4 };
  board.addThing({ type: 'image', page, fields, nowMs: options.now() });
  return page;
}
