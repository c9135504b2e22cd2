import { describe, expect, it } from 'vitest';
import { MasterClock } from './clock';

describe('the master clock', () => {
  it('stands still until it plays, and goes on from where it was paused', () => {
    const clock = new MasterClock(1_000, 61_000);
    expect(clock.position(5_000)).toBe(1_000);
    clock.play(5_000);
    expect(clock.position(7_500)).toBe(3_500);
    clock.pause(8_000);
    expect(clock.position(99_000)).toBe(4_000);
    clock.play(100_000);
    expect(clock.position(100_500)).toBe(4_500);
  });

  it('keeps its place when the speed changes', () => {
    const clock = new MasterClock(0, 60_000);
    clock.play(0);
    clock.setSpeed(2, 1_000);
    expect(clock.position(1_000)).toBe(1_000);
    expect(clock.position(2_000)).toBe(3_000);
    clock.setSpeed(99, 2_000);
    expect(clock.speed).toBe(3);
  });

  it('waits while anything holds it', () => {
    const clock = new MasterClock(0, 60_000);
    clock.play(0);
    clock.hold('media', 1_000);
    clock.hold('board', 1_200);
    clock.release('media', 2_000);
    expect(clock.isRunning).toBe(false);
    expect(clock.position(3_000)).toBe(1_000);
    clock.release('board', 4_000);
    expect(clock.position(4_250)).toBe(1_250);
  });

  it('stays inside the lesson, pauses at its end and begins again from there', () => {
    const clock = new MasterClock(500, 2_000);
    clock.seek(-1, 0);
    expect(clock.position(0)).toBe(500);
    clock.seek(1_900, 0);
    clock.play(0);
    expect(clock.stopAtEnd(50)).toBe(false);
    expect(clock.position(5_000)).toBe(2_000);
    expect(clock.stopAtEnd(5_000)).toBe(true);
    clock.play(6_000);
    expect(clock.position(6_100)).toBe(600);
  });

  it('goes on when a running lesson grows', () => {
    const clock = new MasterClock(0, 1_000);
    clock.play(0);
    expect(clock.position(4_000)).toBe(1_000);
    clock.extend(0, 9_000, 4_000);
    expect(clock.position(5_000)).toBe(2_000);
  });
});
