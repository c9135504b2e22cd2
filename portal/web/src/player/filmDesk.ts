import { signal } from '@preact/signals';
import { phrase, t } from '../ui/i18n';
import { attempt } from './attempt';
import { fieldsOf, listOf, numberOf, type RecordingPortal, textOf } from './portalCalls';

/** What can be chosen, in the portal's words, with those for people. */
export const LAYOUTS = {
  tiles: phrase('Board and cameras'),
  board: phrase('Board alone'),
  speaker: phrase('Board and speaker'),
};
export const HEIGHTS = { 720: '720p', 1080: '1080p' };
export const FORMATS = { mp4: 'MP4', webm: 'WebM' };
export const FILM_CAPTIONS = {
  soft: phrase('Captions to switch on'),
  burnt: phrase('Captions in picture'),
  none: phrase('No captions'),
};

export interface Wish {
  readonly layout: keyof typeof LAYOUTS;
  readonly height: keyof typeof HEIGHTS;
  readonly format: keyof typeof FORMATS;
  readonly captions: keyof typeof FILM_CAPTIONS;
}

export interface Film extends Wish {
  readonly id: string;
  readonly state: 'asked' | 'done' | 'failed';
  /** 0…1. */
  readonly progress: number;
  readonly detail: string;
  readonly bytes: number;
  readonly file: string | null;
  readonly isRemovable: boolean;
}

export interface Films {
  readonly list: readonly Film[];
  /** The one that every lesson has. */
  readonly own: string | null;
  readonly hasCaptions: boolean;
  /** Corrected captions are on their way into the lesson's own film. */
  readonly isLate: boolean;
  readonly keptDays: number;
}

const NONE: Films = { list: [], own: null, hasCaptions: false, isLate: false, keptDays: 0 };

export function parseFilms(value: unknown): Films {
  const { films, own, captions, late, kept_days } = fieldsOf(value);
  const list = listOf(films).flatMap((entry): Film[] => {
    const film = fieldsOf(entry);
    const { layout, height, format, state } = film;
    const shown = film.captions;
    if (
      !textOf(film.id) ||
      !isKey(LAYOUTS, layout) ||
      !(height === 720 || height === 1080) ||
      !isKey(FORMATS, format) ||
      !isKey(FILM_CAPTIONS, shown) ||
      !(state === 'asked' || state === 'done' || state === 'failed')
    ) {
      return [];
    }
    return [
      {
        id: textOf(film.id),
        layout,
        height,
        format,
        captions: shown,
        state,
        progress: Math.min(1, Math.max(0, numberOf(film.progress))),
        detail: textOf(film.detail),
        bytes: numberOf(film.bytes),
        file: textOf(film.file) || null,
        isRemovable: film.removable === true,
      },
    ];
  });
  return {
    list,
    own: textOf(own) || null,
    hasCaptions: captions === true,
    isLate: late === true,
    keptDays: numberOf(kept_days),
  };
}

const isKey = <T extends object>(table: T, key: unknown): key is keyof T =>
  typeof key === 'string' && Object.hasOwn(table, key);

/** What a film is, in a line. */
export const filmWords = ({ layout, height, format, captions }: Wish): string =>
  [
    `${t(LAYOUTS[layout])}, ${HEIGHTS[height]} ${FORMATS[format]}`,
    ...(captions === 'none' ? [] : [t(FILM_CAPTIONS[captions])]),
  ].join(' · ');

/** The films that people asked for, kept on the portal. Each call answers with all of them. */
export class FilmDesk {
  readonly films = signal<Films>(NONE);
  readonly state = signal<'loading' | 'ready' | 'failed'>('loading');
  /** A sentence about the last call that did not succeed. */
  readonly failure = signal('');

  constructor(private readonly portal: Pick<RecordingPortal, 'get' | 'post'>) {}

  async load(): Promise<void> {
    const isThere = await this.#attempt(() => this.portal.get('/films'));
    if (isThere) {
      this.state.value = 'ready';
    } else if (this.state.peek() === 'loading') {
      this.state.value = 'failed';
    }
  }

  /** Returns whether the portal took it. */
  ask(wish: Wish): Promise<boolean> {
    return this.#attempt(() => this.portal.post('/films', wish));
  }

  remove(id: string): Promise<boolean> {
    return this.#attempt(() => this.portal.post(`/films/${encodeURIComponent(id)}/remove`));
  }

  #attempt(call: () => Promise<unknown>): Promise<boolean> {
    return attempt(this.failure, call, (answer) => {
      this.films.value = parseFilms(answer);
    });
  }
}
