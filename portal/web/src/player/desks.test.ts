import { describe, expect, it } from 'vitest';
import { PortalError } from '../net/portal';
import { markersOf, NotesDesk, parseNotes } from './notesDesk';
import { parseReview, ReviewDesk } from './reviewDesk';
import { loadViewChoice, saveViewChoice, WHOLE_VIEW } from './viewChoice';

const NOTE = {
  id: 'n1',
  room_time: 61_500,
  audience: 'class',
  words: 'Look again',
  author: 'tutor',
  name: 'Maya',
  own: false,
  removable: false,
};

class Answers {
  asked: [string, unknown?][] = [];
  constructor(private readonly answer: unknown) {}
  get = (path: string): Promise<unknown> => this.#tell(path);
  post = (path: string, body?: unknown): Promise<unknown> => this.#tell(path, body);
  async #tell(...call: [string, unknown?]): Promise<unknown> {
    this.asked.push(call);
    if (this.answer instanceof Error) {
      throw this.answer;
    }
    return this.answer;
  }
}

describe('notes', () => {
  it('are read tolerantly', () => {
    const { list, mayAddressClass } = parseNotes({ notes: [NOTE, {}, 3, { id: 'x' }], class_allowed: true });
    expect(mayAddressClass).toBe(true);
    expect(list).toEqual([
      {
        id: 'n1',
        t_ms: 61_500,
        audience: 'class',
        words: 'Look again',
        author: 'tutor',
        name: 'Maya',
        isOwn: false,
        isRemovable: false,
      },
    ]);
    expect(parseNotes(null)).toEqual({ list: [], mayAddressClass: false, maySetChapters: false });
  });

  it('that are chapters become markers', () => {
    const notes = parseNotes({ notes: [NOTE, { ...NOTE, id: 'n2', audience: 'chapter' }] });
    expect(markersOf(notes)).toEqual([{ t_ms: 61_500, title: 'Look again', kind: 'marker', page: '' }]);
  });

  it('stand at whole milliseconds of room time', async () => {
    const portal = new Answers({ notes: [NOTE], class_allowed: false });
    const desk = new NotesDesk(portal);
    expect(await desk.write(61_500.4, 'Look again', 'private')).toBe(true);
    expect(portal.asked).toEqual([['/notes', { room_time: 61_500, words: 'Look again', audience: 'private' }]]);
    expect(desk.notes.value.list).toHaveLength(1);
  });

  it('that were not kept say why, and those that are there stay', async () => {
    const desk = new NotesDesk(new Answers(new PortalError(0, 'unreachable', 'The server does not answer.')));
    desk.notes.value = parseNotes({ notes: [NOTE] });
    await desk.load();
    expect([desk.state.value, desk.failure.value, desk.notes.value.list.length]).toEqual([
      'failed',
      'The server does not answer.',
      1,
    ]);
  });
});

describe('a review', () => {
  it('is read with its rubric', () => {
    const view = parseReview({
      rubric: [{ key: 'goal', words: 'The goal is said' }, { nothing: 1 }],
      score_words: { '4': 'Exemplary', '1': 'Not yet' },
      review: {
        reviewer: 'Omar',
        scores: { goal: 4, craft: 'x' },
        words: 'Calm',
        finished_ms: 5,
        marks: [{ id: 'm', room_time: 9, criterion: 'goal', verdict: 'better', words: '' }, null],
      },
      can_write: false,
    });
    expect(view.rubric).toHaveLength(1);
    expect(view.scoreWords.map(({ score }) => score)).toEqual([1, 4]);
    expect(view.review).toMatchObject({ scores: { goal: 4 }, isFinished: true });
    expect(view.review?.marks).toHaveLength(1);
  });

  it('that was refused says why, and stays as it was', async () => {
    const desk = new ReviewDesk(new Answers(new PortalError(409, 'review_refused', 'This review is finished.')));
    await desk.load();
    expect(desk.view.value).toBeNull();
    expect(await desk.save({}, '', true)).toBe(false);
    expect(desk.failure.value).toBe('This review is finished.');
  });
});

describe('what is on screen', () => {
  it('is remembered on this device', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    expect(loadViewChoice(storage)).toEqual(WHOLE_VIEW);
    for (const choice of [
      { tiles: false, soundOnly: false, captions: true },
      { tiles: true, soundOnly: true, captions: false },
      WHOLE_VIEW,
    ]) {
      saveViewChoice(choice, storage);
      expect(loadViewChoice(storage)).toEqual(choice);
    }
    expect(kept.size).toBe(0);
  });
});
