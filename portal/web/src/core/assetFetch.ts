/**
 * Getting assets from peers and, where they cannot, from the server (protocol.md A6, A7): a pure state machine.
 *
 * Each source sends in order from where it is asked, so what is held of an asset is always its beginning: another
 * source goes on where the one before left off. Bytes are believed only when the whole has the right hash.
 */
import { ASSET_LIMITS, type AskMessage, type AssetId, type ChunkMessage, type NoneMessage } from './assets';
import { type Bytes, concatBytes } from './bytes';
import type { SessionId } from './ids';

export type FailedReason = 'unknown' | 'unreachable';

export type Action =
  | { readonly kind: 'ask'; readonly peer: SessionId; readonly message: AskMessage }
  /** Everything from byte `first` on; answer with one of the `server…` methods. */
  | { readonly kind: 'server'; readonly asset: AssetId; readonly first: number }
  /** Compare the hash of the bytes with the id; answer with `checked`. */
  | { readonly kind: 'check'; readonly asset: AssetId; readonly data: Bytes }
  | { readonly kind: 'fetched'; readonly asset: AssetId; readonly data: Bytes }
  | { readonly kind: 'failed'; readonly asset: AssetId; readonly reason: FailedReason };

type State = 'waiting' | 'peer' | 'server' | 'checking' | 'paused';
const SERVER = 'server';

class Fetch {
  state: State = 'waiting';
  parts: Bytes[] = [];
  length = 0;
  total: number | null = null;
  asked = 0;
  peer: SessionId | null = null;
  /** Who was asked in this round without (further) success. */
  readonly tried = new Set<SessionId>();
  /** Whose bytes alone made a wrong whole. */
  readonly blamed = new Set<SessionId>();
  readonly contributors = new Set<SessionId | typeof SERVER>();
  /** After a wrong whole of several sources: each is asked for all of it, so that the liar shows. */
  alone = false;
  heardMs = 0;
  markMs = 0;
  markBytes = 0;
  round = 0;
  roundBytes = 0;
  wakeMs = 0;

  constructor(readonly asset: AssetId) {}

  clear(): void {
    this.parts = [];
    this.length = 0;
    this.total = null;
    this.contributors.clear();
  }

  get bytes(): Bytes {
    return concatBytes(...this.parts);
  }
}

/** All assets that one participant wants. Times are ms of any clock, handed in; after each call, `takeActions`. */
export class AssetFetcher {
  private readonly fetches = new Map<AssetId, Fetch>();
  private readonly peers = new Set<SessionId>();
  private actions: Action[] = [];

  get wanted(): number {
    return this.fetches.size;
  }

  takeActions(): readonly Action[] {
    const { actions } = this;
    this.actions = [];
    return actions;
  }

  /** False when too many are wanted already (A6). */
  want(asset: AssetId, nowMs: number): boolean {
    if (this.fetches.has(asset)) return true;
    if (this.fetches.size >= ASSET_LIMITS.wanted) return false;
    this.fetches.set(asset, new Fetch(asset));
    this.start(nowMs);
    return true;
  }

  forget(asset: AssetId, nowMs: number): void {
    if (this.fetches.delete(asset)) this.start(nowMs);
  }

  peerUp(peer: SessionId, nowMs: number): void {
    this.peers.add(peer);
    for (const fetch of this.fetches.values()) {
      fetch.tried.delete(peer);
      if (fetch.state === 'paused' && !fetch.blamed.has(peer)) fetch.state = 'waiting';
    }
    this.start(nowMs);
  }

  peerDown(peer: SessionId, nowMs: number): void {
    this.peers.delete(peer);
    for (const fetch of this.fetches.values()) {
      if (fetch.state === 'peer' && fetch.peer === peer) this.nextSource(fetch, nowMs);
    }
  }

  /** Anything that was not asked of this peer is passed over. */
  receive(peer: SessionId, message: ChunkMessage | NoneMessage, nowMs: number): void {
    const fetch = this.fetches.get(message.asset);
    if (fetch === undefined || fetch.state !== 'peer' || fetch.peer !== peer) return;
    if (message.type === 'NONE') {
      fetch.tried.add(peer);
      this.nextSource(fetch, nowMs);
    } else if (fetch.total !== null && message.total !== fetch.total) {
      // One of two sources lies about the length: from here on each has to bring the whole.
      fetch.alone = true;
      fetch.tried.add(peer);
      this.nextSource(fetch, nowMs);
    } else if (message.offset === fetch.length) {
      fetch.total = message.total;
      fetch.heardMs = nowMs;
      this.append(fetch, message.data.slice(), peer);
    }
  }

  /** The server's bytes from `offset` to the end. */
  serverRest(asset: AssetId, offset: number, total: number, data: Bytes, nowMs: number): void {
    const fetch = this.fetches.get(asset);
    if (fetch === undefined || fetch.state !== 'server') return;
    const short = offset + data.length !== total;
    if (short || total > ASSET_LIMITS.asset_bytes || offset !== fetch.length || total === 0) {
      this.serverMissing(asset, nowMs);
    } else if (fetch.total !== null && fetch.total !== total) {
      fetch.clear();
      fetch.alone = true;
      this.actions.push({ kind: 'server', asset, first: 0 });
    } else {
      fetch.total = total;
      if (data.length === 0) this.check(fetch);
      else this.append(fetch, data, SERVER);
    }
  }

