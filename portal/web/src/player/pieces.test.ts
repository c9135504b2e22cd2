import { describe, expect, it } from 'vitest';
import { Cursors } from './cursors';
import { isInHole, runEnd } from './growingFile';
import { parseManifest, peopleByUser } from './manifest';
import { positionStore } from './resume';
import { formatTime, parseTime, spokenTime } from './times';
import { findCluster } from './webm';

describe('a manifest', () => {
  const base = { version: 1, timeline: '/t', start_ms: 1_000, end_ms: 5_000, state: 'sealed' };

  it('needs its version and a timeline', () => {
    for (const bad of [null, [], 'x', { ...base, version: 2 }, { ...base, timeline: '' }]) {
      expect(() => parseManifest(bad)).toThrow();
    }
  });

  it('leaves out what does not make sense and keeps the rest', () => {
    const manifest = parseManifest({
      ...base,
      participants: [
        { session: 's1', user: 'u1', name: 'Ada', role: 'tutor', colour: '#1f7a63', present: [[0, 9], ['x']] },
        { session: 's2', user: 'u1', name: 'Ada', role: 'tutor', colour: 'url(x)' },
        { name: 'nobody' },
      ],
      tracks: [
        { id: 1, user: 'u1', kind: 'audio', url: '/a', start_ms: 1.5, rate: 1.0002, end_ms: 9 },
        { id: 2, user: 'u1', kind: 'audio', url: '/a', rate: 7 },
        { id: 3, user: 'u1', kind: 'smell', url: '/a' },
      ],
      chapters: [{ t_ms: 'soon' }, { t_ms: 5, title: 'One' }],
      coverage: [
        { kind: 'board', from_ms: 1, to_ms: 2_000, cause: 'recorder' },
        { kind: 'board', cause: '' },
      ],
      problems: ['torn', 7],
    });
    expect(manifest.tracks.map(({ id }) => id)).toEqual([1]);
    expect(manifest.chapters).toHaveLength(1);
    expect(manifest.gaps).toHaveLength(1);
    expect(manifest.problems).toEqual(['torn']);
    expect(manifest.people[1]?.colour).toBe('#686b60');
  });

  it('puts all sessions of one user together', () => {
    const people = [
      { session: 's1', user: 'u1', name: 'Ada', role: 'tutor', colour: '#111111', present: [[0, 5] as const] },
      { session: 's2', user: 'u2', name: 'Mia', role: 'student', colour: '#222222', present: [] },
      { session: 's3', user: 'u1', name: 'Ada', role: 'tutor', colour: '#333333', present: [[7, 9] as const] },
    ];
    const [ada, mia, ...none] = peopleByUser(people);
    expect(ada).toMatchObject({
      sessions: ['s1', 's3'],
      colour: '#111111',
      present: [
        [0, 5],
        [7, 9],
      ],
    });
    expect(mia?.user).toBe('u2');
    expect(none).toEqual([]);
  });
});

describe('times', () => {
  it.each([
    [0, '0:00'],
    [61_999, '1:01'],
    [3_661_000, '1:01:01'],
    [-5, '0:00'],
  ])('writes %i ms as %s', (ms, text) => expect(formatTime(ms)).toBe(text));

  it.each([
    ['95', 95_000],
    ['95.5', 95_500],
    ['1:35', 95_000],
    ['1:02:03', 3_723_000],
    ['1h2m3s', 3_723_000],
    ['90s', 90_000],
    ['', null],
    ['soon', null],
    ['-4', null],
    ['1e9', null],
  ])('reads the link time %j as %s', (text, ms) => expect(parseTime(text)).toBe(ms));

  it('speaks them', () => {
    expect(spokenTime(3_661_000)).toBe('1 hour 1 minute 1 second');
    expect(spokenTime(0)).toBe('0 seconds');
  });
});

describe('where one stopped watching', () => {
  it('is kept per lesson, but not at the beginning or the end', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    const places = positionStore('a', storage);
    places.save(45_000, 100_000);
    expect(places.load(100_000)).toBe(45_000);
    expect(positionStore('b', storage).load(100_000)).toBeNull();
    expect(places.load(50_000)).toBeNull();
    places.save(99_000, 100_000);
    expect(places.load(100_000)).toBeNull();
    kept.set('chalkmesh.player.a', 'nonsense');
    expect(places.load(100_000)).toBeNull();
  });
});

describe('cursors', () => {
  const sample = (t_ms: number, x: number, page = 'main') =>
    ({ kind: 'cursor', t_ms, session: 's', page, x, y: 0 }) as const;

  it('move between samples, rest where they were left, and go after a while', () => {
    const cursors = new Cursors();
    for (const each of [sample(1_000, 0), sample(1_100, 10), sample(3_000, 50)]) {
      cursors.add(each);
    }
    expect(cursors.at(999)).toEqual([]);
    expect(cursors.at(1_050)[0]?.x).toBeCloseTo(5);
    expect(cursors.at(2_000)[0]?.x).toBe(10);
    expect(cursors.at(6_900)[0]?.x).toBe(50);
    expect(cursors.at(7_100)).toEqual([]);
  });

  it('do not fly from page to page, and take back-filled samples in order', () => {
    const cursors = new Cursors();
    cursors.add(sample(1_000, 0));
    cursors.add(sample(1_100, 100, 'two'));
    cursors.add(sample(1_050, 3));
    expect(cursors.at(1_090)[0]).toMatchObject({ page: 'main', x: 3 });
    expect(cursors.at(1_100)[0]).toMatchObject({ page: 'two', x: 100 });
  });
});

describe('a growing file', () => {
  it('is entered where a cluster really begins', () => {
    const cluster = [0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7, 0x82, 0x07, 0xd0];
    const lookalike = [0x1f, 0x43, 0xb6, 0x75, 0x81, 0x00, 0x12, 0x13];
    const bytes = new Uint8Array([1, 2, ...lookalike, 3, ...cluster, ...new Array<number>(16).fill(0)]);
    expect(findCluster(bytes)).toEqual({ offset: 11, t_ms: 2_000 });
    expect(findCluster(bytes, 12)).toBeNull();
    expect(findCluster(bytes.subarray(0, 20))).toBeNull();
  });

  it('has short holes in which nothing will ever come', () => {
    const spans = [
      [0, 10],
      [11.5, 20],
      [40, 50],
    ] as const;
    const buffered = {
      length: spans.length,
      start: (i: number) => spans[i]?.[0] ?? 0,
      end: (i: number) => spans[i]?.[1] ?? 0,
    } as TimeRanges;
    expect(runEnd(buffered, 3)).toBe(20);
    expect(runEnd(buffered, 32)).toBe(32);
    expect(runEnd(buffered, 32, 12)).toBe(50);
    expect(isInHole(buffered, 10.7)).toBe(true);
    expect(isInHole(buffered, 5)).toBe(false);
    expect(isInHole(buffered, 30)).toBe(false);
  });
});
