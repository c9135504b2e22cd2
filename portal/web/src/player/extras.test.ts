import { describe, expect, it } from 'vitest';
import { endOfSilence, silentTime } from './silence';
import { parseStoryboard, shotAt } from './storyboard';

describe('skipping silence', () => {
  const silences = [
    [1_000, 4_000],
    [9_000, 12_000],
  ] as const;

  it('goes to the end of the silence that it is in, and nowhere else', () => {
    expect(endOfSilence(silences, 500)).toBeNull();
    expect(endOfSilence(silences, 1_000)).toBe(4_000);
    expect(endOfSilence(silences, 3_999)).toBe(4_000);
    expect(endOfSilence(silences, 4_000)).toBeNull();
    expect(endOfSilence(silences, 10_000)).toBe(12_000);
    expect(endOfSilence([], 10)).toBeNull();
  });

  it('says how much there is to skip', () => {
    expect(silentTime(silences)).toBe(6_000);
  });
});

describe('the storyboard', () => {
  const given = { url: '/r/storyboard.jpg', width: 192, height: 108, columns: 2, times_ms: [0, 10_000, 20_000] };

  it('shows the last picture at or before a moment', () => {
    const board = parseStoryboard(given);
    expect(board && shotAt(board, 9_999)).toEqual({ x: 0, y: 0 });
    expect(board && shotAt(board, 10_000)).toEqual({ x: 192, y: 0 });
    expect(board && shotAt(board, 99_000)).toEqual({ x: 0, y: 108 });
    expect(board && shotAt({ ...board, times_ms: [5] }, 1)).toBeNull();
  });

  it('is none where the manifest makes no sense', () => {
    for (const value of [
      null,
      1,
      {},
      { ...given, columns: 0 },
      { ...given, url: 'javascript:x' },
      { ...given, times_ms: [] },
    ]) {
      expect(parseStoryboard(value)).toBeNull();
    }
  });
});
