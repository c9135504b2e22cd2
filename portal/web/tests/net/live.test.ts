import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MAIN_PAGE, type PageId, type ShapeId, type UserId } from '../../src/core/ids';
import { decodeMessage, encodeMessage } from '../../src/core/messages';
import type { LivePacket } from '../../src/core/presence';
import { LiveReceiver, LiveSender, withoutRepeats } from '../../src/net/live';
import { sessionOf } from '../support/school';

const ME = sessionOf(7);
const points = (from: number, n: number) => Array.from({ length: n }, (_, i) => ({ x: from + i, y: 1, pressure: 9 }));
const STROKE = { page: MAIN_PAGE, stroke: 1, kind: 'draw', colour: 'red', size: 4 } as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function pen() {
  const packets: LivePacket[] = [];
  const sender = new LiveSender(
    () => ME,
    (packet) => {
      const message = decodeMessage(encodeMessage({ type: 'LIVE', live: packet }), 65_536);
      if (message.type === 'LIVE') packets.push(message.live);
    },
  );
  return { sender, packets };
}

/** Draws 40 points a second for a second, 4 at a time. */
function draw() {
  const { sender, packets } = pen();
  sender.begin(STROKE);
  for (let i = 0; i < 10; i++) {
    sender.extend(points(i * 4, 4));
    vi.advanceTimersByTime(100);
  }
  return { sender, packets };
}

describe('sending', () => {
  test('over a path that loses nothing each point goes once, and the stroke is the same L4', () => {
    const sent: LivePacket[] = [];
    const sender = new LiveSender(
      () => ME,
      (packet) => sent.push(withoutRepeats(packet)),
    );
    sender.begin(STROKE);
    for (let i = 0; i < 10; i++) {
      sender.extend(points(i * 4, 4));
      vi.advanceTimersByTime(100);
    }
    sender.end();
    expect(sent.map(({ ink }) => [ink?.first, ink?.points.length])).toEqual(
      Array.from({ length: 10 }, (_, i) => [4 * i, 4]),
    );
    const receiver = new LiveReceiver(
      () => undefined,
      () => false,
    );
    for (const packet of sent) receiver.receive(packet, 0);
    expect(receiver.peer(ME).stroke?.points).toEqual(points(0, 40));
  });

  test('moves are gathered: ten packets a second for a cursor, twenty for ink, none when idle L5', () => {
    const { sender, packets } = pen();
    for (let i = 0; i < 100; i++) {
      sender.cursor(MAIN_PAGE, i, i);
      vi.advanceTimersByTime(10);
    }
    expect(packets.length).toBeGreaterThanOrEqual(9);
    expect(packets.length).toBeLessThanOrEqual(11);
    const moved = packets.length;
    sender.begin(STROKE);
    for (let i = 0; i < 100; i++) {
      sender.extend(points(i, 1));
      vi.advanceTimersByTime(10);
    }
    expect(packets.length - moved).toBeGreaterThanOrEqual(18);
    expect(packets.length - moved).toBeLessThanOrEqual(21);
    vi.advanceTimersByTime(100);
    const { length } = packets;
    vi.advanceTimersByTime(5_000);
    expect(packets).toHaveLength(length);
  });

  test('those who see one place are told that the cursor is gone before it is at another D4', () => {
    const { sender, packets } = pen();
    sender.cursor(MAIN_PAGE, 1, 1);
    vi.advanceTimersByTime(200);
    sender.cursor(MAIN_PAGE, 2, 2, false, 'ann' as UserId);
    vi.advanceTimersByTime(200);
    expect(packets.map(({ desk, cursor }) => [desk, cursor?.x10 ?? null])).toEqual([
      [null, 10],
      [null, null],
      ['ann', 20],
    ]);
  });

  test('while the pen is down the cursor is where the ink ends', () => {
    const { sender, packets } = pen();
    sender.cursor(MAIN_PAGE, 1, 1);
    sender.begin(STROKE);
    sender.extend(points(5, 3));
    vi.advanceTimersByTime(100);
    expect(packets.at(-1)?.cursor).toEqual({ x10: 70, y10: 10 });
  });

  test('each packet repeats the points of the one before L4', () => {
    const { packets } = draw();
    expect(packets.map(({ ink }) => [ink?.first, ink?.points.length]).slice(0, 4)).toEqual([
      [0, 4],
      [0, 8],
      [4, 8],
      [8, 8],
    ]);
  });
});

describe('receiving', () => {
  const receiver = (exists: (id: ShapeId) => boolean = () => false) => new LiveReceiver(() => {}, exists);

  test('one lost packet shows nothing L4', () => {
    const { packets } = draw();
    const all = receiver();
    for (const [i, packet] of packets.entries()) if (i % 2 === 1) all.receive(packet, 0);
    expect(all.peer(ME).stroke?.points.map(({ x }) => x)).toEqual(points(0, 40).map(({ x }) => x));
  });

  test('a double path and late packets change nothing', () => {
    const { packets } = draw();
    const both = receiver();
    for (const packet of packets) both.receive(packet, 0);
    for (const packet of packets) both.receive(packet, 0);
    expect(both.peer(ME).stroke?.points).toHaveLength(40);
  });

  test('a live stroke goes when its shape comes, or 3 s after its last packet', () => {
    const { packets } = draw();
    const there = receiver(() => true);
    for (const packet of packets) there.receive(packet, 0);
    expect(there.peer(ME).stroke).toBeNull();
    const late = receiver();
    for (const packet of packets) late.receive(packet, 0);
    late.expire(2_999);
    expect(late.peer(ME).stroke).not.toBeNull();
    late.expire(3_000);
    expect(late.peer(ME).stroke).toBeNull();
    for (const packet of packets) late.receive(packet, 4_000);
    late.settle(new Set([`${ME}-1` as ShapeId]), 'ann' as UserId);
    expect(late.peer(ME).stroke).not.toBeNull();
    late.settle(new Set([`${ME}-1` as ShapeId]), null);
    expect(late.peer(ME).stroke).toBeNull();
  });

  test('a cursor that leaves is gone', () => {
    const { sender, packets } = pen();
    const one = receiver();
    sender.cursor('p' as PageId, 1.23, 4);
    vi.advanceTimersByTime(200);
    sender.hideCursor();
    vi.advanceTimersByTime(200);
    for (const packet of packets.slice(0, 1)) one.receive(packet, 0);
    expect(one.peer(ME).cursor).toEqual({ page: 'p', desk: null, x: 1.2, y: 4, laser: false });
    for (const packet of packets) one.receive(packet, 0);
    expect(one.peer(ME).cursor).toBeNull();
  });
});
