import { fetchRange, GrowingFile, isInHole } from './growingFile';
import type { RecordedTrack } from './manifest';
import { fileTime, type Master, steer } from './steer';

/** Everyone's sound and picture, each in an element of its own, kept with the master clock. */

/** Nobody waits longer than this for one track; it joins again when it is ready. */
const LONGEST_WAIT_MS = 6_000;
/** A picture is put up so much before its first frame's time, so that a lesson does not begin with avatars. */
const SHOWN_EARLY_MS = 1_500;
/** Files are let go of when playback is so far from them, so that a long lesson keeps few decoders. */
const RELEASE_MS = 60_000;

interface Deck {
  track: RecordedTrack;
  readonly element: HTMLMediaElement;
  growing: GrowingFile | null;
  isLoaded: boolean;
  isActive: boolean;
  isShown: boolean;
  isBent: boolean;
  waitedSince_ms: number | null;
  givenUp: boolean;
  broken: boolean;
}

export interface TracksState {
  /** The master must wait. */
  readonly waits: boolean;
  /** What is shown changed: a picture came or went, or a file proved unreadable. */
  readonly changed: boolean;
}

export class Tracks {
  readonly #decks = new Map<number, Deck>();
  readonly #onBlocked: () => void;
  #volume = 1;
  #hasVideo = true;
  #muted = false;

  constructor(
    private readonly host: HTMLElement,
    onBlocked: () => void,
  ) {
    this.#onBlocked = onBlocked;
  }

  /** Takes over what the manifest says now; known files keep playing. */
  update(tracks: readonly RecordedTrack[]): void {
    for (const track of tracks) {
      const deck = this.#decks.get(track.id);
      if (!deck) {
        this.#decks.set(track.id, this.#makeDeck(track));
        continue;
      }
      // A file that was closed meanwhile has cues now: it is opened anew the plain way when it is next needed.
      if (track.closed && !deck.track.closed && !deck.isActive) {
        this.#unload(deck);
      }
      deck.track = track;
      deck.growing?.grow(track.bytes);
    }
  }

  /** One look at every element; call about once a frame. */
  tick(master: Master, now_ms: number): TracksState {
    let waits = false;
    let changed = false;
    for (const deck of this.#decks.values()) {
      const wasShown = deck.isShown;
      const wasBroken = deck.broken;
      waits = this.#steer(deck, master, now_ms) || waits;
      changed ||= wasShown !== deck.isShown || wasBroken !== deck.broken;
    }
    return { waits, changed };
  }

  /** Someone moved elsewhere: tracks that were given up get another chance. */
  retry(): void {
    for (const deck of this.#decks.values()) {
      deck.givenUp = false;
      deck.waitedSince_ms = null;
    }
  }

  /** The element of a person's picture at this moment: of several the one that started last. */
  picture(user: string): HTMLVideoElement | null {
    const deck = this.#latest(user, 'video');
    return deck && !deck.broken && deck.element instanceof HTMLVideoElement ? deck.element : null;
  }

  sound(user: string): HTMLMediaElement | null {
    const deck = this.#latest(user, 'audio');
    return deck && !deck.broken ? deck.element : null;
  }

