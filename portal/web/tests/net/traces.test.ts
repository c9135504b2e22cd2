/** The ladder on what Chromium really told in lessons of the network lab (`tests/netlab/lesson.py --trace`). */
import { describe, expect, test } from 'vitest';
import { Busy } from '../../src/net/busy';
import { Ladder, RUNGS } from '../../src/net/ladder';
import goodLine from './traces/good-line-python-peers.json';

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
