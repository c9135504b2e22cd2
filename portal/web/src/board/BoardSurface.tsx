/** The board of a room as a component: makes the view and its controller, and lays the text editor and cursors over it. */

import { type ReadonlySignal, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Board } from '../core/board';
import type { PageId } from '../core/ids';
import { theme } from '../ui/theme';
import { Announcements } from './Announcements';
import { BoardDialogs } from './BoardDialogs';
import { BoardView } from './BoardView';
import { type CursorMark, Cursors } from './Cursors';
import { listenToClipboard } from './clipboard';
import { BoardController, type BoardRoom } from './controller';
import { GuideLayer } from './guides/GuideLayer';
import { TextEditor } from './TextEditor';
import './board.css';
import { t } from '../ui/i18n';

export interface BoardSurfaceProps {
  board: Board;
  room: BoardRoom;
  page: PageId;
  isWritable: boolean;
  cursors: ReadonlySignal<readonly CursorMark[]>;
  /** Given once the view exists, and null when it is gone. */
  onController: (controller: BoardController | null) => void;
  children?: ComponentChildren;
}

const MARGIN_PX = 12;
const NO_EDITOR = signal(null);

export function BoardSurface(props: BoardSurfaceProps) {
  const { board, room, page, isWritable, cursors, onController } = props;
  const host = useRef<HTMLDivElement>(null);
  const [controller, setController] = useState<BoardController | null>(null);
  const themeName = theme.value;

  // Before the browser paints: the board is there with the page around it, not a frame or two later.
  useLayoutEffect(() => {
    if (!host.current) {
      return;
    }
    const view = new BoardView(host.current, { theme: theme.peek(), label: t('Whiteboard'), marginPx: MARGIN_PX });
    const made = new BoardController(board, view, room, page);
    // It takes keys and pointers of its own, so screen readers hand them on.
    view.canvas.setAttribute('role', 'application');
    const onKey = (event: KeyboardEvent): void => made.onKey(event);
    document.addEventListener('keydown', onKey);
    document.addEventListener('keyup', onKey);
    const stopClipboard = listenToClipboard(made);
    setController(made);
    onController(made);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('keyup', onKey);
      stopClipboard();
      onController(null);
      made.destroy();
      view.destroy();
    };
    // The page is turned below, without building the view anew.
  }, [board, room, onController]);

  useEffect(() => controller?.turnTo(page), [controller, page]);
  useEffect(() => controller?.setWritable(isWritable), [controller, isWritable]);
  useEffect(() => controller?.view.setTheme(themeName), [controller, themeName]);

  const session = (controller?.editing ?? NO_EDITOR).value;
  return (
    <div class="board" data-theme={controller?.view.paper.value ?? themeName} data-writable={isWritable}>
      <div class="board__stage" ref={host} />
      {controller && session && <TextEditor key={session} controller={controller} session={session} />}
      {controller && <GuideLayer controller={controller} />}
      {controller && <Announcements controller={controller} />}
      {controller && <BoardDialogs controller={controller} />}
      {controller && <CursorLayer controller={controller} cursors={cursors} />}
      {props.children}
    </div>
  );
}

/** A component of its own, so that a moving cursor renders nothing else. */
function CursorLayer({
  controller,
  cursors,
}: {
  controller: BoardController;
  cursors: ReadonlySignal<readonly CursorMark[]>;
}) {
  return <Cursors view={controller.view} cursors={cursors.value} />;
}
