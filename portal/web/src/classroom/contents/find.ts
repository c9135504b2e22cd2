/** Looking for words on all pages of a board. */

import { lettersOf } from '../../board/describe';
import type { PageId, ShapeId } from '../../core/ids';
import type { Page, Shape } from '../../core/shape';

const MOST_FOUND = 100;
const BEFORE = 20;
const AROUND = 70;

export interface Found {
  readonly page: PageId;
  readonly id: ShapeId;
  /** The words around what was found. */
  readonly snippet: string;
}

export interface Searched {
  pages(): readonly Page[];
  shapes(page: PageId): readonly Shape[];
}

/** Whatever the case and the accents. */
export const plain = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase().replace(/\s+/g, ' ');

/** Every word of the query must be there. The page at hand comes first, then the others in their order. */
export function findOnBoard(board: Searched, query: string, first: PageId): Found[] {
  const words = plain(query).trim().split(' ').filter(Boolean);
  if (words.length === 0) {
    return [];
  }
  const pages = board.pages().map(({ id }) => id);
  const found: Found[] = [];
  for (const page of [...pages.filter((id) => id === first), ...pages.filter((id) => id !== first)]) {
    for (const shape of board.shapes(page)) {
      const text = lettersOf(shape);
      const searched = text === '' ? '' : plain(text);
      if (searched !== '' && words.every((word) => searched.includes(word))) {
        found.push({ page, id: shape.id, snippet: snippetOf(text, searched.indexOf(words[0] ?? '')) });
        if (found.length === MOST_FOUND) {
          return found;
        }
      }
    }
  }
  return found;
}

function snippetOf(text: string, at: number): string {
  const line = text.replace(/\s+/g, ' ');
  const from = Math.max(0, Math.min(at - BEFORE, line.length - AROUND));
  const cut = line.slice(from, from + AROUND);
  return `${from > 0 ? '…' : ''}${cut}${from + AROUND < line.length ? '…' : ''}`;
}
