/** The board and the desks: one Board object for each document. */
import type { Doc } from 'yjs';
import { Board } from '../core/board';
import type { DocRef, DocText, SessionId, ShapeId } from '../core/ids';

export class Boards {
  private readonly boards = new Map<DocText, { ref: DocRef; board: Board }>();

  constructor(
    private readonly doc: (ref: DocRef) => Doc,
    private readonly changed: (ref: DocRef, shapes: ReadonlySet<ShapeId>) => void,
  ) {}

  get(ref: DocRef): Board {
    const known = this.boards.get(ref.text);
    if (known !== undefined) return known.board;
    const board = new Board(this.doc(ref));
    board.onChange(({ shapes }) => this.changed(ref, shapes));
    this.boards.set(ref.text, { ref, board });
    return board;
  }

  setAuthor(author: (ref: DocRef) => SessionId | null): void {
    for (const { ref, board } of this.boards.values()) board.setAuthor(author(ref));
  }
}
