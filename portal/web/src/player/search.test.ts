import { describe, expect, it } from 'vitest';
import { MAIN_PAGE, type SessionId, type ShapeId } from '../core/ids';
import type { Shape } from '../core/shape';
import type { ChatLine, JournalStep } from './journal';
import { findMoments, MOST_MOMENTS, nextPlace } from './search';

const SESSION = '00000000000000a1' as SessionId;

function typed(t_ms: number, id: string, text: string, erased = false, type = 'text'): JournalStep {
  const after = { id, type, author: SESSION, page: MAIN_PAGE, text, erased } as unknown as Shape;
  return { t_ms, shapes: [{ id: id as ShapeId, before: null, after }], pagesBefore: null, pagesAfter: null };
}

const said = (t_ms: number, text: string): ChatLine => ({ t_ms, id: `m${t_ms}`, session: SESSION, text });

describe('search', () => {
  it('counts a text that was typed letter by letter once, from when it held the words', () => {
    const steps = [typed(100, 'a', 'The nu'), typed(200, 'a', 'The numerator'), typed(300, 'a', 'The numerator is 3')];
    expect(findMoments('numer', steps, [])).toEqual([
      { t_ms: 200, kind: 'board', session: SESSION, text: 'The numerator', from: 4, to: 9 },
    ]);
  });

  it('finds words whatever their case and accents, and points at them in the text as it was written', () => {
    const [moment] = findMoments('ELEVE', [], [said(5, 'Où est l’élève ?')]);
    expect(moment?.text.slice(moment.from, moment.to)).toBe('élève');
    const [german] = findMoments('strasse', [], [said(5, 'In der STRASSE')]);
    expect(german?.text.slice(german.from, german.to)).toBe('STRASSE');
  });

  it('brings board and chat together in order of time', () => {
    const found = findMoments('half', [typed(300, 'a', 'one half')], [said(100, 'half?'), said(500, 'Half!')]);
    expect(found.map(({ t_ms, kind }) => [t_ms, kind])).toEqual([
      [100, 'chat'],
      [300, 'board'],
      [500, 'chat'],
    ]);
  });

  it('finds letters on shapes and notes too', () => {
    const steps = [
      typed(1, 'a', 'a half', false, 'geo'),
      typed(2, 'b', 'half', false, 'note'),
      typed(3, 'c', 'half', false, 'draw'),
    ];
    expect(findMoments('half', steps, []).map(({ t_ms }) => t_ms)).toEqual([1, 2]);
  });

  it('shortens what is long around the words', () => {
    const [moment] = findMoments('here', [], [said(1, `${'x '.repeat(100)}here${' y'.repeat(100)}`)]);
    expect(moment?.text.length).toBeLessThan(80);
    expect(moment?.text.startsWith('…')).toBe(true);
    expect(moment?.text.endsWith('…')).toBe(true);
  });

  it('finds nothing for nothing, and not everything for something', () => {
    expect(findMoments('  ', [typed(1, 'a', 'text')], [said(1, 'text')])).toEqual([]);
    const many = Array.from({ length: 200 }, (_, index) => said(index, 'yes'));
    expect(findMoments('yes', [], many)).toHaveLength(MOST_MOMENTS);
    expect(findMoments('gone', [typed(1, 'a', 'gone', true)], [])).toEqual([]);
  });

  it('goes on from place to place by Enter, round the ends', () => {
    expect([nextPlace(null, 1, 3), nextPlace(0, 1, 3), nextPlace(2, 1, 3)]).toEqual([0, 1, 0]);
    expect([nextPlace(null, -1, 3), nextPlace(0, -1, 3)]).toEqual([2, 2]);
  });
});
