import { LoadError, loadManifest, loadTimeline } from './loader';
import type { Manifest } from './manifest';
import type { Recording } from './recording';

export interface SourceListener {
  onManifest(manifest: Manifest): void;
  onRecords(isBackFill: boolean): void;
  /** The timeline that there is has been read. */
  onEnd(isDamaged: boolean): void;
  onFailure(sentence: string): void;
  /** Whether the last request got through; only said of a recording that came before. */
  onReach(isReached: boolean): void;
  /** There is nothing yet; it is asked for again by itself. */
  onEarly(sentence: string): void;
}

/** A running lesson is asked for news this often. */
const LIVE_POLL_MS = 2_000;
/** A finished one whose film is still being made, this often. */
const FILM_POLL_MS = 10_000;

/** Brings a recording into memory, and keeps it up to date while it is being written. Owns its one task. */
export class RecordingSource {
  #abort: AbortController | null = null;
  /** Records of the stream from the beginning that were taken. */
  #taken = 0;

  constructor(
    private readonly url: string,
    private readonly recording: Recording,
    private readonly listener: SourceListener,
  ) {}

  /** Starts, or starts again after a failure. */
  open(): void {
    this.close();
    const abort = new AbortController();
    this.#abort = abort;
    this.#run(abort.signal).catch((error: unknown) => {
      if (abort.signal.aborted) {
        return;
      }
      if (!(error instanceof LoadError)) {
        throw error;
      }
      this.listener.onFailure(error.message);
    });
  }

  close(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let manifest = await this.#first(signal);
    this.listener.onManifest(manifest);
    let token = await this.#readWhole(manifest.timeline, signal);
    while (manifest.state === 'recording' || (manifest.state === 'sealed' && manifest.film === null)) {
      const wasRecording = manifest.state === 'recording';
      await pause(wasRecording ? LIVE_POLL_MS : FILM_POLL_MS, signal);
      try {
        manifest = await loadManifest(this.url, signal);
        this.listener.onReach(true);
        this.listener.onManifest(manifest);
        if (wasRecording) {
          token = await this.#read(manifest.timeline, token, signal);
        }
      } catch (error) {
        // Out of reach for a while: what is there plays on, and the next round may succeed.
        if (!(error instanceof LoadError && error.isPassing)) {
          throw error;
        }
        this.listener.onReach(false);
      }
    }
  }

  /** The first manifest; waits for a lesson whose recording is only about to begin. */
  async #first(signal: AbortSignal): Promise<Manifest> {
    for (;;) {
      try {
        return await loadManifest(this.url, signal);
      } catch (error) {
        if (!(error instanceof LoadError && error.isEarly)) {
          throw error;
        }
        this.listener.onEarly(error.message);
      }
      await pause(LIVE_POLL_MS, signal);
    }
  }

  /** Reads from the beginning; when the line breaks half-way, again until it holds. Returns the token to go on from. */
  async #readWhole(url: string, signal: AbortSignal): Promise<string> {
    for (;;) {
      try {
        const token = await this.#read(url, '', signal);
        this.listener.onReach(true);
        return token;
      } catch (error) {
        if (!(error instanceof LoadError && error.isLineGone)) {
          throw error;
        }
        this.listener.onReach(false);
      }
      await pause(LIVE_POLL_MS, signal);
    }
  }

  /** Returns the token to go on from. */
  async #read(url: string, after: string, signal: AbortSignal): Promise<string> {
    let seen = 0;
    const end = await loadTimeline(url, after, signal, (records) => {
      // What came before the line broke comes again, in the same order.
      const known = after === '' ? Math.min(records.length, Math.max(0, this.#taken - seen)) : 0;
      seen += records.length;
      this.#taken = after === '' ? Math.max(this.#taken, seen) : this.#taken;
      this.listener.onRecords(this.recording.add(records.slice(known)));
    });
    if (end.token || end.isDamaged) {
      this.recording.complete();
    }
    this.listener.onEnd(end.isDamaged);
    return end.token || after;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
