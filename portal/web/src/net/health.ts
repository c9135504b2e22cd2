/** What getStats() tells of a link, as one sample for the ladder, one word about its way, and how encoding goes. */
import type { LinkSample } from './ladder';

/** How the packets of a link travel: straight, or through the school's TURN server over UDP, TCP or TLS. */
export type Route = 'direct' | 'turn-udp' | 'turn-tcp' | 'turn-tls';

export interface LinkStats {
  readonly sample: LinkSample;
  readonly route: Route | null;
  /** Arrival time of the newest receiver's report, to tell news from repetition. */
  readonly reportedMs: number;
  readonly encoding: Encoding;
}

/** How this device keeps up with its own picture. Sums since the connection began. */
export interface Encoding {
  readonly frames: number;
  readonly tookMs: number;
  /** The browser itself holds the picture back because encoding takes too long. */
  readonly isLimited: boolean;
}

export const NO_ENCODING: Encoding = { frames: 0, tookMs: 0, isLimited: false };

type Entry = Readonly<Record<string, unknown>>;

const numberOf = (entry: Entry | undefined, name: string): number | null => {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};

function selectedPair(report: ReadonlyMap<string, Entry>): Entry | undefined {
  for (const entry of report.values()) {
    const { type, selectedCandidatePairId: id } = entry;
    if (type === 'transport' && typeof id === 'string') return report.get(id);
  }
  // Firefox has no transport entry.
  return [...report.values()].find(({ type, nominated, state }) => {
    return type === 'candidate-pair' && nominated === true && state === 'succeeded';
  });
}

function routeOf(report: ReadonlyMap<string, Entry>, pair: Entry | undefined): Route | null {
  const id = pair?.localCandidateId;
  const local = typeof id === 'string' ? report.get(id) : undefined;
  if (local === undefined) return null;
  if (local.candidateType !== 'relay') return 'direct';
  if (local.relayProtocol === 'tls') return 'turn-tls';
  return local.relayProtocol === 'tcp' ? 'turn-tcp' : 'turn-udp';
}

/** `reportedMs`: of the look before; 0 at first. */
export function readStats(report: ReadonlyMap<string, Entry>, atMs: number, reportedMs: number): LinkStats {
  const pair = selectedPair(report);
  let loss: number | null = null;
  let newestMs = reportedMs;
  let encoding = NO_ENCODING;
  for (const entry of report.values()) {
    if (entry.type === 'outbound-rtp' && entry.kind === 'video') {
      encoding = {
        frames: numberOf(entry, 'framesEncoded') ?? 0,
        tookMs: (numberOf(entry, 'totalEncodeTime') ?? 0) * 1000,
        isLimited: entry.qualityLimitationReason === 'cpu',
      };
    }
    // A receiver's report stays in the stats until the next one comes: only a new one is news.
    const at = numberOf(entry, 'timestamp') ?? 0;
    if (entry.type !== 'remote-inbound-rtp' || at <= reportedMs) continue;
    newestMs = Math.max(newestMs, at);
    const lost = numberOf(entry, 'fractionLost');
    if (lost !== null) loss = Math.max(loss ?? 0, lost);
  }
  const rttS = numberOf(pair, 'currentRoundTripTime');
  const sample: LinkSample = {
    atMs,
    loss,
    rttMs: rttS === null ? null : rttS * 1000,
    availableBps: numberOf(pair, 'availableOutgoingBitrate'),
  };
  return { sample, route: routeOf(report, pair), reportedMs: newestMs, encoding };
}
