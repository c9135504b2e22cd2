/** Pictures of a board by their hash: fetched when first seen, decoded within bounds, forgotten when others are wanted more. */

import type { Bytes } from '../core/bytes';
import { isDecodable } from './imageSize';

export interface PictureBytes {
  readonly data: Bytes;
  readonly mime: string;
}

/** Decoded pictures kept: about what a few pages show. A page of a PDF has some 4 million pixels, 16 MB. */
const MOST_KEPT = 48;
const MOST_PIXELS_KEPT = 48_000_000;
/** Fetched and decoded at the same time: the pages of a PDF at a glance would fill the memory of a small device. */
const MOST_AT_ONCE = 4;
/** After how long one that could not be had is asked for again. */
const AGAIN_MS = 15_000;

type Entry =
  | { readonly kind: 'coming'; readonly done: Promise<void> }
  | { readonly kind: 'here'; readonly bitmap: ImageBitmap }
  | { readonly kind: 'failed'; readonly atMs: number };

export class PictureCache {
  private readonly entries = new Map<string, Entry>();
  private readonly waiting: (() => void)[] = [];
  private loading = 0;

  /** `get` rejects when nobody has it; `onCome` is called when one can be painted. */
  constructor(
    private readonly get: (asset: string) => Promise<PictureBytes>,
    private readonly onCome: () => void,
    private readonly decode: (blob: Blob) => Promise<ImageBitmap> = (blob) => createImageBitmap(blob),
  ) {}

  /** The picture, or null while it is on its way. */
  readonly picture = (asset: string): ImageBitmap | null => {
    const entry = this.entries.get(asset);
    if (entry?.kind === 'here') {
      // Last used, last forgotten.
      this.entries.delete(asset);
      this.entries.set(asset, entry);
      return entry.bitmap;
    }
    if (!entry || (entry.kind === 'failed' && performance.now() - entry.atMs > AGAIN_MS)) {
      // A turn later, so that nothing can have come before it is known to be coming.
      this.entries.set(asset, { kind: 'coming', done: Promise.resolve().then(() => this.loadInTurn(asset)) });
    }
    return null;
  };

  /**
   * Asks for pictures, and resolves when each of them can be painted or cannot be had now: whether any had to be waited
   * for. Never rejects.
   */
  async whenHere(assets: Iterable<string>): Promise<boolean> {
    const coming = [...assets].flatMap((asset) => {
      this.picture(asset);
      const entry = this.entries.get(asset);
      return entry?.kind === 'coming' ? entry.done : [];
    });
    await Promise.all(coming);
    return coming.length > 0;
  }

  close(): void {
    for (const entry of this.entries.values()) {
      if (entry.kind === 'here') {
        entry.bitmap.close();
      }
    }
    this.entries.clear();
  }

  private async loadInTurn(asset: string): Promise<void> {
    if (this.loading >= MOST_AT_ONCE) {
      await new Promise<void>((go) => this.waiting.push(go));
    } else {
      this.loading += 1;
    }
    await this.load(asset);
    // Whoever waits takes this place over.
    const next = this.waiting.shift();
    if (next) {
      next();
    } else {
      this.loading -= 1;
    }
  }

  private async load(asset: string): Promise<void> {
    try {
      const { data, mime } = await this.get(asset);
      if (!isDecodable(data)) {
        throw new RangeError('a picture that is not decoded');
      }
      this.keep(asset, await this.decode(new Blob([data], { type: mime })));
      this.onCome();
    } catch {
      // Nobody has it now, or it is no picture: its frame stays empty, and it is asked for again later.
      this.entries.set(asset, { kind: 'failed', atMs: performance.now() });
    }
  }

  private keep(asset: string, bitmap: ImageBitmap): void {
    this.entries.delete(asset);
    this.entries.set(asset, { kind: 'here', bitmap });
    let pixels = 0;
    for (const entry of this.entries.values()) {
      pixels += pixelsOf(entry);
    }
    for (const [oldest, entry] of this.entries) {
      // The newest stays, however large.
      if (oldest === asset || (this.entries.size <= MOST_KEPT && pixels <= MOST_PIXELS_KEPT)) {
        return;
      }
      pixels -= pixelsOf(entry);
      this.entries.delete(oldest);
      if (entry.kind === 'here') {
        entry.bitmap.close();
      }
    }
  }
}

const pixelsOf = (entry: Entry): number => (entry.kind === 'here' ? entry.bitmap.width * entry.bitmap.height : 0);
