/** `globalThis.chalkmesh`: what end-to-end tests and curious people may ask of a running lesson. It changes nothing. */

import type { BoardController } from '../board/controller';
import { type PictureFrame, paintPicture } from '../board/picture';
import { MAIN_PAGE, type PageId, type ShapeId, type UserId } from '../core/ids';
import type { RoomSession } from './room';
import type { RoomStore } from './store';

declare global {
  var chalkmesh: Readonly<Record<string, unknown>> | undefined;
}

export function exposeForTests(session: RoomSession, store: RoomStore, controller: BoardController | null): void {
  const view = controller?.view ?? null;
  globalThis.chalkmesh = {
    ...session.diagnostics(),
    session: () => session.me?.session ?? null,
    saveState: () => session.saveState,
    connection: () => session.connection,
    page: () => store.page.value,
    pages: () => session.board.pages().map(({ id, title }) => ({ id, title })),
    mayDraw: () => store.mayDraw.value,
    /** Whose desk is on the screen; '' for the board of all. */
    desk: () => store.desks.at.value ?? '',
    deskShapes: (user: UserId) => session.desk(user).shapes(MAIN_PAGE).length,
    /** How many points others are drawing at a desk at this moment; null: on the board of all. */
    live: (desk: UserId | null) =>
      session.live
        .sessions()
        .map((id) => session.live.peer(id).stroke)
        .reduce((sum, stroke) => sum + (stroke?.desk === desk ? stroke.points.length : 0), 0),
    /** Where the board is on the screen: camera in board px, canvas ratio in device px per CSS px. */
    view: () =>
      view ? { ...view.camera, ratio: view.view.ratio, width: view.view.width, height: view.view.height } : null,
    /** The picture is sharp and that of the board now. */
    isSettled: () => view?.isSettled ?? false,
    roomMs: () => session.roomMs(),
    shapes: (page: PageId) => session.board.shapes(page).map(({ id, author, type }) => ({ id, author, type })),
    /** The page as a PNG data URL on light paper; `only`: one shape alone. */
    picture: (page: PageId, frame: PictureFrame, only: ShapeId | null = null) =>
      paintPicture(session.board, page, frame, only).toDataURL('image/png'),
  };
}
