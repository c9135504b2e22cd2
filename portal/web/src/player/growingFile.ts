import { type ClusterAt, findCluster } from './webm';

/**
 * Plays a WebM file that has neither cues nor a duration: one that is still being written, or was cut short. Browsers
 * cannot seek in such a file by `src`; here its clusters are appended to a MediaSource, beginning wherever one looks.
 */
export type FetchRange = (
  url: string,
  from: number,
  to: number,
  signal: AbortSignal,
) => Promise<Uint8Array<ArrayBuffer>>;

const CHUNK_BYTES = 128 * 1024;
/** Kept loaded ahead and behind, seconds of file time. */
const AHEAD_S = 20;
const BEHIND_S = 20;
/** Video begins at a keyframe, and one comes every ten seconds. */
const KEYFRAME_S = 10;
/** Longer than any hole inside one file (docs/recording.md: 2 s). */
const HOLE_S = 2.5;
const MOST_PROBES = 8;
/** Any finite length longer than a lesson, so that the browser accepts every place as seekable. */
const ANY_LENGTH_S = 24 * 3_600;
/** Asked for again no sooner than this when the file had not grown. */
const RETRY_MS = 700;

export class GrowingFile {
  readonly #source = new MediaSource();
  readonly #objectUrl: string;
  readonly #abort = new AbortController();
  #buffer: SourceBuffer | null = null;
  #head: Uint8Array<ArrayBuffer> | null = null;
  #bytes: number;
  #next = 0;
  /** Where the run that is being appended begins; a seek before it needs another run. */
  #runStart_s = 0;
  #busy = false;
  /** The last request brought nothing: the server has not written as much as the manifest promised. */
  #dry = false;
  #idleUntil_ms = 0;
  #failed = false;

  constructor(
    element: HTMLMediaElement,
    private readonly file: { url: string; mime: string; isVideo: boolean },
    private readonly fetchRange: FetchRange,
    bytes: number,
  ) {
    this.#bytes = bytes;
    this.#objectUrl = URL.createObjectURL(this.#source);
    this.#source.addEventListener('sourceopen', () => this.#open(), { once: true });
    element.src = this.#objectUrl;
  }

  static supports(mime: string): boolean {
    return typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported(mime);
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** The file has grown to this size. */
  grow(bytes: number): void {
    this.#bytes = Math.max(this.#bytes, bytes);
  }

  /** Sees to it that the place is loaded. Call often; `length_s` is the file's length as known now. */
  want(place_s: number, length_s: number, now_ms: number): void {
    const buffer = this.#buffer;
    if (this.#busy || this.#failed || !buffer || buffer.updating || now_ms < this.#idleUntil_ms) {
      return;
    }
    const loadedTo = runEnd(buffer.buffered, this.#runStart_s, this.file.isVideo ? KEYFRAME_S + HOLE_S : HOLE_S);
    const isInRun = place_s >= this.#runStart_s && place_s <= loadedTo + AHEAD_S;
    if (isInRun && (loadedTo - place_s >= AHEAD_S || this.#next >= this.#bytes)) {
      return;
    }
    this.#busy = true;
    const work = isInRun || !this.#head ? this.#append(buffer, place_s) : this.#jump(buffer, place_s, length_s);
    work
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#busy = false;
        this.#idleUntil_ms = this.#dry || this.#next >= this.#bytes ? now_ms + RETRY_MS : 0;
      });
  }

  close(): void {
    this.#abort.abort();
    URL.revokeObjectURL(this.#objectUrl);
  }

  #open(): void {
    this.#source.duration = ANY_LENGTH_S;
    this.#buffer = this.#source.addSourceBuffer(this.file.mime);
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) {
      return;
    }
    if (error instanceof DOMException || error instanceof TypeError) {
      this.#failed = true;
      return;
    }
    throw error;
  }

