import { describe, expect, it } from 'vitest';
import { type Gap, missingAt, parseGap, stretches } from './gaps';
import type { PlayerPerson } from './manifest';

const BEN = '00000000000000b0';
const people = [
  { user: 'ben', name: 'Ben Ode', role: 'student', colour: '#000000', sessions: [BEN], present: [] },
] satisfies PlayerPerson[];
const gap = (from_ms: number, to_ms: number, kind: Gap['kind'], cause: string, session: string | null = BEN): Gap => ({
  from_ms,
  to_ms,
  kind,
  cause,
  session,
});

describe('missing parts', () => {
  it('are read with their cause, and what nobody sent is not missing', () => {
    const given = { from_ms: 1_000, to_ms: 9_000, kind: 'audio', cause: 'link', session: BEN };
    expect(parseGap(given)).toEqual([gap(1_000, 9_000, 'audio', 'link')]);
    for (const wrong of [
      { ...given, cause: '' },
      { ...given, cause: 'paused' },
      { ...given, to_ms: 1_100 },
      { ...given, to_ms: Number.NaN },
      { ...given, kind: 'smell' },
      null,
      7,
    ]) {
      expect(parseGap(wrong)).toEqual([]);
    }
  });

  it('say whose voice or picture it is, and why', () => {
    const gaps = [gap(0, 5_000, 'audio', 'link'), gap(0, 5_000, 'video', 'link'), gap(0, 5_000, 'video', 'disk')];
    expect(missingAt(gaps, 4_999, people)).toEqual([
      'Ben’s voice and Ben’s picture are missing here: there was no connection to the recorder.',
      'Ben’s picture is missing here: the recorder’s disk was full.',
    ]);
    expect(missingAt(gaps, 5_000, people)).toEqual([]);
  });

  it('say it once where nothing at all was recorded', () => {
    const gaps = [gap(0, 5_000, 'board', 'recorder', null), gap(0, 5_000, 'audio', 'recorder')];
    expect(missingAt(gaps, 10, people)).toEqual(['The recording is missing here: the recorder was not running.']);
  });

  it('are joined on the line where they touch', () => {
    const gaps = [
      gap(2_000, 4_000, 'audio', 'link'),
      gap(0, 2_000, 'video', 'lost'),
      gap(8_000, 9_000, 'board', 'recorder', null),
    ];
    expect(stretches(gaps)).toEqual([
      { from_ms: 8_000, to_ms: 9_000, isWhole: true },
      { from_ms: 0, to_ms: 4_000, isWhole: false },
    ]);
  });
});
