/** How one media element is kept with the master clock. Pure: what the element says and where time stands → what to do. */

export interface TrackSpan {
  readonly start_ms: number;
  /** room_ms = start_ms + rate × file_ms */
  readonly rate: number;
  readonly end_ms: number;
}

export interface ElementState {
  readonly current_s: number;
  /** HTMLMediaElement.readyState. */
  readonly ready: number;
  readonly seeking: boolean;
  readonly ended: boolean;
  /** Nothing can be played at this place: the file is unreadable, or has a hole here. */
  readonly isInert: boolean;
  /** It has been waited for too long: it is still steered, but nothing waits for it. */
  readonly isGivenUp: boolean;
  /** Its rate is bent at the moment. */
  readonly isBent: boolean;
}

export interface Master {
  readonly position_ms: number;
  readonly speed: number;
  /** The person wants it to play. */
  readonly playing: boolean;
  /** Time stands still for a track that is loading. */
  readonly held: boolean;
}

export interface Steering {
  /** Inside the track's time: its picture is shown and it is waited for. */
  readonly isActive: boolean;
  /** Close enough ahead that it should load. */
  readonly isNear: boolean;
  readonly seek_s: number | null;
  readonly rate: number;
  readonly isBent: boolean;
  readonly play: boolean;
  /** The master must wait for this track. */
  readonly waits: boolean;
}

/** Beyond this the element is put where it belongs; below, it runs a little faster or slower until it is there. */
export const HARD_SEEK_MS = 150;
/**
 * Bending begins beyond the one and ends within the other. Chromium reports time in steps of about 18 ms, and every change
 * of an element's rate costs it a few ms of sound: bending all the time keeps it late (measured: −20…−35 ms for ever).
 */
export const BEND_FROM_MS = 45;
const IN_SYNC_MS = 18;
/** The most that a rate is bent; more would be heard in the pitch-corrected sound. */
const MOST_BEND = 0.05;
const LEAST_BEND = 0.02;
const RESEEK_MS = 1_000;
const PRELOAD_MS = 4_000;
const HAVE_FUTURE_DATA = 3;
/** A track's last frames may be missing to its stated end; nobody waits for those. */
const END_SLACK_MS = 250;

export function steer(track: TrackSpan, element: ElementState, master: Master): Steering {
  const { position_ms, speed } = master;
  const isActive = position_ms >= track.start_ms && position_ms < track.end_ms;
  const isNear = position_ms >= track.start_ms - PRELOAD_MS * speed && position_ms < track.end_ms;
  const baseRate = speed / track.rate;
  if (!isActive || element.isInert) {
    const rewinds = isNear && !isActive && !element.isInert && !element.seeking && element.current_s > 0.05;
    const seek_s = rewinds ? 0 : null;
    return { isActive, isNear, seek_s, rate: baseRate, isBent: false, play: false, waits: false };
  }
  const target_s = (position_ms - track.start_ms) / track.rate / 1_000;
  const drift_ms = (element.current_s - target_s) * 1_000;
  // While time runs and the rate is high, the place moves on between two looks: allow for it.
  const allowed_ms = master.playing ? HARD_SEEK_MS * Math.max(1, speed) : IN_SYNC_MS;
  const isFar = Math.abs(drift_ms) > allowed_ms;
  // While seeking, an element already reports the place it goes to. Being far from ours, it goes to an old one: at once
  // when time stands still; when it runs, only if it is worth beginning over.
  const mayReseek = !master.playing || master.held || Math.abs(drift_ms) > RESEEK_MS;
  const seek_s = isFar && (!element.seeking || mayReseek) ? target_s : null;
  const isAtEnd = element.ended || position_ms > track.end_ms - END_SLACK_MS;
  const waits = !isAtEnd && !element.isGivenUp && (element.seeking || element.ready < HAVE_FUTURE_DATA || isFar);
  const isBent = Math.abs(drift_ms) > (element.isBent ? IN_SYNC_MS : BEND_FROM_MS);
  return {
    isActive,
    isNear,
    seek_s,
    rate: baseRate * (1 + (isBent ? bendFor(drift_ms) : 0)),
    isBent,
    play: master.playing && !master.held && !element.ended,
    waits,
  };
}

/** In steps of a hundredth, so that the rate changes a few times on the way back and not with every frame. */
function bendFor(drift_ms: number): number {
  const size = Math.min(MOST_BEND, Math.max(LEAST_BEND, Math.round(Math.abs(drift_ms) / 20) / 100));
  return drift_ms > 0 ? -size : size;
}

/** The file's place for a moment of the room, in seconds. */
export function fileTime(track: TrackSpan, room_ms: number): number {
  return (room_ms - track.start_ms) / track.rate / 1_000;
}