  /** The server does not have it (yet). */
  serverMissing(asset: AssetId, nowMs: number): void {
    this.roundOver(asset, 'unknown', nowMs);
  }

  serverAway(asset: AssetId, nowMs: number): void {
    this.roundOver(asset, 'unreachable', nowMs);
  }

  checked(asset: AssetId, good: boolean, nowMs: number): void {
    const fetch = this.fetches.get(asset);
    if (fetch === undefined || fetch.state !== 'checking') return;
    if (good) {
      this.fetches.delete(asset);
      this.actions.push({ kind: 'fetched', asset, data: fetch.bytes });
      this.start(nowMs);
      return;
    }
    const [liar, another] = fetch.contributors;
    if (another !== undefined) fetch.tried.clear();
    else if (liar === SERVER) {
      fetch.clear();
      this.roundOver(asset, 'unknown', nowMs);
      return;
    } else if (liar !== undefined) fetch.blamed.add(liar);
    fetch.alone = true;
    this.nextSource(fetch, nowMs);
  }

  /** Stalls and pauses: several times a second while anything is wanted. */
  tick(nowMs: number): void {
    for (const fetch of this.fetches.values()) {
      if (fetch.state === 'paused' && nowMs >= fetch.wakeMs) fetch.state = 'waiting';
      else if (fetch.state === 'peer' && fetch.peer !== null && this.stalls(fetch, nowMs)) {
        fetch.tried.add(fetch.peer);
        this.nextSource(fetch, nowMs);
      }
    }
    this.start(nowMs);
  }

  /** Gives the free places to those that wait, in the order in which they were wanted. */
  private start(nowMs: number): void {
    let active = 0;
    for (const { state } of this.fetches.values()) if (state !== 'waiting' && state !== 'paused') active += 1;
    for (const fetch of this.fetches.values()) {
      if (active >= ASSET_LIMITS.parallel) return;
      if (fetch.state !== 'waiting') continue;
      active += 1;
      this.nextSource(fetch, nowMs);
    }
  }

  private nextSource(fetch: Fetch, nowMs: number): void {
    if (fetch.alone) fetch.clear();
    const candidates = [...this.peers].filter((peer) => !fetch.tried.has(peer) && !fetch.blamed.has(peer));
    const [peer] = candidates.sort((a, b) => this.load(a, fetch) - this.load(b, fetch));
    if (peer === undefined) {
      fetch.state = 'server';
      fetch.peer = null;
      this.actions.push({ kind: 'server', asset: fetch.asset, first: fetch.length });
      return;
    }
    fetch.state = 'peer';
    fetch.peer = peer;
    fetch.asked = fetch.length;
    fetch.heardMs = nowMs;
    fetch.markMs = nowMs;
    fetch.markBytes = fetch.length;
    this.ask(fetch);
  }

  private load(peer: SessionId, but: Fetch): number {
    let load = 0;
    for (const fetch of this.fetches.values()) {
      if (fetch !== but && fetch.state === 'peer' && fetch.peer === peer) load += 1;
    }
    return load;
  }

  /** Asks ahead: a window at a time, the next one when half of the last is here (A3). */
  private ask(fetch: Fetch): void {
    const { asset, peer, asked } = fetch;
    const end = fetch.total ?? ASSET_LIMITS.asset_bytes;
    if (peer === null || asked >= end || asked - fetch.length > ASSET_LIMITS.window_bytes / 2) return;
    const count = Math.min(ASSET_LIMITS.window_bytes, end - asked);
    this.actions.push({ kind: 'ask', peer, message: { type: 'ASK', asset, first: asked, count } });
    fetch.asked += count;
  }

  private append(fetch: Fetch, data: Bytes, source: SessionId | typeof SERVER): void {
    fetch.parts.push(data);
    fetch.length += data.length;
    fetch.contributors.add(source);
    if (fetch.length === fetch.total) this.check(fetch);
    else if (source !== SERVER) this.ask(fetch);
  }

  private check(fetch: Fetch): void {
    fetch.state = 'checking';
    fetch.peer = null;
    const data = fetch.bytes;
    fetch.parts = [data];
    this.actions.push({ kind: 'check', asset: fetch.asset, data });
  }

  private stalls(fetch: Fetch, nowMs: number): boolean {
    if (nowMs - fetch.heardMs >= ASSET_LIMITS.stall_ms) return true;
    if (nowMs - fetch.markMs < ASSET_LIMITS.slow_ms) return false;
    const slow = fetch.length - fetch.markBytes < ASSET_LIMITS.slow_bytes;
    fetch.markMs = nowMs;
    fetch.markBytes = fetch.length;
    return slow;
  }

  private roundOver(asset: AssetId, reason: FailedReason, nowMs: number): void {
    const fetch = this.fetches.get(asset);
    if (fetch === undefined || (fetch.state !== 'server' && fetch.state !== 'checking')) return;
    fetch.round = fetch.length > fetch.roundBytes ? 1 : fetch.round + 1;
    fetch.roundBytes = fetch.length;
    fetch.tried.clear();
    if (fetch.round >= ASSET_LIMITS.rounds) {
      this.fetches.delete(asset);
      this.actions.push({ kind: 'failed', asset, reason });
    } else {
      const pauseMs = Math.min(ASSET_LIMITS.pause_longest_ms, ASSET_LIMITS.pause_first_ms * 2 ** (fetch.round - 1));
      fetch.state = 'paused';
      fetch.wakeMs = nowMs + pauseMs;
    }
    this.start(nowMs);
  }
}
