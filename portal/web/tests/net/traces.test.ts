/** The ladder on what Chromium really told in lessons of the network lab (`tests/netlab/lesson.py --trace`). */
import { describe, expect, test } from 'vitest';
import { Busy } from '../../src/net/busy';
import { Ladder, OFF, RUNGS } from '../../src/net/ladder';
import goodLine from './traces/good-line-python-peers.json';
import starved from './traces/starved-computer.json';
import thinLine from './traces/thin-line.json';

type Row = readonly (number | null)[];
interface Trace {
  readonly people: number;
  readonly columns: readonly string[];
  readonly links: readonly (readonly Row[])[];
}

/** Plays one link's looks to a ladder. `isEstimated` as in Quality: false for a Python peer. */
function play(trace: Trace, link: number, isEstimated: boolean): Ladder {
  const at = (row: Row, name: string): number | null => row[trace.columns.indexOf(name)] ?? null;
  const ladder = new Ladder();
  const busy = new Busy();
  let timerMs = 0;
  for (const row of trace.links[link] ?? []) {
    const atMs = at(row, 'atMs') ?? 0;
    // The page's own timer: a second, and as late as it was.
    timerMs += 1_000 + Math.max(0, at(row, 'lateMs') ?? 0);
    const encoding = {
      frames: at(row, 'framesEncoded') ?? 0,
      tookMs: at(row, 'encodeMs') ?? 0,
      isLimited: false,
    };
    const isBusy = busy.look(encoding, timerMs, timerMs + (at(row, 'answerMs') ?? 0), trace.links.length);
    const availableBps = isEstimated ? at(row, 'availableBps') : null;
    ladder.look({ atMs, loss: at(row, 'loss'), rttMs: at(row, 'rttMs'), availableBps, busy: isBusy });
  }
  return ladder;
}

const everyLink = (trace: Trace): number[] => trace.links.map((_, link) => link);

describe('a line of 2 Mbit/s that loses nothing, to Python peers whose estimate is stuck at 30 kbit/s', () => {
  test.each(everyLink(goodLine))('link %i keeps its picture', (link) => {
    expect(play(goodLine, link, false).rung).toBe(0);
  });

  test('believed, the estimate would take it away', () => {
    const links = everyLink(goodLine).map((link) => play(goodLine, link, true).rung);
    expect(Math.max(...links)).toBe(RUNGS.length - 1);
  });
});

describe('a line of 300 kbit/s, to another browser and to the recorder, from the moment when it became thin', () => {
  test('the picture for the other browser gets smaller, for the line’s sake, and stays', () => {
    const ladder = play(thinLine, 0, true);
    expect(ladder.rung).toBeGreaterThan(0);
    expect(ladder.rung).toBeLessThan(OFF);
    expect(ladder.cause).toBe('line');
  });

  test('the picture for the recorder too, by its queue alone', () => {
    const ladder = play(thinLine, 1, false);
    expect(ladder.rung).toBeGreaterThan(0);
    expect(ladder.rung).toBeLessThan(OFF);
    expect(ladder.cause).toBe('line');
  });
});

describe('a good line on a computer whose two processors two other programs want for themselves, three browsers', () => {
  test.each(everyLink(starved))('link %i: the picture gets smaller at most, it does not go', (link) => {
    expect(play(starved, link, true).rung).toBeLessThan(OFF);
  });
});
