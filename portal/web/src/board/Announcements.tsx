/** The board's live region: what a screen reader says of what has just happened. Nobody sees it. */

import type { BoardController } from './controller';

export function Announcements({ controller }: { controller: BoardController }) {
  const { words, turn } = controller.announcer.said.value;
  return (
    <p class="visually-hidden" role="status" data-testid="board-said">
      {words}
      {turn % 2 === 0 ? '' : '\u00a0'}
    </p>
  );
}
