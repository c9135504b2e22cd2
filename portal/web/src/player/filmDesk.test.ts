import { describe, expect, it } from 'vitest';
import { PortalError } from '../net/portal';
import { FilmDesk, filmWords, parseFilms, type Wish } from './filmDesk';

const film = (id: string, state = 'asked') => ({
  id,
  layout: 'board',
  height: 1080,
  format: 'webm',
  captions: 'burnt',
  state,
  progress: 0.25,
  detail: '',
  bytes: null,
  file: state === 'done' ? `/films/${id}` : null,
  removable: true,
});
const answer = (...films: unknown[]) => ({ films, own: '/own.mp4', captions: true, late: false, kept_days: 14 });

describe('films', () => {
  it('leaves out what this player does not know', () => {
    const { list, own, hasCaptions } = parseFilms(
      answer(film('a'), null, { ...film('b'), layout: 'toString' }, { ...film('c'), height: 480 }, film('d', 'done')),
    );
    expect(list.map(({ id, file }) => [id, file])).toEqual([
      ['a', null],
      ['d', '/films/d'],
    ]);
    expect([own, hasCaptions]).toEqual(['/own.mp4', true]);
    expect(parseFilms(null).list).toEqual([]);
  });

  it('says in a line what a film is', () => {
    const wish: Wish = { layout: 'speaker', height: 720, format: 'mp4', captions: 'soft' };
    expect(filmWords(wish)).toBe('Board and speaker, 720p MP4 · Captions to switch on');
    expect(filmWords({ ...wish, captions: 'none' })).toBe('Board and speaker, 720p MP4');
  });

  it('keeps what it has when a wish is refused, and says why', async () => {
    const portal = {
      get: async () => answer(film('a')),
      post: async () => {
        throw new PortalError(409, 'film_refused', 'This film is there already.');
      },
    };
    const desk = new FilmDesk(portal);
    await desk.load();
    expect(desk.state.value).toBe('ready');
    expect(await desk.ask({ layout: 'tiles', height: 720, format: 'mp4', captions: 'soft' })).toBe(false);
    expect(desk.failure.value).toBe('This film is there already.');
    expect(desk.films.value.list).toHaveLength(1);
  });
});
