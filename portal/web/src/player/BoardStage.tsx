import { type ReadonlySignal, signal } from '@preact/signals';
import { Maximize, Minus, Plus } from 'lucide-preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BoardView } from '../board/BoardView';
import { type CursorMark, Cursors } from '../board/Cursors';
import { zoomAt } from '../board/camera';
import { touches } from '../board/hit';
import { PointerInput } from '../board/input';
import { PanTool } from '../board/tools/pan';
import type { Tool, ToolPoint } from '../board/tools/tool';
import type { ShapeId } from '../core/ids';
import { IconButton } from '../ui/IconButton';
import { theme } from '../ui/theme';
import type { Playback } from './playback';
import '../board/board.css';
import './overBoard.css';
import { t } from '../ui/i18n';

/** Which person drew the stroke under the pointer. */
interface Author {
  readonly name: string;
  readonly colour: string;
  readonly x: number;
  readonly y: number;
}

const HIT_PX = 6;
const ZOOM_STEP = 1.3;
const MARGIN_PX = 12;

/** The board at the clock's moment: moved and zoomed freely, with everyone's cursor and the author under the pointer. */
export function BoardStage({ playback }: { playback: Playback }) {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<BoardView | null>(null);
  const [author, setAuthor] = useState<Author | null>(null);
  const cursors = useMemo(() => signal<readonly CursorMark[]>([]), []);
  const themeName = theme.value;

  useEffect(() => {
    const element = host.current;
    if (!element) {
      return;
    }
    const board = new BoardView(element, { theme: theme.peek(), label: t('The lesson’s board'), marginPx: MARGIN_PX });
    board.scene.pictures = playback.pictures.picture;
    playback.pictures.onCome = () => board.repaintAll();
    setView(board);
    playback.board.attach(board, (t_ms) => {
      cursors.value = cursorMarks(playback, board, t_ms, cursors.peek());
    });
    const input = lookAround(board, playback, setAuthor);
    const resize = new ResizeObserver(() => playback.board.resized());
    resize.observe(element);
    playback.tick();
    return () => {
      resize.disconnect();
      input.destroy();
      playback.board.detach();
      playback.pictures.onCome = () => undefined;
      board.destroy();
      setView(null);
    };
  }, [playback, cursors]);
  useEffect(() => view?.setTheme(themeName), [view, themeName]);

  const zoom = (factor: number): void => {
    if (view) {
      playback.board.free();
      view.setCamera(zoomAt(view.camera, { x: view.view.width / 2, y: view.view.height / 2 }, factor));
    }
  };

  return (
    <div class="player-board board" data-theme={view?.paper.value ?? themeName} data-testid="player-board">
      <div class="board__stage" ref={host} />
      {view && <CursorLayer view={view} cursors={cursors} />}
      {author && (
        <div class="player-board__author" style={{ left: `${author.x}px`, top: `${author.y}px` }}>
          <span class="player-board__dot" style={{ background: author.colour }} />
          {author.name}
        </div>
      )}
      <div class="player-board__zoom" role="toolbar" aria-label={t('View of the board')}>
        <IconButton label={t('Zoom in')} tip="left" class="button--small" onPress={() => zoom(ZOOM_STEP)}>
          <Plus class="icon" aria-hidden="true" />
        </IconButton>
        <IconButton label={t('Zoom out')} tip="left" class="button--small" onPress={() => zoom(1 / ZOOM_STEP)}>
          <Minus class="icon" aria-hidden="true" />
        </IconButton>
        <IconButton
          label={t('Show the whole page')}
          keys="F"
          tip="left"
          class="button--small"
          onPress={() => playback.board.fit()}
        >
          <Maximize class="icon" aria-hidden="true" />
        </IconButton>
      </div>
    </div>
  );
}

/** A component of its own, so that a moving cursor renders nothing else. */
function CursorLayer({ view, cursors }: { view: BoardView; cursors: ReadonlySignal<readonly CursorMark[]> }) {
  return <Cursors view={view} cursors={cursors.value} />;
}

/** The cursors on the page now; the list before where none is shown, so that nothing is rendered for nothing. */
function cursorMarks(
  playback: Playback,
  view: BoardView,
  t_ms: number,
  before: readonly CursorMark[],
): readonly CursorMark[] {
  const marks = playback.recording.cursors.at(t_ms).flatMap(({ session, page, x, y }) => {
    const person = playback.people.peek().find(({ sessions }) => sessions.includes(session));
    const name = person?.name.split(/\s+/u)[0];
    const isSeen = page === view.shownPage && playback.board.lens.shows(session);
    return person && name && isSeen ? [{ key: session, name, colour: person.colour, x, y }] : [];
  });
  return marks.length === 0 && before.length === 0 ? before : marks;
}

/** Panning and zooming by mouse, pen, fingers and wheel, and telling whose stroke is under a resting pointer. */
function lookAround(board: BoardView, playback: Playback, onAuthor: (author: Author | null) => void): PointerInput {
  const pan = new PanTool({
    view: Object.assign(Object.create(board) as BoardView, {
      setCamera: (camera: BoardView['camera']) => {
        playback.board.free();
        board.setCamera(camera);
      },
    }),
  });
  const tool: Tool = {
    cursor: pan.cursor,
    down: (point) => {
      onAuthor(null);
      pan.down(point);
    },
    move: (points) => pan.move(points),
    up: () => pan.up(),
    cancel: () => pan.cancel(),
    hover: (point) => onAuthor(point && authorAt(board, playback, point)),
    doubleClick: () => playback.board.fit(),
  };
  return new PointerInput(board.canvas, {
    get camera() {
      return board.camera;
    },
    setCamera: (camera) => {
      playback.board.free();
      board.setCamera(camera);
    },
    toolInHand: () => tool,
    attempt: (run) => run(),
    pan: tool,
    penOnly: { value: false },
    onPen: () => undefined,
    onPointer: () => undefined,
    onPress: () => undefined,
  });
}

function authorAt(board: BoardView, playback: Playback, point: ToolPoint): Author | null {
  const radius = HIT_PX / board.camera.zoom;
  const box = { minX: point.x - radius, minY: point.y - radius, maxX: point.x + radius, maxY: point.y + radius };
  for (const { id } of board.scene.inside(box).toReversed()) {
    const item = board.scene.item(id as ShapeId);
    const session = playback.board.replay.shape(id as ShapeId)?.author;
    if (item && session && touches(item, point, point, radius)) {
      const person = playback.people.peek().find(({ sessions }) => sessions.includes(session));
      return person ? { name: person.name, colour: person.colour, x: point.screen.x, y: point.screen.y } : null;
    }
  }
  return null;
}
