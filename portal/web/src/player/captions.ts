import { signal } from '@preact/signals';
import { attempt } from './attempt';
import { fieldsOf, listOf, type RecordingPortal, textOf } from './portalCalls';

/** Words of one person. Times are room time in ms; `heard` is what the machine wrote where people corrected it. */
export interface Caption {
  readonly id: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly user: string;
  readonly text: string;
  readonly heard: string | null;
}

export interface Captions {
  /** In the order of their beginnings. */
  readonly list: readonly Caption[];
  readonly mayEdit: boolean;
}

export const NO_CAPTIONS: Captions = { list: [], mayEdit: false };
/** A caption stands a little longer than it was spoken, so that a short one can be read. */
const LINGERS_MS = 600;
/** Captions last at most as long as what a recogniser hears at once. */
const LONGEST_MS = 40_000;

export function parseCaptions(value: unknown): Captions {
  const { captions, editable } = fieldsOf(value);
  const list = listOf(captions).flatMap((entry): Caption[] => {
    const { id, from_ms, to_ms, user, text, heard } = fieldsOf(entry);
    if (typeof id !== 'number' || typeof from_ms !== 'number' || typeof to_ms !== 'number' || !(from_ms < to_ms)) {
      return [];
    }
    return [
      { id, from_ms, to_ms, user: textOf(user), text: textOf(text), heard: typeof heard === 'string' ? heard : null },
    ];
  });
  return { list: list.sort((a, b) => a.from_ms - b.from_ms), mayEdit: editable === true };
}

/** What is spoken at a moment: at most one caption a person, in the order in which they began. */
export function captionsAt(list: readonly Caption[], t_ms: number): Caption[] {
  const found = new Map<string, Caption>();
  for (let at = lastBegun(list, t_ms); at >= 0; at -= 1) {
    const caption = list[at] as Caption;
    if (caption.from_ms < t_ms - LONGEST_MS) {
      break;
    }
    if (t_ms < caption.to_ms + LINGERS_MS && caption.text && !found.has(caption.user)) {
      found.set(caption.user, caption);
    }
  }
  return [...found.values()].reverse();
}

/** The place of the caption that began last at or before a moment; −1 before the first. */
export function lastBegun(list: readonly Caption[], t_ms: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.from_ms ?? 0) <= t_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** The captions of a recording, kept on the portal. */
export class CaptionDesk {
  readonly captions = signal<Captions>(NO_CAPTIONS);
  /** A sentence about the last change that did not succeed. */
  readonly failure = signal('');

  constructor(private readonly portal: Pick<RecordingPortal, 'get' | 'post'>) {}

  /** Without captions the lesson plays all the same: no answer is no captions. */
  async load(): Promise<void> {
    await this.#attempt(() => this.portal.get('/captions'));
    this.failure.value = '';
  }

  /** Other words, or null for those of the machine. Returns whether the portal has it now. */
  change(id: number, words: string | null): Promise<boolean> {
    return this.#attempt(() => this.portal.post(`/captions/${id}`, { words }));
  }

  #attempt(call: () => Promise<unknown>): Promise<boolean> {
    return attempt(this.failure, call, (answer) => {
      this.captions.value = parseCaptions(answer);
    });
  }
}