  #fetch(from: number, to = from + CHUNK_BYTES): Promise<Uint8Array<ArrayBuffer>> {
    return this.fetchRange(this.file.url, from, Math.min(to, this.#bytes), this.#abort.signal);
  }

  async #append(buffer: SourceBuffer, place_s: number): Promise<void> {
    if (this.#next >= this.#bytes) {
      return;
    }
    const chunk = await this.#fetch(this.#next);
    this.#dry = chunk.length === 0;
    if (this.#dry) {
      return;
    }
    if (!this.#head) {
      const first = findCluster(chunk);
      this.#head = chunk.slice(0, first?.offset ?? chunk.length);
    }
    await this.#put(buffer, chunk, place_s);
    this.#next += chunk.length;
  }

  /** Begins another run: guesses the byte from the time, and looks for a cluster that lies before the place. */
  async #jump(buffer: SourceBuffer, place_s: number, length_s: number): Promise<void> {
    const lead_s = this.file.isVideo ? KEYFRAME_S + 1 : 1;
    const wanted_ms = Math.max(0, (place_s - lead_s) * 1_000);
    let guess = Math.floor(this.#bytes * Math.min(1, wanted_ms / 1_000 / Math.max(1, length_s)));
    let found: ClusterAt = { offset: this.#head?.length ?? 0, t_ms: 0 };
    for (let probe = 0; probe < MOST_PROBES && guess > found.offset; probe += 1) {
      const chunk = await this.#fetch(guess);
      const cluster = findCluster(chunk);
      if (cluster && cluster.t_ms <= wanted_ms + 1_000) {
        found = { offset: guess + cluster.offset, t_ms: cluster.t_ms };
        break;
      }
      guess = Math.floor(guess * 0.8) - CHUNK_BYTES / 2;
    }
    buffer.abort();
    if (this.#head) {
      await this.#put(buffer, this.#head, place_s);
    }
    this.#next = found.offset;
    this.#runStart_s = found.t_ms / 1_000;
    await this.#append(buffer, place_s);
  }

  async #put(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>, place_s: number): Promise<void> {
    await this.#drop(buffer, place_s);
    const done = updated(buffer);
    buffer.appendBuffer(bytes);
    await done;
  }

  /** Lets go of what lies far behind, so that an hour of lesson does not fill the browser's buffer. */
  async #drop(buffer: SourceBuffer, place_s: number): Promise<void> {
    const { buffered } = buffer;
    const from = buffered.length > 0 ? buffered.start(0) : 0;
    const to = place_s - BEHIND_S - KEYFRAME_S;
    if (to - from < 2 * BEHIND_S) {
      return;
    }
    const done = updated(buffer);
    buffer.remove(from, to);
    await done;
  }
}

function updated(buffer: SourceBuffer): Promise<void> {
  return new Promise((resolve, reject) => {
    buffer.addEventListener('updateend', () => resolve(), { once: true });
    buffer.addEventListener('error', () => reject(new DOMException('the file could not be read', 'DataError')), {
      once: true,
    });
  });
}

/**
 * The end of what is loaded without a hole from a place on. `lead_s`: how much later than its first cluster a run may
 * really begin, since what comes before the first keyframe is dropped.
 */
export function runEnd(buffered: TimeRanges, from_s: number, lead_s = HOLE_S): number {
  let end = from_s;
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.end(i) > end && buffered.start(i) <= end + (end === from_s ? lead_s : HOLE_S)) {
      end = buffered.end(i);
    }
  }
  return end;
}

/** Whether a place lies in a hole between two loaded stretches: nothing will ever come there. */
export function isInHole(buffered: TimeRanges, place_s: number): boolean {
  for (let i = 0; i + 1 < buffered.length; i += 1) {
    const hole_s = buffered.start(i + 1) - buffered.end(i);
    if (place_s >= buffered.end(i) - 0.05 && place_s < buffered.start(i + 1) && hole_s <= HOLE_S) {
      return true;
    }
  }
  return false;
}

export const fetchRange: FetchRange = async (url, from, to, signal) => {
  if (to <= from) {
    return new Uint8Array(0);
  }
  const response = await fetch(url, { headers: { Range: `bytes=${from}-${to - 1}` }, signal, cache: 'no-store' });
  if (response.status === 416) {
    return new Uint8Array(0);
  }
  if (!response.ok) {
    throw new TypeError(`media file: ${response.status}`);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.status === 206 ? bytes : bytes.subarray(from, to);
};
