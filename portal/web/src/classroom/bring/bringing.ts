/** One go at bringing in pages: what is chosen, opened, shown for choosing, and put onto the board. */

import { computed, signal } from '@preact/signals';
import type { PageId } from '../../core/ids';
import { PortalError } from '../../net/portal';
import { t } from '../../ui/i18n';
import type { PageFrame } from './frames';
import type { Material, OpenedPdf, PagesPortal } from './pagesPortal';

/** Thumbnails asked for at a time: the first are there while the next are drawn. */
const THUMBNAILS = 20;

export interface Thumbnail {
  readonly page: number;
  /** null: not here yet, or cannot be drawn. */
  readonly picture: ImageBitmap | null;
  readonly failure: string;
}

export type BringStep =
  | { readonly name: 'source' }
  | { readonly name: 'opening'; readonly title: string }
  | { readonly name: 'choose'; readonly title: string; readonly pdf: OpenedPdf }
  | { readonly name: 'bringing'; readonly done: number; readonly of: number };

export interface BringHooks {
  readonly put: (frame: PageFrame, title: string, after: PageId | null) => Promise<PageId>;
  readonly placePicture: (file: File) => Promise<void>;
  /** All that could be is on the board; the first new page. */
  readonly finished: (first: PageId | null, failures: readonly string[]) => void;
}

export class Bringing {
  readonly step = signal<BringStep>({ name: 'source' });
  /** null: on its way. */
  readonly materials = signal<readonly Material[] | null>(null);
  readonly thumbnails = signal<ReadonlyMap<number, Thumbnail>>(new Map());
  readonly chosen = signal<ReadonlySet<number>>(new Set());
  /** Why the last thing did not go, for a person. */
  readonly failure = signal('');
  readonly tooMany = computed(() => {
    const step = this.step.value;
    return step.name === 'choose' && this.chosen.value.size > step.pdf.most;
  });
  private readonly stop = new AbortController();

  constructor(
    private readonly portal: PagesPortal,
    private readonly hooks: BringHooks,
  ) {}

  close(): void {
    this.stop.abort();
    for (const { picture } of this.thumbnails.value.values()) {
      picture?.close();
    }
  }

  async loadMaterials(): Promise<void> {
    try {
      this.materials.value = await this.portal.materials();
    } catch (error) {
      // The PDF on one's own computer can be brought in all the same.
      this.materials.value = [];
      this.told(error);
    }
  }

  async openFile(file: File): Promise<void> {
    if (file.type.startsWith('image/')) {
      await this.placePicture(() => Promise.resolve(file));
      return;
    }
    const title = file.name.replace(/\.pdf$/i, '');
    await this.open(title, () => this.portal.openFile(file, this.stop.signal));
  }

  async openMaterial(material: Material): Promise<void> {
    if (material.kind === 'pdf') {
      await this.open(material.title, () => this.portal.openMaterial(material));
    } else {
      await this.placePicture(() => this.portal.picture(material));
    }
  }

  toggle(page: number): void {
    const chosen = new Set(this.chosen.value);
    if (!chosen.delete(page)) {
      chosen.add(page);
    }
    this.chosen.value = chosen;
  }

  chooseAll(isChosen: boolean): void {
    const step = this.step.value;
    const pages = step.name === 'choose' && isChosen ? pagesOf(step.pdf) : [];
    this.chosen.value = new Set(pages);
  }

  back(): void {
    this.failure.value = '';
    this.step.value = { name: 'source' };
  }

  /** Puts the chosen pages onto the board, in their order. */
  async bring(): Promise<void> {
    const step = this.step.value;
    if (step.name !== 'choose') {
      return;
    }
    const { pdf, title } = step;
    const numbers = [...this.chosen.value].sort((a, b) => a - b);
    const failures: string[] = [];
    let [first, last]: (PageId | null)[] = [null, null];
    let done = 0;
    this.failure.value = '';
    this.step.value = { name: 'bringing', done, of: numbers.length };
    try {
      for await (const frame of this.portal.pages(pdf, numbers, 'sheet', this.stop.signal)) {
        if (frame.failure !== '') {
          failures.push(frame.failure);
        } else {
          last = await this.hooks.put(frame, title, last ?? null);
          first ??= last;
        }
        done += 1;
        this.step.value = { name: 'bringing', done, of: numbers.length };
      }
      this.hooks.finished(first ?? null, failures);
    } catch (error) {
      // What is on the board stays there; the rest can be chosen again.
      this.chosen.value = new Set(numbers.slice(done));
      this.step.value = step;
      this.told(error);
    }
  }

  private async open(title: string, run: () => Promise<OpenedPdf>): Promise<void> {
    this.failure.value = '';
    this.step.value = { name: 'opening', title };
    try {
      const pdf = await run();
      this.thumbnails.value = new Map();
      this.chosen.value = new Set(pdf.pages <= THUMBNAILS ? pagesOf(pdf) : []);
      this.step.value = { name: 'choose', title, pdf };
      await this.loadThumbnails(pdf);
    } catch (error) {
      if (this.step.value.name === 'opening') {
        this.step.value = { name: 'source' };
      }
      this.told(error);
    }
  }

  private async loadThumbnails(pdf: OpenedPdf): Promise<void> {
    const pages = pagesOf(pdf);
    for (let at = 0; at < pages.length; at += THUMBNAILS) {
      const batch = pages.slice(at, at + THUMBNAILS);
      for await (const frame of this.portal.pages(pdf, batch, 'thumbnail', this.stop.signal)) {
        const { page, failure } = frame;
        const picture = failure === '' ? await createImageBitmap(new Blob([frame.picture])) : null;
        if (this.stop.signal.aborted) {
          picture?.close();
          return;
        }
        this.thumbnails.value = new Map(this.thumbnails.value).set(page, { page, picture, failure });
      }
    }
  }

  private async placePicture(file: () => Promise<File>): Promise<void> {
    this.failure.value = '';
    try {
      await this.hooks.placePicture(await file());
      this.hooks.finished(null, []);
    } catch (error) {
      this.told(error);
    }
  }

  private told(error: unknown): void {
    if (this.stop.signal.aborted) {
      return;
    }
    this.failure.value =
      error instanceof PortalError ? error.message : t('The connection broke off. Try again: nothing is lost.');
    if (!(error instanceof PortalError)) {
      reportError(error);
    }
  }
}

const pagesOf = (pdf: OpenedPdf): number[] => Array.from({ length: pdf.pages }, (_, at) => at + 1);
