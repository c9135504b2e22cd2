import { describe, expect, it } from 'vitest';
import { PortalError } from '../net/portal';
import { CaptionDesk, captionsAt, parseCaptions } from './captions';

const caption = (id: number, from_ms: number, to_ms: number, user = 'a', text = `words ${id}`) => ({
  id,
  from_ms,
  to_ms,
  user,
  text,
  heard: null,
});

describe('captions', () => {
  it('leaves out what makes no sense and keeps the rest in order', () => {
    const answer = {
      captions: [
        caption(2, 5000, 6000),
        null,
        { id: 'x' },
        caption(3, 9, 9),
        { ...caption(1, 1000, 2000), heard: 'wards' },
      ],
      editable: true,
    };
    const { list, mayEdit } = parseCaptions(answer);
    expect(list.map(({ id, heard }) => [id, heard])).toEqual([
      [1, 'wards'],
      [2, null],
    ]);
    expect(mayEdit).toBe(true);
    expect(parseCaptions(null)).toEqual({ list: [], mayEdit: false });
  });

  it('shows one caption a person at a moment, and short ones a little longer', () => {
    const list = [
      caption(1, 1000, 2000),
      caption(2, 1500, 4000, 'b'),
      caption(3, 2200, 3000),
      caption(4, 3000, 3100, 'c', ''),
    ];
    const ids = (t_ms: number): number[] => captionsAt(list, t_ms).map(({ id }) => id);
    expect(ids(999)).toEqual([]);
    expect(ids(1000)).toEqual([1]);
    expect(ids(2100)).toEqual([1, 2]);
    expect(ids(2200)).toEqual([2, 3]);
    expect(ids(3050)).toEqual([2, 3]);
    expect(ids(4599)).toEqual([2]);
    expect(ids(4600)).toEqual([]);
  });

  it('keeps what it has when a change is refused', async () => {
    const portal = {
      get: async () => ({ captions: [caption(1, 0, 9)], editable: true }),
      post: async () => {
        throw new PortalError(404, 'not_found', 'There is no such caption.');
      },
    };
    const desk = new CaptionDesk(portal);
    await desk.load();
    expect(await desk.change(1, 'x')).toBe(false);
    expect(desk.failure.value).toBe('There is no such caption.');
    expect(desk.captions.value.list).toHaveLength(1);
  });
});
