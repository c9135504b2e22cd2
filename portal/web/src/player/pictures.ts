/** The pictures on a recording's boards: from the portal, by their hash. */

import type { Pictures } from '../board/painter';
import { type PictureBytes, PictureCache } from '../board/pictureCache';

/** Between two looks for one that has not come to the recorder of a running lesson yet. */
const AGAIN_MS = 5_000;

/** Where a recording's pictures are, as far as is known. */
export interface PictureSource {
  /** Address of the folder; null while nothing is known of it, or where there is none. */
  readonly assets: string | null;
  /** The lesson is still running: what is not there may come. */
  readonly isRunning: boolean;
}

export class RecordingPictures {
  /** Called when one can be painted. */
  onCome: () => void = () => undefined;
  private readonly abort = new AbortController();
  private readonly cache: PictureCache;
  readonly picture: Pictures;

  constructor(
    private readonly source: () => PictureSource,
    decode?: (blob: Blob) => Promise<ImageBitmap>,
    private readonly again_ms = AGAIN_MS,
  ) {
    this.cache = new PictureCache(
      (asset) => this.get(asset),
      () => this.onCome(),
      decode,
    );
    this.picture = this.cache.picture;
  }

  close(): void {
    this.onCome = () => undefined;
    this.abort.abort();
    this.cache.close();
  }

  private async get(asset: string): Promise<PictureBytes> {
    const { signal } = this.abort;
    for (;;) {
      const { assets, isRunning } = this.source();
      const answer = assets
        ? await fetch(`${assets}/${encodeURIComponent(asset)}`, { signal, credentials: 'same-origin' })
        : null;
      if (answer?.ok) {
        return {
          data: new Uint8Array(await answer.arrayBuffer()),
          mime: answer.headers.get('Content-Type') ?? '',
        };
      }
      if (!isRunning) {
        throw new RangeError(`no such picture (${answer?.status ?? 'nowhere'})`);
      }
      await pause(this.again_ms, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
