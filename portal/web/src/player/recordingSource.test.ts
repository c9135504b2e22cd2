import { afterEach, describe, expect, it, vi } from 'vitest';
import { Recording } from './recording';
import { RecordingSource, type SourceListener } from './recordingSource';

const MANIFEST = { version: 1, timeline: '/t', state: 'sealed', export: '/film', start_ms: 0, end_ms: 9_000 };
const HEAD = [0x43, 0x4d, 0x54, 0x4c, 1];

/** A record that says that somebody's hand is up. */
function hand(delta_ms: number, session: number): number[] {
  const data = new TextEncoder().encode('{"up":true}');
  const body = [4, ...new TextEncoder().encode('hand'), 0, 0, 0, 0, 0, 0, 0, session, data.length, ...data];
  return [delta_ms, 3, body.length, ...body];
}
const END = [0, 9, 4, 0, 2, 0x61, 0x62];

/** Bytes, and then the end of the stream or of the line. */
function stream(bytes: readonly number[], breaks: boolean): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(bytes));
      },
      pull(controller) {
        if (breaks) {
          controller.error(new TypeError('network error'));
        } else {
          controller.close();
        }
      },
    }),
  );
}

function listen(): { listener: SourceListener; heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    listener: {
      onManifest: () => heard.push('manifest'),
      onRecords: () => undefined,
      onEnd: (isDamaged) => heard.push(isDamaged ? 'damaged' : 'end'),
      onFailure: (sentence) => heard.push(sentence),
      onReach: (isReached) => heard.push(isReached ? 'reached' : 'lost'),
      onEarly: () => heard.push('early'),
    },
  };
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a recording that comes over a bad line', () => {
  it('is asked for again where the line broke, and nothing is taken twice', async () => {
    vi.useFakeTimers();
    const whole = [...HEAD, ...hand(5, 1), ...hand(5, 2), ...END];
    const answers = [
      () => Response.json(MANIFEST),
      () => stream(whole.slice(0, HEAD.length + hand(5, 1).length), true),
      () => Promise.reject(new TypeError('failed to fetch')),
      () => stream(whole, false),
    ];
    vi.stubGlobal('fetch', () => Promise.resolve(answers.shift()?.() ?? Promise.reject(new Error('asked too often'))));
    const recording = new Recording();
    const add = vi.spyOn(recording, 'add');
    const { listener, heard } = listen();
    const source = new RecordingSource('/r', recording, listener);
    source.open();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard).toEqual(['manifest', 'lost', 'lost', 'end', 'reached']);
    expect(add.mock.calls.flatMap(([records]) => records.map(({ t_ms }) => t_ms))).toEqual([5, 10]);
    expect(recording.handsAt(20).size).toBe(2);
    source.close();
  });

  it('that is damaged on the server is played as far as it goes', async () => {
    vi.useFakeTimers();
    const answers = [() => Response.json(MANIFEST), () => stream([...HEAD, ...hand(5, 1)], false)];
    vi.stubGlobal('fetch', () => Promise.resolve(answers.shift()?.() ?? Promise.reject(new Error('asked too often'))));
    const { listener, heard } = listen();
    const source = new RecordingSource('/r', new Recording(), listener);
    source.open();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard).toEqual(['manifest', 'damaged', 'reached']);
    source.close();
  });
});
