import type { Playback } from './playback';

/** What end-to-end tests and the browser's console hold the player by. Lesson times in ms. */
export interface PlayerHandle {
  seek(ms: number): void;
  play(): void;
  pause(): void;
  positionMs(): number;
  durationMs(): number;
  /** All documents at this moment, as the classroom's `boardContent()` tells them. */
  boardContent(): string;
  /** How far each playing element is from the clock, ms. */
  drifts(): readonly { readonly user: string; readonly kind: string; readonly drift_ms: number }[];
  /** The recording is there, and read to its end. */
  readonly ready: boolean;
}

declare global {
  var chalkmeshPlayer: PlayerHandle | undefined;
}

export function mountForTests(playback: Playback): void {
  globalThis.chalkmeshPlayer = {
    seek: (ms) => playback.seek(ms),
    play: () => playback.play(),
    pause: () => playback.pause(),
    positionMs: () => playback.position_ms,
    durationMs: () => playback.duration_ms,
    boardContent: () => playback.recording.contentAt(playback.clock.start_ms + playback.position_ms),
    drifts: () => playback.tracks.drifts(playback.clock.start_ms + playback.position_ms),
    get ready() {
      return playback.phase.peek() === 'ready' && playback.recording.readUntil_ms === Number.POSITIVE_INFINITY;
    },
  };
}
