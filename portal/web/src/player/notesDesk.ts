import { signal } from '@preact/signals';
import { t } from '../ui/i18n';
import { attempt } from './attempt';
import type { Chapter } from './manifest';
import { fieldsOf, listOf, numberOf, type RecordingPortal, textOf } from './portalCalls';

export type Audience = 'private' | 'class' | 'chapter';

/** A note at a moment. `t_ms`: room time. */
export interface Note {
  readonly id: string;
  readonly t_ms: number;
  readonly audience: Audience;
  readonly words: string;
  readonly author: string;
  readonly name: string;
  readonly isOwn: boolean;
  readonly isRemovable: boolean;
}

export interface Notes {
  readonly list: readonly Note[];
  readonly mayAddressClass: boolean;
  readonly maySetChapters: boolean;
}

export function parseNotes(value: unknown): Notes {
  const { notes, class_allowed, chapters_allowed } = fieldsOf(value);
  const list = listOf(notes).flatMap((entry): Note[] => {
    const note = fieldsOf(entry);
    if (!textOf(note.id) || typeof note.room_time !== 'number') {
      return [];
    }
    return [
      {
        id: textOf(note.id),
        t_ms: numberOf(note.room_time),
        audience: note.audience === 'class' || note.audience === 'chapter' ? note.audience : 'private',
        words: textOf(note.words),
        author: textOf(note.author),
        name: textOf(note.name) || t('Someone'),
        isOwn: note.own === true,
        isRemovable: note.removable === true,
      },
    ];
  });
  return { list, mayAddressClass: class_allowed === true, maySetChapters: chapters_allowed === true };
}

/** Notes that are chapters, beside those of the recording. */
export const markersOf = ({ list }: Notes): Chapter[] =>
  list.flatMap(({ audience, t_ms, words }) =>
    audience === 'chapter' ? [{ t_ms, title: words, kind: 'marker', page: '' }] : [],
  );

/** The notes on a recording, kept on the portal. Each change answers with all of them, so that others' appear too. */
export class NotesDesk {
  readonly notes = signal<Notes>({ list: [], mayAddressClass: false, maySetChapters: false });
  readonly state = signal<'loading' | 'ready' | 'failed'>('loading');
  /** A sentence about the last change that did not succeed. */
  readonly failure = signal('');

  constructor(private readonly portal: Pick<RecordingPortal, 'get' | 'post'>) {}

  async load(): Promise<void> {
    this.state.value = 'loading';
    const found = await this.#attempt(() => this.portal.get('/notes'));
    this.state.value = found ? 'ready' : 'failed';
  }

  /** Each returns whether the portal has it now. */
  write(t_ms: number, words: string, audience: Audience): Promise<boolean> {
    return this.#attempt(() => this.portal.post('/notes', { room_time: Math.round(t_ms), words, audience }));
  }

  change(id: string, words: string, audience: Audience): Promise<boolean> {
    return this.#attempt(() => this.portal.post(`/notes/${id}`, { words, audience }));
  }

  remove(id: string): Promise<boolean> {
    return this.#attempt(() => this.portal.post(`/notes/${id}/remove`));
  }

  #attempt(call: () => Promise<unknown>): Promise<boolean> {
    return attempt(this.failure, call, (answer) => {
      this.notes.value = parseNotes(answer);
    });
  }
}
