// In every page of a measured lesson: when pens went up and strokes were seen, and what getStats tells of sound and picture.
// Times are unix ms; all browsers of a lab share one machine's clock.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const pens = [];
  const seen = {};
  const longest = { frameMs: 0 };
  addEventListener('pointerup', () => pens.push(now()), { capture: true });
  const known = {};
  let frameMs = now();
  const look = () => {
    const at = now();
    longest.frameMs = Math.max(longest.frameMs, at - frameMs);
    frameMs = at;
    for (const [stream, { seq }] of Object.entries(globalThis.chalkmesh?.heads?.() ?? {})) {
      if (!stream.endsWith('/board')) continue;
      for (let n = (known[stream] ?? 0) + 1; n <= seq; n++) seen[`${stream}/${n}`] = at;
      known[stream] = seq;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  const take = (entry, names) => Object.fromEntries(names.map((name) => [name, entry[name] ?? 0]));
  const HEARD = 'packetsReceived packetsLost concealedSamples silentConcealedSamples totalSamplesReceived concealmentEvents jitterBufferDelay jitterBufferEmittedCount fecPacketsReceived bytesReceived totalAudioEnergy'.split(' ');
  const WATCHED = 'framesDecoded freezeCount totalFreezesDuration bytesReceived'.split(' ');
  const SENT = 'bytesSent framesEncoded totalEncodeTime targetBitrate'.split(' ');
  let beatMs = performance.now();
  let lateMs = 0;
  setInterval(() => {
    const at = performance.now();
    lateMs = at - beatMs - 1000;
    beatMs = at;
  }, 1000);
  async function lineOf(peer) {
    const askedMs = performance.now();
    const report = await peer.getStats();
    const found = { atMs: now(), answerMs: performance.now() - askedMs, lateMs, heard: [], watched: [], shown: [] };
    for (const entry of report.values()) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'audio') found.heard.push(take(entry, HEARD));
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') found.watched.push(take(entry, WATCHED));
      if (entry.type === 'outbound-rtp' && entry.kind === 'video')
        found.shown.push({ ...take(entry, SENT), limit: entry.qualityLimitationReason, active: entry.active });
      if (entry.type === 'remote-inbound-rtp')
        found[`${entry.kind}Loss`] = { share: entry.fractionLost ?? 0, atMs: entry.timestamp };
      if (entry.type === 'candidate-pair' && entry.nominated) {
        found.rttMs = (entry.currentRoundTripTime ?? 0) * 1000;
        found.availableBps = entry.availableOutgoingBitrate;
      }
    }
    return found;
  }
  globalThis.lab = {
    pens: () => pens,
    seen: () => seen,
    longestFrame: () => {
      const { frameMs } = longest;
      longest.frameMs = 0;
      return frameMs;
    },
    lines: () => Promise.all(labPeers.filter((peer) => peer.connectionState === 'connected').map(lineOf)),
  };
})();