  /** Users some of whose files could not be played. */
  brokenUsers(): ReadonlySet<string> {
    return new Set([...this.#decks.values()].filter((deck) => deck.broken).map((deck) => deck.track.user));
  }

  setVolume(volume: number, muted: boolean): void {
    this.#volume = volume;
    this.#muted = muted;
    for (const { element, track } of this.#decks.values()) {
      element.volume = volume;
      element.muted = muted || track.kind === 'video';
    }
  }

  /** Without pictures their files are let go of, and not loaded. */
  setVideo(isWanted: boolean): void {
    this.#hasVideo = isWanted;
  }

  /** Files that could not be read are tried anew: the line was gone, and is back. */
  revive(): void {
    for (const deck of this.#decks.values()) {
      if (deck.broken) {
        this.#unload(deck);
        deck.broken = false;
      }
    }
    this.retry();
  }

  /** For tests: where each active element stands against the clock, ms. */
  drifts(position_ms: number): { user: string; kind: string; drift_ms: number }[] {
    return [...this.#decks.values()]
      .filter((deck) => deck.isActive && !deck.broken)
      .map(({ track, element }) => ({
        user: track.user,
        kind: track.kind,
        drift_ms: (element.currentTime - fileTime(track, position_ms)) * 1_000,
      }));
  }

  close(): void {
    for (const deck of this.#decks.values()) {
      this.#unload(deck);
      deck.element.remove();
    }
    this.#decks.clear();
  }

  #latest(user: string, kind: 'audio' | 'video'): Deck | null {
    let latest: Deck | null = null;
    for (const deck of this.#decks.values()) {
      if (deck.isShown && deck.track.user === user && deck.track.kind === kind) {
        latest = !latest || deck.track.start_ms >= latest.track.start_ms ? deck : latest;
      }
    }
    return latest;
  }

  #makeDeck(track: RecordedTrack): Deck {
    const element = document.createElement(track.kind);
    element.preload = 'auto';
    element.volume = this.#volume;
    element.muted = this.#muted || track.kind === 'video';
    element.preservesPitch = true;
    element.dataset.user = track.user;
    if (element instanceof HTMLVideoElement) {
      element.playsInline = true;
      element.disablePictureInPicture = true;
    } else {
      this.host.append(element);
    }
    const deck: Deck = {
      track,
      element,
      growing: null,
      isLoaded: false,
      isActive: false,
      isShown: false,
      isBent: false,
      waitedSince_ms: null,
      givenUp: false,
      broken: false,
    };
    element.addEventListener('error', () => {
      deck.broken = deck.isLoaded;
    });
    return deck;
  }

  #load(deck: Deck): void {
    const { track, element } = deck;
    deck.isLoaded = true;
    if (!track.closed && GrowingFile.supports(track.mime)) {
      const file = { url: track.url, mime: track.mime, isVideo: track.kind === 'video' };
      deck.growing = new GrowingFile(element, file, fetchRange, track.bytes);
    } else {
      // While it grew, the browser may have kept an older beginning of this file.
      element.src = `${track.url}?v=${track.bytes}`;
    }
  }

  #unload(deck: Deck): void {
    if (!deck.isLoaded) {
      return;
    }
    deck.isLoaded = false;
    deck.growing?.close();
    deck.growing = null;
    deck.element.removeAttribute('src');
    deck.element.load();
  }

  /** Returns whether the master must wait for this one. */
  #steer(deck: Deck, master: Master, now_ms: number): boolean {
    const { track, element } = deck;
    if (track.kind === 'video' && !this.#hasVideo) {
      this.#unload(deck);
      deck.isActive = false;
      deck.isShown = false;
      return false;
    }
    const place_s = fileTime(track, master.position_ms);
    const inHole = deck.growing !== null && isInHole(element.buffered, place_s);
    const isInert = deck.broken || inHole || (deck.growing?.failed ?? false);
    const steering = steer(
      track,
      {
        current_s: element.currentTime,
        ready: element.readyState,
        seeking: element.seeking,
        ended: element.ended,
        isInert,
        isGivenUp: deck.givenUp,
        isBent: deck.isBent,
      },
      master,
    );
    deck.isActive = steering.isActive;
    deck.isBent = steering.isBent;
    const { position_ms } = master;
    deck.isShown = position_ms >= track.start_ms - SHOWN_EARLY_MS && position_ms < track.end_ms;
    if (steering.isNear && !deck.isLoaded && !deck.broken) {
      this.#load(deck);
    }
    const distance_ms = Math.max(track.start_ms - master.position_ms, master.position_ms - track.end_ms);
    if (distance_ms > RELEASE_MS) {
      this.#unload(deck);
    }
    if (!deck.isLoaded) {
      return false;
    }
    deck.growing?.want(Math.max(0, place_s), fileTime(track, track.end_ms), now_ms);
    this.#apply(deck, steering.seek_s, steering.rate, steering.play);
    return this.#waits(deck, steering.waits, now_ms);
  }

  #apply({ element }: Deck, seek_s: number | null, rate: number, play: boolean): void {
    // Before its metadata an element forgets a place it was put to.
    if (seek_s !== null && element.readyState >= HTMLMediaElement.HAVE_METADATA) {
      element.currentTime = seek_s;
    }
    if (Math.abs(element.playbackRate - rate) > 0.001) {
      element.playbackRate = rate;
    }
    if (play && element.paused) {
      element.play().catch((error: unknown) => {
        // AbortError: paused again before it began. NotSupportedError: the `error` event tells.
        if (error instanceof DOMException && error.name === 'NotAllowedError') {
          this.#onBlocked();
        }
      });
    } else if (!play && !element.paused) {
      element.pause();
    }
  }

  #waits(deck: Deck, waits: boolean, now_ms: number): boolean {
    if (!waits) {
      deck.waitedSince_ms = null;
      // Caught up: from now on it is waited for again.
      deck.givenUp &&= deck.element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
      return false;
    }
    deck.waitedSince_ms ??= now_ms;
    if (now_ms - deck.waitedSince_ms > LONGEST_WAIT_MS) {
      deck.givenUp = true;
      deck.waitedSince_ms = null;
      return false;
    }
    return true;
  }
}
