import { isTyping } from '../board/keyboard';
import { SPEEDS } from './clock';
import type { Playback } from './playback';

const STEP_MS = 5_000;
const LONG_STEP_MS = 10_000;
/** One frame of a camera at 25 a second. */
const FRAME_MS = 40;

/** What each key does; letters as people type them on any layout. */
const KEYS: Record<string, (playback: Playback) => void> = {
  ' ': (playback) => playback.toggle(),
  k: (playback) => playback.toggle(),
  ArrowLeft: (playback) => playback.seek(playback.position_ms - STEP_MS),
  ArrowRight: (playback) => playback.seek(playback.position_ms + STEP_MS),
  j: (playback) => playback.seek(playback.position_ms - LONG_STEP_MS),
  l: (playback) => playback.seek(playback.position_ms + LONG_STEP_MS),
  ',': (playback) => stepFrame(playback, -FRAME_MS),
  '.': (playback) => stepFrame(playback, FRAME_MS),
  '<': (playback) => changeSpeed(playback, -1),
  '>': (playback) => changeSpeed(playback, 1),
  m: (playback) => playback.setVolume(playback.volume.peek(), !playback.muted.peek()),
  s: (playback) => playback.setSkipping(!playback.skipping.peek()),
  f: (playback) => playback.board.fit(),
  c: (playback) => playback.choose({ ...playback.view.peek(), captions: !playback.view.peek().captions }),
  Home: (playback) => playback.seek(0),
  End: (playback) => playback.seek(playback.duration_ms),
};

function stepFrame(playback: Playback, by_ms: number): void {
  playback.pause();
  playback.seek(playback.position_ms + by_ms);
}

function changeSpeed(playback: Playback, by: number): void {
  const at = SPEEDS.indexOf(playback.speed.peek() as (typeof SPEEDS)[number]);
  const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))];
  if (at >= 0 && next) {
    playback.setSpeed(next);
  }
}

/** Handles a key of the whole page. A focused button keeps its space and enter; a slider keeps its arrows. */
export function handlePlayerKey(playback: Playback, event: KeyboardEvent): void {
  const isRange = event.target instanceof HTMLInputElement && event.target.type === 'range';
  if (
    (isTyping(event.target) && !isRange) ||
    (isRange && event.key.startsWith('Arrow')) ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey
  ) {
    return;
  }
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (event.key === ' ' && target?.closest('button, a, summary')) {
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (/^[0-9]$/.test(key)) {
    playback.seek((playback.duration_ms * Number(key)) / 10);
    event.preventDefault();
    return;
  }
  const act = KEYS[key];
  if (act) {
    act(playback);
    event.preventDefault();
  }
}
