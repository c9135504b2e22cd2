import { describe, expect, test } from 'vitest';
import { Busy } from '../../src/net/busy';
import { NO_ENCODING, readStats } from '../../src/net/health';
import { Ladder, type LinkSample, OFF, qualityOf, RUNGS, videoCeiling } from '../../src/net/ladder';

type Line = Partial<Omit<LinkSample, 'atMs'>>;
const CLEAN: Line = { loss: 0, rttMs: 40, availableBps: 900_000 };

class Drive {
  readonly ladder = new Ladder();
  atMs = 0;
  readonly rungs: number[] = [];

  /** One look a second; returns the rung at the end. */
  go(seconds: number, line: Line): number {
    for (let i = 0; i < seconds; i++) {
      this.atMs += 1_000;
      this.ladder.look({ atMs: this.atMs, loss: null, rttMs: null, availableBps: null, ...line });
      this.rungs.push(this.ladder.rung);
    }
    return this.ladder.rung;
  }
}

describe('down', () => {
  test('a clean line keeps the whole picture', () => {
    expect(new Drive().go(120, CLEAN)).toBe(0);
  });

  test('one bad report is nothing', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    drive.go(1, { ...CLEAN, loss: 0.12 });
    expect(drive.go(5, CLEAN)).toBe(0);
  });

  test('a queue that grows takes the picture down to off, rung by rung', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    drive.go(20, { loss: 0.05, rttMs: 900, availableBps: 120_000 });
    expect(drive.ladder.rung).toBe(OFF);
    expect(drive.ladder.target).toBeNull();
    const seen = [...new Set(drive.rungs)];
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  test('heavy loss turns it off within seconds', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    expect(drive.go(6, { ...CLEAN, loss: 0.3 })).toBe(OFF);
  });

  test('loss without a queue is the radio’s: the smallest picture stays', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    drive.go(60, { ...CLEAN, loss: 0.1 });
    expect(drive.ladder.rung).toBe(RUNGS.length - 1);
  });

  test('a step is given time to work', () => {
    const drive = new Drive();
    drive.go(5, CLEAN);
    drive.go(4, { ...CLEAN, rttMs: 500 });
    expect(drive.ladder.rung).toBe(1);
  });

  test('a long way is no queue', () => {
    expect(new Drive().go(60, { ...CLEAN, rttMs: 600 })).toBe(0);
  });
});

describe('up', () => {
  test('one rung after another once the line is good again', () => {
    const drive = new Drive();
    drive.go(5, CLEAN);
    drive.go(10, { ...CLEAN, loss: 0.3 });
    expect(drive.go(9, CLEAN)).toBe(OFF);
    expect(drive.go(2, CLEAN)).toBe(OFF - 1);
    expect(drive.go(60, CLEAN)).toBe(0);
  });

  test('a climb that fails makes the next one wait longer, up to two minutes', () => {
    const drive = new Drive();
    const full = (): Line => (drive.ladder.rung < 2 ? { ...CLEAN, rttMs: 700 } : CLEAN);
    drive.go(5, CLEAN);
    for (let i = 0; i < 600; i++) drive.go(1, full());
    const climbs = drive.rungs.filter((rung, i) => rung < (drive.rungs[i - 1] ?? 0)).length;
    expect(climbs).toBeGreaterThanOrEqual(3);
    expect(climbs).toBeLessThanOrEqual(9);
  });

  test('silence is neither good nor bad', () => {
    const drive = new Drive();
    drive.go(5, CLEAN);
    drive.go(10, { ...CLEAN, loss: 0.3 });
    const before = drive.ladder.rung;
    expect(drive.go(60, {})).toBe(before);
  });
});

