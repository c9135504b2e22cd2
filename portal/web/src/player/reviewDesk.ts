import { signal } from '@preact/signals';
import { attempt } from './attempt';
import { type Fields, fieldsOf, listOf, numberOf, type RecordingPortal, textOf } from './portalCalls';

export type Verdict = 'well' | 'better';

/** A moment of the lesson and what the reviewer says of it. `t_ms`: room time. */
export interface Mark {
  readonly id: string;
  readonly t_ms: number;
  readonly criterion: string;
  readonly verdict: Verdict;
  readonly words: string;
}

export interface Review {
  readonly reviewer: string;
  readonly scores: Readonly<Record<string, number>>;
  readonly words: string;
  readonly isFinished: boolean;
  readonly marks: readonly Mark[];
}

export interface ReviewView {
  readonly rubric: readonly { readonly key: string; readonly words: string }[];
  /** Score → what it means, in order. */
  readonly scoreWords: readonly { readonly score: number; readonly words: string }[];
  readonly review: Review | null;
  readonly canWrite: boolean;
}

export function parseReview(value: unknown): ReviewView {
  const { rubric, score_words, review, can_write } = fieldsOf(value);
  return {
    rubric: listOf(rubric).flatMap((entry) => {
      const { key, words } = fieldsOf(entry);
      return textOf(key) ? [{ key: textOf(key), words: textOf(words) }] : [];
    }),
    scoreWords: Object.entries(fieldsOf(score_words))
      .map(([score, words]) => ({ score: Number(score), words: textOf(words) }))
      .sort((a, b) => a.score - b.score),
    review: review === null || review === undefined ? null : readReview(fieldsOf(review)),
    canWrite: can_write === true,
  };
}

function readReview(fields: Fields): Review {
  const scores = Object.entries(fieldsOf(fields.scores)).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return {
    reviewer: textOf(fields.reviewer),
    scores: Object.fromEntries(scores),
    words: textOf(fields.words),
    isFinished: typeof fields.finished_ms === 'number',
    marks: listOf(fields.marks).flatMap((entry): Mark[] => {
      const mark = fieldsOf(entry);
      return textOf(mark.id)
        ? [
            {
              id: textOf(mark.id),
              t_ms: numberOf(mark.room_time),
              criterion: textOf(mark.criterion),
              verdict: mark.verdict === 'better' ? 'better' : 'well',
              words: textOf(mark.words),
            },
          ]
        : [];
    }),
  };
}

/** The review of a lesson, kept on the portal. */
export class ReviewDesk {
  readonly view = signal<ReviewView | null>(null);
  readonly failure = signal('');

  constructor(private readonly portal: Pick<RecordingPortal, 'get' | 'post'>) {}

  async load(): Promise<void> {
    await this.#attempt(() => this.portal.get('/review'));
  }

  save(scores: Readonly<Record<string, number>>, words: string, finish: boolean): Promise<boolean> {
    return this.#attempt(() => this.portal.post('/review', { scores, words, finish }));
  }

  mark(t_ms: number, criterion: string, verdict: Verdict, words: string): Promise<boolean> {
    return this.#attempt(() =>
      this.portal.post('/review/marks', { room_time: Math.round(t_ms), criterion, verdict, words }),
    );
  }

  unmark(id: string): Promise<boolean> {
    return this.#attempt(() => this.portal.post(`/review/marks/${id}/remove`));
  }

  #attempt(call: () => Promise<unknown>): Promise<boolean> {
    return attempt(this.failure, call, (answer) => {
      this.view.value = parseReview(answer);
    });
  }
}
