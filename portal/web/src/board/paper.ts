/** Whether a page is light or dark paper. Pure. */

import type { PageId } from '../core/ids';
import type { Theme } from './scene';
import type { BoardSource } from './source';

/**
 * The paper of a page in this theme: a page of a PDF is white in the dark too, and with it the ink on it has to be dark. It
 * is told by a picture that is locked, as pages are when they are brought in.
 */
export function paperOf(source: Pick<BoardSource, 'shapes'>, page: PageId, theme: Theme): Theme {
  const isSheet = theme === 'dark' && source.shapes(page).some((shape) => shape.type === 'image' && shape.locked);
  return isSheet ? 'light' : theme;
}
