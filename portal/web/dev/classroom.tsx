/**
 * The classroom on a room in memory. `?role=tutor|student&state=waiting|live|ended&entrance=1&full=20000&start=missing`.
 * Not part of the build.
 */

import { render } from 'preact';
import { App } from '../src/classroom/App';
import type { ClassroomPortal } from '../src/classroom/api';
import type { LessonFacts } from '../src/classroom/room';
import type { Role } from '../src/core/ids';
import type { InkPoint } from '../src/core/ink';
import type { StageState } from '../src/core/stage';
import { PortalError } from '../src/net/portal';
import { drawSample, fillBoard, wave } from './ink';
import { MemoryRoom } from './memoryRoom';
import '../src/styles/main.css';
import '../src/classroom/classroom.css';

const wanted = new URLSearchParams(location.search);
const role: Role = wanted.get('role') === 'student' ? 'student' : 'tutor';
const state = (wanted.get('state') ?? 'live') as StageState;
const info: LessonFacts = {
  room: 'dev',
  notice_acknowledged: false,
  lesson: 'dev',
  title: 'Fractions: adding unlike denominators',
  subject: 'Mathematics',
  state: 'open',
  starts_at: '2026-11-23T15:00:00Z',
  ends_at: '2026-11-23T16:00:00Z',
  me: role === 'tutor' ? { user: 'amara', name: 'Amara Okafor', role } : { user: 'leo', name: 'Leo Martins', role },
  school: 'Riverside School',
  demo: wanted.get('demo') !== '0',
  recording: 'required',
  notice:
    'Riverside School records lessons: the board, voices, cameras and chat. Students, guardians and staff of this class may watch the recording.',
};

function makeRoom(): MemoryRoom {
  const room = new MemoryRoom(info, [
    role === 'tutor' ? { name: 'Leo Martins', role: 'student' } : { name: 'Amara Okafor', role: 'tutor' },
    { name: 'Mina Sato', role: 'student', presence: { hand: true, mic: false } },
    { name: 'Recorder', role: 'recorder', presence: { mic: false, cam: false } },
  ]);
  const guest = room.participants()[1]?.session;
  const second = room.participants()[2]?.session;
  const { board, stage, chat } = room;
  stage.writable = true;
  stage.set({ state, ...(state === 'waiting' ? {} : { startedMs: Date.now() - 754_000 }) });
  stage.writable = role === 'tutor';
  const full = Number(wanted.get('full') ?? 0);
  if (full > 0) {
    fillBoard(board, full);
  } else if (wanted.get('empty') !== '1') {
    drawSample(board);
    board.addPage({ title: 'Number line', background: 'grid' });
    board.addPage({});
  }
  if (guest && second) {
    if (wanted.get('empty') !== '1') {
      chat.post('Today we add fractions. Try ½ + ⅓ on the board.', Date.now() - 400_000);
      chat.setAuthor(guest);
      chat.post('Can I use the pizza way?', Date.now() - 300_000);
      chat.post('Or must it be numbers', Date.now() - 290_000);
      chat.setAuthor(room.me?.session ?? null);
      chat.post('Pizza is perfect.', Date.now() - 200_000);
    }
    if (state === 'live' && wanted.get('still') !== '1') {
      animate(room, guest, second);
    }
  }
  return room;
}

/** Two guests: one draws a wave for ever, one only points. */
function animate(room: MemoryRoom, drawer: Parameters<MemoryRoom['setLive']>[0], pointer: typeof drawer): void {
  const page = room.board.pages()[0]?.id;
  if (!page) {
    return;
  }
  const points: InkPoint[] = wave(980, 640, 380, 34, 180);
  let n = 0;
  setInterval(() => {
    n = (n + 4) % points.length;
    const tip = points[n];
    const id = `${drawer}-zz` as never;
    room.setLive(drawer, {
      cursor: tip ? { page, x: tip.x, y: tip.y } : null,
      stroke: { id, page, kind: 'draw', colour: 'blue', size: 4, points: points.slice(0, n + 1) },
    });
    const turn = Date.now() / 900;
    room.setLive(pointer, {
      cursor: { page, x: 520 + 60 * Math.cos(turn), y: 520 + 30 * Math.sin(turn) },
      stroke: null,
    });
  }, 50);
}

const portal = {
  facts: async () => info,
  knock: async () => true,
  door: async () => [],
  acknowledgeNotice: async () => undefined,
  end: async () => undefined,
  start: async () => {
    if (wanted.get('start') === 'missing') {
      const message =
        'The recorder is not in the room yet, so the lesson cannot be recorded. It usually takes a few seconds.';
      throw new PortalError(409, 'recorder_missing', message);
    }
  },
} as unknown as ClassroomPortal;

if (wanted.get('entrance') !== '1') {
  sessionStorage.setItem('chalkmesh.joined.dev', 'listen');
} else {
  sessionStorage.clear();
}
const theme = wanted.get('theme');
if (theme) {
  document.documentElement.dataset.theme = theme;
}

declare global {
  var room: MemoryRoom | undefined;
}

const root = document.getElementById('app');
if (root) {
  render(
    <App
      lesson="dev"
      csrf="dev"
      portal={portal}
      openSession={async () => {
        globalThis.room = makeRoom();
        return globalThis.room;
      }}
      onLeft={() => location.reload()}
    />,
    root,
  );
}
