import { describe, expect, test } from 'vitest';
import { CloseCode } from '../core/errors';
import { connectionWords, formatDuration, lessonHours, lessonWords, pageName, saveWords, stopWords } from './words';

describe('what is said about saving', () => {
  test('saved, saving, and how much is kept here', () => {
    expect(saveWords({ kind: 'saved', unacked: 0 })).toBe('Saved');
    expect(saveWords({ kind: 'saving', unacked: 4 })).toBe('Saving…');
    expect(saveWords({ kind: 'offline', unacked: 1 })).toBe('Offline — 1 change kept on this device');
    expect(saveWords({ kind: 'offline', unacked: 12 })).toBe('Offline — 12 changes kept on this device');
    expect(saveWords({ kind: 'offline', unacked: 0 })).toBe('Offline');
  });
});

test('a live lesson says whether it is recorded', () => {
  expect(lessonWords('live', true)).toEqual({ text: 'Live · recorded', tone: 'live' });
  expect(lessonWords('live', false).tone).toBe('attention');
  expect(lessonWords('live', null).text).toBe('Live');
});

const peer = { session: '00000000000000a1' as never, path: 'mesh', rttMs: 3, state: 'up' } as const;

test('a server that is away is not the end while direct links hold', () => {
  expect(connectionWords({ relay: 'offline', relayRttMs: null, peers: [peer] })).toContain('directly');
  expect(connectionWords({ relay: 'offline', relayRttMs: null, peers: [] })).toContain('Not connected');
});

test('a picture that is held back for the sound is said', () => {
  const online = { relay: 'online', relayRttMs: 40, peers: [] } as const;
  expect(connectionWords({ ...online, video: 'paused' })).toBe('Video paused to keep the sound clear');
  expect(connectionWords({ ...online, video: 'paused', videoCause: 'device' })).toBe(
    'Video paused: this device is busy',
  );
  expect(connectionWords({ ...online, video: 'reduced' })).toBe('Connected');
  expect(connectionWords({ ...online, peers: [{ ...peer, route: 'turn-tcp' }] })).toContain('over TCP');
  expect(connectionWords({ ...online, peers: [{ ...peer, route: 'direct' }] })).toBe('Connected');
});

test('every close code that stops a session has words and, where one helps, a button', () => {
  for (const code of Object.values(CloseCode).filter((each) => each < 4500)) {
    const words = stopWords(code, '');
    expect(words.title).not.toBe('');
    expect(words.action === null).toBe(words.button === '');
  }
  expect(stopWords(CloseCode.replaced, '').button).toBe('Continue here');
  expect(stopWords(CloseCode.revoked, '').action).toBeNull();
  expect(stopWords(403, 'This lesson is over.').text).toBe('This lesson is over.');
});

test('durations', () => {
  expect([0, 7_000, 754_000, 3_723_000, -5].map(formatDuration)).toEqual(['0:00', '0:07', '12:34', '1:02:03', '0:00']);
});

test('a page without a title has its number', () => {
  expect(pageName('  ', 2)).toBe('Page 3');
  expect(pageName('Fractions', 2)).toBe('Fractions');
});

describe('the hours of a lesson', () => {
  const info = { subject: 'Mathematics', starts_at: '2026-11-23T16:45:00Z', ends_at: '2026-11-23T17:45:00Z' };

  test('are told in the zone of the school, wherever the device is', () => {
    expect(lessonHours({ ...info, time_zone: 'America/New_York' })).toBe('Mathematics · 11:45 to 12:45, EST');
    expect(lessonHours({ ...info, time_zone: 'UTC' })).toBe('Mathematics · 16:45 to 17:45, UTC');
  });

  test('follow the change of clocks', () => {
    const summer = { subject: 'Art', starts_at: '2026-07-01T16:45:00Z', ends_at: '2026-07-01T17:45:00Z' };
    expect(lessonHours({ ...summer, time_zone: 'America/New_York' })).toBe('Art · 12:45 to 13:45, EDT');
  });

  test('give way to the subject where there is no time or the zone is unknown', () => {
    expect(lessonHours({ ...info, starts_at: '', time_zone: 'UTC' })).toBe('Mathematics');
    expect(lessonHours({ ...info, time_zone: 'Nowhere/At_All' })).toBe('Mathematics');
  });
});
