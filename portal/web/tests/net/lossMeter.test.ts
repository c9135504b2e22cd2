import { expect, test } from 'vitest';
import { COPIES_MS, LIVE_PING_MS, LossMeter } from '../../src/net/lossMeter';

function run(meter: LossMeter, pings: number, comesBack: (n: number) => boolean, startMs = 0): number {
  for (let n = 0; n < pings; n++) {
    const nonce = meter.ping(startMs + n * LIVE_PING_MS);
    if (nonce !== null && comesBack(n)) meter.pong(nonce);
  }
  return startMs + pings * LIVE_PING_MS;
}

test('nothing is said before a few round trips', () => {
  const meter = new LossMeter();
  expect([meter.share, meter.copiesMs]).toEqual([null, COPIES_MS[0]]);
});

test('copies grow with the loss M7', () => {
  for (const [every, copies] of [
    [1_000, COPIES_MS[0]],
    [20, COPIES_MS[1]],
    [5, COPIES_MS[2]],
    [1, COPIES_MS[2]],
  ] as const) {
    const meter = new LossMeter();
    run(meter, 60, (n) => (n + 1) % every !== 0);
    expect(meter.copiesMs).toEqual(copies);
  }
});

test('a line that is good again is believed after twelve seconds', () => {
  const meter = new LossMeter();
  const nowMs = run(meter, 40, (n) => n % 2 === 0);
  expect(meter.copiesMs).toEqual(COPIES_MS[2]);
  run(meter, 30, () => true, nowMs);
  expect(meter.copiesMs).toEqual(COPIES_MS[0]);
});

test('an answer to nothing counts for nothing', () => {
  const meter = new LossMeter();
  run(meter, 40, () => false);
  for (let n = 0n; n < 1_000n; n++) meter.pong(n + 10_000n);
  expect(meter.share).toBe(1);
});

test('copies have a budget, and later ones leave room for the next envelope', () => {
  const meter = new LossMeter();
  expect([0, 1, 2, 3].map((index) => meter.afford(index, 1_000, 1))).toEqual([true, true, true, false]);
  expect(meter.afford(0, 1_000, 1)).toBe(true);
  let sent = 0;
  for (let ms = 0; ms < 10_000; ms += 10) if (meter.afford(0, 1_000, 1_000 + ms)) sent += 1;
  expect(sent).toBeLessThanOrEqual(246);
});

test('many links share one line', () => {
  const meter = new LossMeter();
  let sent = 0;
  for (let ms = 0; ms < 10_000; ms += 10) if (meter.afford(0, 1_000, 1_000 + ms, 6)) sent += 1;
  expect(sent).toBeLessThanOrEqual(86);
});
