import { describe, expect, it } from 'vitest';
import { BEND_FROM_MS, type ElementState, HARD_SEEK_MS, type Master, steer } from './steer';

const TRACK = { start_ms: 10_000, rate: 1, end_ms: 70_000 };
const READY: ElementState = {
  current_s: 0,
  ready: 4,
  seeking: false,
  ended: false,
  isInert: false,
  isGivenUp: false,
  isBent: false,
};
const PLAYING: Master = { position_ms: 20_000, speed: 1, playing: true, held: false };

const at = (drift_ms: number, more: Partial<ElementState> = {}): ElementState => ({
  ...READY,
  current_s: 10 + drift_ms / 1_000,
  ...more,
});

describe('a track kept with the clock', () => {
  it('plays untouched while it is in sync', () => {
    expect(steer(TRACK, at(BEND_FROM_MS - 1), PLAYING)).toMatchObject({
      play: true,
      rate: 1,
      seek_s: null,
      waits: false,
    });
  });

  it('runs a little faster when it lags and slower when it leads, until it is back', () => {
    const late = steer(TRACK, at(-100), PLAYING);
    expect(late).toMatchObject({ isBent: true, seek_s: null });
    expect(late.rate).toBeGreaterThan(1);
    expect(late.rate).toBeLessThanOrEqual(1.05);
    expect(steer(TRACK, at(100), PLAYING).rate).toBeLessThan(1);
    expect(steer(TRACK, at(-30, { isBent: true }), PLAYING).isBent).toBe(true);
    expect(steer(TRACK, at(-10, { isBent: true }), PLAYING).rate).toBe(1);
  });

  it('is put where it belongs when it is far off, and the master waits for it', () => {
    const far = steer(TRACK, at(-HARD_SEEK_MS - 1), PLAYING);
    expect(far.seek_s).toBeCloseTo(10);
    expect(far.waits).toBe(true);
  });

  it('leaves a seek alone that goes about where it should, and begins over one that does not', () => {
    expect(steer(TRACK, at(-400, { seeking: true }), PLAYING).seek_s).toBeNull();
    expect(steer(TRACK, at(-5_000, { seeking: true }), PLAYING).seek_s).toBeCloseTo(10);
    expect(steer(TRACK, at(-400, { seeking: true }), { ...PLAYING, held: true }).seek_s).toBeCloseTo(10);
  });

  it('follows the file’s own clock by its rate', () => {
    const slow = { start_ms: 0, rate: 1.0005, end_ms: 7_200_000 };
    const file_s = 7_000_000 / 1.0005 / 1_000;
    expect(steer(slow, { ...READY, current_s: file_s }, { ...PLAYING, position_ms: 7_000_000 }).seek_s).toBeNull();
    expect(steer(slow, { ...READY, current_s: 7_000 }, { ...PLAYING, position_ms: 7_000_000 }).seek_s).not.toBeNull();
  });

  it('plays at the speed of the master', () => {
    expect(steer(TRACK, at(0), { ...PLAYING, speed: 2.5 }).rate).toBe(2.5);
  });

  it('makes the master wait while it loads, but not at its very end', () => {
    expect(steer(TRACK, at(0, { ready: 2 }), PLAYING)).toMatchObject({ waits: true });
    const ending = { ...PLAYING, position_ms: 69_900 };
    expect(steer(TRACK, { ...READY, current_s: 59.9, ready: 2 }, ending).waits).toBe(false);
  });

  it('is not waited for any more once it was given up, but is still steered', () => {
    const given = steer(TRACK, at(-900, { ready: 2, isGivenUp: true }), PLAYING);
    expect(given.waits).toBe(false);
    expect(given.seek_s).toBeCloseTo(10);
  });

  it('pauses with the master, and while the master is held', () => {
    expect(steer(TRACK, at(0), { ...PLAYING, playing: false }).play).toBe(false);
    expect(steer(TRACK, at(0), { ...PLAYING, held: true }).play).toBe(false);
  });

  it('is exact to the frame when paused', () => {
    expect(steer(TRACK, at(60), { ...PLAYING, playing: false }).seek_s).toBeCloseTo(10);
  });

  it('loads ahead of its time, rewinds, and is silent outside', () => {
    const before = { ...PLAYING, position_ms: 8_000 };
    expect(steer(TRACK, { ...READY, current_s: 3 }, before)).toMatchObject({
      isActive: false,
      isNear: true,
      seek_s: 0,
      play: false,
    });
    expect(steer(TRACK, READY, { ...PLAYING, position_ms: 2_000 }).isNear).toBe(false);
    expect(steer(TRACK, READY, { ...PLAYING, position_ms: 70_000 })).toMatchObject({ isActive: false, play: false });
  });

  it('does nothing where nothing can be played', () => {
    expect(steer(TRACK, at(-5_000, { isInert: true }), PLAYING)).toMatchObject({
      seek_s: null,
      play: false,
      waits: false,
    });
  });
});
