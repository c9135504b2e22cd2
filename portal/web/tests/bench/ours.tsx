/** The classroom with the bench's ink, behind the same small interface as the peers' pages (loadtests/peers/board). */
import { render } from 'preact';
import { Doc } from 'yjs';
import { MemoryRoom } from '../../dev/memoryRoom';
import { BoardView } from '../../src/board/BoardView';
import type { ClassroomPortal } from '../../src/classroom/api';
import { Room } from '../../src/classroom/Room';
import type { RoomLive } from '../../src/classroom/room';
import type { Board } from '../../src/core/board';
import type { Bytes } from '../../src/core/bytes';
import { MAIN_PAGE } from '../../src/core/ids';
import { openUpdate } from '../../src/core/opening';
import { LocalMedia } from '../../src/media/localMedia';
import type { LessonInfo } from '../../src/net/portal';
import { middleOf, RemotePens } from './pens';
import '../../src/styles/main.css';
import '../../src/classroom/classroom.css';

const ME = { user: 'amara', name: 'Amara', role: 'tutor' } as const;
const INFO = {
  room: 'bench',
  lesson: 'bench',
  title: 'Bench',
  subject: 'Mathematics',
  state: 'open',
  starts_at: '2026-11-23T15:00:00Z',
  ends_at: '2026-11-23T16:00:00Z',
  me: ME,
  school: 'Bench',
  demo: true,
  recording: 'required',
  notice: '',
} as unknown as LessonInfo;
const GUESTS = ['Leo', 'Mina', 'Jin', 'Sofia'].map((name) => ({ name, role: 'student' as const }));

let file: Bytes = new Uint8Array();
let pens: RemotePens | null = null;
let board: Board | null = null;
let view: BoardView | null = null;

/** The whole document as a server gives it; not timed. */
async function load(count: number): Promise<void> {
  file = new Uint8Array(await (await fetch(`/data/ours-${count}.bin`)).arrayBuffer());
}

/** From the document's bytes to a mounted classroom that shows everything, or the middle at 100 %. */
function open(where: 'fit' | 'one'): Record<string, number> {
  const began = performance.now();
  const doc = new Doc();
  openUpdate(doc, file, 'load');
  file = new Uint8Array();
  const applied = performance.now();
  const room = new MemoryRoom(INFO, GUESTS, doc);
  room.stage.writable = true;
  room.stage.set({ state: 'live', startedMs: Date.now() });
  board = room.board;
  const read = performance.now();
  const sessions = room.participants().flatMap(({ session, isMe }) => (isMe ? [] : [session]));
  pens = new RemotePens(
    doc,
    sessions,
    (id) => room.board.shape(id as never) !== null,
    (session) => room.emit('live', { session }),
    () => (view ? middleOf(view.camera, view.view.width, view.view.height) : { x: 0, y: 0 }),
  );
  const { receiver } = pens;
  room.board.onChange(({ shapes }) => receiver.settle(shapes, null));
  Object.assign(room.live, {
    peer: (session) => receiver.peer(session),
    sessions: () => receiver.sessions(),
  } satisfies Partial<RoomLive>);
  takeView(where);
  const root = document.getElementById('app');
  if (root) {
    render(
      <Room session={room} media={new LocalMedia()} portal={{} as ClassroomPortal} csrf="" onLeave={() => undefined} />,
      root,
    );
  }
  return { applyMs: applied - began, readMs: read - applied, mountMs: performance.now() - read };
}

/** The page's own view, as soon as it shows the board, is turned to where the bench wants it. */
function takeView(where: 'fit' | 'one'): void {
  const { show } = BoardView.prototype;
  BoardView.prototype.show = function (this: BoardView, source, page): void {
    show.call(this, source, page);
    if (view === this) return;
    view = this;
    this.fitAll();
    if (where === 'one') {
      const { x, y } = middleOf(this.camera, this.view.width, this.view.height);
      this.setCamera({ x: x - this.view.width / 2, y: y - this.view.height / 2, zoom: 1 });
    }
  };
}

const isReady = (): boolean => view?.isSettled ?? false;
const shapeCount = (): number => board?.shapes(MAIN_PAGE).length ?? 0;

function pen(): void {
  for (const id of ['tool-pen', 'color-red']) document.querySelector<HTMLElement>(`[data-testid=${id}]`)?.click();
  view?.focusQuietly();
}

const remotePens = (on: boolean): void => pens?.turn(on);

/** Adds one stroke as the pen does, where it is seen; how long the call and all that hangs on it took, ms. */
function add(n: number): number {
  const { x, y } = view ? middleOf(view.camera, view.view.width, view.view.height) : { x: 0, y: 0 };
  const points = Array.from({ length: 60 }, (_, i) => ({
    x: x - 180 + (n % 40) * 9 + Math.cos(i / 6) * 20,
    y: y - 80 + (n % 23) * 7 + Math.sin(i / 6) * 20,
    pressure: null,
    t: i * 8,
  }));
  const began = performance.now();
  board?.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'green', size: 4, nowMs: 0 });
  return performance.now() - began;
}

Object.assign(globalThis, { bench: { load, open, isReady, shapeCount, pen, remotePens, add } });