describe('a busy device', () => {
  const BUSY: Line = { loss: 0, rttMs: 700, availableBps: 60_000, busy: true };

  test('gets a smaller picture at once and none only when that does not help; it is not called the line', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    expect(drive.ladder.cause).toBeNull();
    drive.go(11, BUSY);
    expect([drive.ladder.rung, drive.ladder.cause]).toEqual([RUNGS.length - 1, 'device']);
    drive.go(9, BUSY);
    expect([drive.ladder.rung, drive.ladder.cause]).toEqual([OFF, 'device']);
  });

  test('what the other side counts as lost is the line’s all the same', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    drive.go(6, { ...BUSY, loss: 0.3 });
    expect([drive.ladder.rung, drive.ladder.cause]).toEqual([OFF, 'line']);
  });

  test('one slow moment is nothing', () => {
    const drive = new Drive();
    drive.go(10, CLEAN);
    drive.go(1, BUSY);
    expect(drive.go(5, CLEAN)).toBe(0);
  });

  test('climbs again when it is free, and has no cause at the top', () => {
    const drive = new Drive();
    drive.go(5, CLEAN);
    drive.go(5, BUSY);
    expect(drive.go(90, CLEAN)).toBe(0);
    expect(drive.ladder.cause).toBeNull();
  });

  test('its round trips are not taken for the way’s length', () => {
    const drive = new Drive();
    drive.go(3, { ...CLEAN, rttMs: 300, busy: true });
    drive.go(60, CLEAN);
    drive.go(6, { ...CLEAN, rttMs: 260 });
    expect(drive.ladder.rung).toBeGreaterThan(0);
  });

  const encoded = (frames: number, tookMs: number) => ({ frames, tookMs, isLimited: false });

  test('is known by late answers, late timers, slow encoding, and the browser’s own word', () => {
    const look = (askedMs: number, answeredMs: number, tookMs = 0, links = 1): boolean => {
      const busy = new Busy();
      busy.look(NO_ENCODING, 0, 5, links);
      return busy.look(encoded(15, tookMs), askedMs, answeredMs, links);
    };
    expect(look(1_000, 1_008)).toBe(false);
    expect(look(1_000, 1_300)).toBe(true);
    expect(look(1_700, 1_705)).toBe(true);
    expect(look(1_000, 1_008, 90)).toBe(false);
    expect(look(1_000, 1_008, 150, 5)).toBe(true);
    expect(new Busy().look({ ...NO_ENCODING, isLimited: true }, 0, 5, 1)).toBe(true);
  });
});

test('a 1:4 lesson with the recorder stays under 2 Mbit/s per user', () => {
  const onWire = (links: number): number => links * (videoCeiling(links) * 1.08 + 90_000) + 60_000;
  for (let links = 1; links <= 9; links++) expect(onWire(links)).toBeLessThan(2_000_000);
  expect(videoCeiling(5)).toBeGreaterThan(200_000);
  expect(videoCeiling(2)).toBe(300_000);
});

test('the ceiling of many links cuts the rung’s bitrate', () => {
  const ladder = new Ladder();
  ladder.limit(videoCeiling(8));
  expect(ladder.target?.bitrateBps).toBe(videoCeiling(8));
});

test('words for the page', () => {
  expect([0, 1, 2, 3, OFF].map(qualityOf)).toEqual(['full', 'full', 'reduced', 'reduced', 'paused']);
});

describe('getStats', () => {
  const entries = (local: object, lost: number, at: number) =>
    new Map<string, Record<string, unknown>>([
      ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
      [
        'P',
        { type: 'candidate-pair', localCandidateId: 'L', currentRoundTripTime: 0.08, availableOutgoingBitrate: 4e5 },
      ],
      ['L', { type: 'local-candidate', ...local }],
      [
        'O',
        {
          type: 'outbound-rtp',
          kind: 'video',
          framesEncoded: 30,
          totalEncodeTime: 0.09,
          qualityLimitationReason: lost > 0.1 ? 'cpu' : 'none',
        },
      ],
      ['A', { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: lost, timestamp: at }],
      ['V', { type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.01, timestamp: at }],
    ]);

  test('the worst receiver report, the round trip and the estimate', () => {
    const { sample, route, reportedMs } = readStats(entries({ candidateType: 'host' }, 0.04, 500), 1_000, 0);
    expect(sample).toEqual({ atMs: 1_000, loss: 0.04, rttMs: 80, availableBps: 400_000 });
    expect([route, reportedMs]).toEqual(['direct', 500]);
  });

  test('how encoding goes', () => {
    const of = (lost: number) => readStats(entries({ candidateType: 'host' }, lost, 500), 1_000, 0).encoding;
    expect(of(0)).toEqual({ frames: 30, tookMs: 90, isLimited: false });
    expect(of(0.2).isLimited).toBe(true);
  });

  test('a report that was seen before is no news', () => {
    const { sample } = readStats(entries({ candidateType: 'host' }, 0.04, 500), 2_000, 500);
    expect(sample.loss).toBeNull();
  });

  test('the way through the TURN server', () => {
    const route = (relayProtocol: string) =>
      readStats(entries({ candidateType: 'relay', relayProtocol }, 0, 1), 2, 0).route;
    expect(['udp', 'tcp', 'tls'].map(route)).toEqual(['turn-udp', 'turn-tcp', 'turn-tls']);
  });

  test('an empty report says nothing', () => {
    const { sample, route } = readStats(new Map(), 1, 0);
    expect([sample.loss, sample.rttMs, sample.availableBps, route]).toEqual([null, null, null, null]);
  });
});
