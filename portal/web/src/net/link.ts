/** One peer connection to one other session, through restarts and rebuilds (protocol.md section M). */
import { type Bytes, formatBase64Url, parseBase64Url } from '../core/bytes';
import { ProtocolError } from '../core/errors';
import type { RoomId, SessionId } from '../core/ids';
import { fingerprintText, type PublicKey, verifySignature } from '../core/keys';
import { LIMITS } from '../core/limits';
import type { Message } from '../core/messages';
import { Channels } from './channels';
import type { Agent, SignalData } from './control';
import type { Route } from './health';
import type { Cause, VideoQuality } from './ladder';
import { kindOf, type LocalMedia, type MediaKind, prepare } from './media';
import { Quality } from './quality';

/** `up`: heard within 3 s on an open channel (M6). */
export type LinkState = 'connecting' | 'up' | 'down' | 'closed';

export interface LinkOptions {
  readonly room: RoomId;
  readonly own: SessionId;
  readonly peer: SessionId;
  readonly peerKey: PublicKey;
  readonly agent: Agent;
  readonly sign: (text: Bytes) => Promise<Bytes>;
  readonly config: RTCConfiguration;
  readonly createPeer: (config: RTCConfiguration) => RTCPeerConnection;
  /** Of the connection before, when there was one: the next must be higher (M5). */
  readonly lastEpoch: number;
}

export interface LinkHooks {
  /** False: there is no way to signal now. */
  readonly signal: (data: SignalData) => boolean;
  readonly message: (message: Message) => void;
  readonly bulk: (data: Uint8Array) => void;
  readonly bulkDrained: () => void;
  readonly opened: () => void;
  readonly changed: () => void;
  readonly track: (kind: MediaKind, track: MediaStreamTrack | null) => void;
}

const DISCONNECTED_MS = 4_000;
/** A try that has not come up by then is given up for a new connection; doubles up to the maximum. */
const GIVE_UP_MIN_MS = 12_000;
const GIVE_UP_MAX_MS = 60_000;
/** A try younger than this is not overtaken by another. */
const FRESH_MS = 1_500;
const MAX_QUEUED_SIGNALS = 256;

export class Link {
  private peer: RTCPeerConnection | null = null;
  private channels: Channels | null = null;
  private quality: Quality | null = null;
  private current: LinkState = 'connecting';
  private heardMs = 0;
  private triedMs = 0;
  private giveUpMs = GIVE_UP_MIN_MS;
  private disconnectedMs: number | null = null;
  private pingNonce = 0n;
  private pingMs = 0;
  private incoming: Promise<void> = Promise.resolve();
  private outgoing: Promise<void> = Promise.resolve();
  private queued = 0;
  private makingOffer = false;
  private ignoringOffer = false;
  /** The answering side says nothing before the first offer. */
  private described = false;
  /** Something could not be signaled: the other side waits for it. */
  private unsent = false;
  private config: RTCConfiguration;
  epoch: number;
  rttMs: number | null = null;
  /** M1: this side makes the first offer, and its offers win. */
  readonly offers: boolean;

  constructor(
    private readonly options: LinkOptions,
    private local: LocalMedia,
    private readonly hooks: LinkHooks,
  ) {
    this.epoch = options.lastEpoch;
    this.config = options.config;
    this.offers = options.agent === 'python' || options.own < options.peer;
  }

  /** How our own picture goes there; null without one. */
  get video(): VideoQuality | null {
    return this.local.video === null || this.current !== 'up' ? null : (this.quality?.video ?? null);
  }

  /** Why it is less than whole. */
  get videoCause(): Cause | null {
    return this.video === null ? null : (this.quality?.cause ?? null);
  }

  get route(): Route | null {
    return this.current === 'up' ? (this.quality?.route ?? null) : null;
  }

  get state(): LinkState {
    return this.current;
  }

  private set(state: LinkState): void {
    if (state === this.current || this.current === 'closed') return;
    this.current = state;
    this.hooks.changed();
  }

  /** Offers, or asks the other side to; the very first time it offers by itself. */
  begin(): void {
    this.triedMs = Date.now();
    if (this.offers) this.build(this.epoch + 1);
    else if (this.epoch > 0) this.signal({ epoch: this.epoch + 1, kind: 'hello' });
  }

  /** The other side is there again, or there is a way to signal again: what is not up need not wait. */
  revive(): void {
    if (this.current === 'up' || this.current === 'closed') return;
    if (!this.unsent && Date.now() - this.triedMs < FRESH_MS) {
      this.tryWithin(FRESH_MS);
      return;
    }
    this.unsent = false;
    if (this.current === 'down' && this.peer !== null) this.restart();
    else this.begin();
  }

  /** Fresh TURN credentials. A connection takes them for its next ICE restart; one that stands goes on as it is. */
  configure(config: RTCConfiguration): void {
    this.config = config;
    if (this.peer !== null && this.peer.connectionState !== 'closed') this.peer.setConfiguration(config);
  }

  private signal(data: SignalData): void {
    if (!this.hooks.signal(data)) this.unsent = true;
  }

  close(): void {
    this.set('closed');
    this.teardown();
  }

  private teardown(): void {
    const { peer } = this;
    this.peer = null;
    this.channels = null;
    this.quality = null;
    if (peer === null) return;
    peer.onicecandidate = null;
    peer.onnegotiationneeded = null;
    peer.onconnectionstatechange = null;
    peer.ontrack = null;
    peer.close();
    this.hooks.track('audio', null);
    this.hooks.track('video', null);
  }

  // Building

  private build(epoch: number): RTCPeerConnection {
    this.teardown();
    this.epoch = epoch;
    this.described = false;
    this.makingOffer = false;
    this.ignoringOffer = false;
    this.disconnectedMs = null;
    this.triedMs = Date.now();
    const peer = this.options.createPeer(this.config);
    this.peer = peer;
    this.quality = new Quality(peer, this.options.agent === 'browser');
    const mine = (): boolean => this.peer === peer;
    this.channels = new Channels(peer, {
      message: (message) => mine() && this.receive(message),
      bulk: (data) => mine() && this.hooks.bulk(data),
      bulkDrained: () => mine() && this.hooks.bulkDrained(),
      open: () => mine() && this.opened(),
      closed: () => mine() && this.lost(),
      broken: () => mine() && this.close(),
    });
    peer.onicecandidate = ({ candidate }) => mine() && this.sendCandidate(candidate);
    peer.onnegotiationneeded = () => mine() && (this.offers || this.described) && void this.offer(peer);
    peer.onconnectionstatechange = () => mine() && this.watch(peer.connectionState);
    peer.ontrack = ({ transceiver }) => mine() && this.hooks.track(kindOf(transceiver), transceiver.receiver.track);
    if (this.offers) {
      for (const kind of ['audio', 'video'] as const) {
        const transceiver = peer.addTransceiver(kind, { direction: 'sendrecv' });
        this.background(prepare(transceiver, this.local));
      }
    }
    return peer;
  }

  /** Work on a connection that may be torn down meanwhile: then its failure means nothing. */
  private background(work: Promise<void>): void {
    const { peer } = this;
    work.catch(() => {
      if (this.peer === peer) this.lost();
    });
  }

  private async offer(peer: RTCPeerConnection): Promise<void> {
    this.makingOffer = true;
    try {
      await peer.setLocalDescription();
      if (this.peer === peer) this.sendDescription(peer);
    } catch {
      if (this.peer === peer) this.lost();
    } finally {
      if (this.peer === peer) this.makingOffer = false;
    }
  }

  /** In order: a description is signed first, so candidates have to wait for it. */
  private enqueue(make: () => Promise<SignalData | null>): void {
    this.outgoing = this.outgoing.then(async () => {
      const data = await make();
      if (data !== null && data.epoch === this.epoch) this.signal(data);
    });
  }

  private sendDescription(peer: RTCPeerConnection): void {
    const { localDescription } = peer;
    if (localDescription === null || (localDescription.type !== 'offer' && localDescription.type !== 'answer')) return;
    const { type: kind, sdp } = localDescription;
    const { epoch } = this;
    const { room, own, peer: other, sign } = this.options;
    this.described = true;
    const mids: Record<string, MediaKind> = {};
    for (const transceiver of peer.getTransceivers()) {
      if (transceiver.mid !== null) mids[transceiver.mid] = kindOf(transceiver);
    }
    this.enqueue(async () => {
      const fp = formatBase64Url(await sign(fingerprintText(room, own, other, sdp)));
      return { epoch, kind, sdp, mids, fp };
    });
  }

  private sendCandidate(candidate: RTCIceCandidate | null): void {
    const { epoch } = this;
    const text = candidate?.candidate ?? '';
    const mid = candidate?.sdpMid ?? null;
    const line = candidate?.sdpMLineIndex ?? null;
    this.enqueue(() => Promise.resolve({ epoch, kind: 'candidate', candidate: text, mid, line }));
  }

  // Signals

  receiveSignal(data: SignalData): void {
    if (this.queued >= MAX_QUEUED_SIGNALS || this.current === 'closed') return;
    this.queued += 1;
    this.incoming = this.incoming.then(async () => {
      this.queued -= 1;
      if (this.current === 'closed' || data.epoch < this.epoch) return;
      try {
        await this.takeSignal(data);
      } catch (error) {
        // A description or candidate that does not parse or verify is dropped (M4); the watchdog tries again.
        if (!(error instanceof ProtocolError || error instanceof DOMException || error instanceof TypeError))
          throw error;
      }
    });
  }

  private async takeSignal(data: SignalData): Promise<void> {
    switch (data.kind) {
      case 'hello':
        this.asked(data.epoch);
        return;
      case 'offer':
        if (await this.isSigned(data.sdp, data.fp)) await this.takeOffer(data.epoch, data.sdp);
        return;
      case 'answer':
        if (data.epoch !== this.epoch || this.peer?.signalingState !== 'have-local-offer') return;
        if (!(await this.isSigned(data.sdp, data.fp))) return;
        await this.peer.setRemoteDescription({ type: 'answer', sdp: data.sdp });
        this.settled();
        return;
      case 'candidate':
        await this.takeCandidate(data.epoch, data.candidate, data.mid, data.line);
    }
  }

  /** M5. Somebody who asks again under our number did not get our offer. */
  private asked(epoch: number): void {
    if (!this.offers) return;
    if (epoch > this.epoch) this.build(epoch);
    else if (this.current === 'up') return;
    else if (Date.now() - this.triedMs > FRESH_MS) this.build(this.epoch + 1);
    else this.tryWithin(FRESH_MS);
  }

  /** Unless it comes up before that, the watchdog builds anew after this time. */
  private tryWithin(ms: number): void {
    this.triedMs = Math.min(this.triedMs, Date.now() - this.giveUpMs + ms);
  }

  private isSigned(sdp: string, fp: string): Promise<boolean> {
    const { room, own, peer, peerKey } = this.options;
    return verifySignature(peerKey, parseBase64Url(fp), fingerprintText(room, peer, own, sdp));
  }

  /** Perfect negotiation: on glare the polite side rolls back, the other does not listen. */
  private async takeOffer(epoch: number, sdp: string): Promise<void> {
    if (this.options.agent === 'python') return;
    const peer = epoch > this.epoch || this.peer === null ? this.build(epoch) : this.peer;
    const collides = this.makingOffer || peer.signalingState !== 'stable';
    this.ignoringOffer = this.offers && collides;
    if (this.ignoringOffer) return;
    await peer.setRemoteDescription({ type: 'offer', sdp });
    if (this.peer !== peer) return;
    for (const transceiver of peer.getTransceivers()) {
      if (transceiver.currentDirection === null) await prepare(transceiver, this.local);
    }
    await peer.setLocalDescription();
    if (this.peer !== peer) return;
    this.sendDescription(peer);
    this.settled();
  }

  private async takeCandidate(
    epoch: number,
    candidate: string,
    mid: string | null,
    line: number | null,
  ): Promise<void> {
    if (epoch !== this.epoch || this.peer === null || this.ignoringOffer) return;
    // Every browser takes the end of candidates from the description; an empty one confuses some.
    if (candidate === '' || this.peer.remoteDescription === null) return;
    await this.peer.addIceCandidate({ candidate, sdpMid: mid, sdpMLineIndex: line });
  }

  private settled(): void {
    if (this.quality !== null) this.background(this.quality.apply());
  }

  // Health

  private opened(): void {
    this.heardMs = Date.now();
    this.giveUpMs = GIVE_UP_MIN_MS;
    this.set('up');
    this.hooks.opened();
  }

  /** The channel or the connection broke for good: the next beat builds anew. */
  private lost(): void {
    this.set('down');
    this.tryWithin(1_000);
  }

  private watch(state: RTCPeerConnectionState): void {
    if (state === 'connected') this.disconnectedMs = null;
    else if (state === 'disconnected') this.disconnectedMs ??= Date.now();
    // With the next beat, when there is a way to signal.
    else if (state === 'failed') this.disconnectedMs = 0;
  }

  /** New candidates on the same connection; aiortc knows no ICE restart, so there a new connection. */
  restart(): void {
    const { peer } = this;
    this.disconnectedMs = null;
    this.triedMs = Date.now();
    if (peer === null || peer.connectionState === 'closed' || this.options.agent === 'python') {
      this.begin();
      return;
    }
    peer.restartIce();
    // An offer that never arrived keeps the browser from asking for the next one by itself.
    if (peer.signalingState === 'have-local-offer') void this.offer(peer);
  }

  /** Once a second: ping, picture, silence, and tries that came to nothing. `links`: that share this user's line. */
  beat(nowMs: number, maySignal: boolean, links = 1): void {
    if (this.current === 'closed') return;
    if (this.current === 'up' && this.quality !== null) this.background(this.quality.measure(nowMs, links));
    if (this.channels?.open) {
      this.pingNonce += 1n;
      this.pingMs = nowMs;
      this.channels.sendSync({ type: 'PING', nonce: this.pingNonce });
    }
    const silent = nowMs - this.heardMs > LIMITS.link_silence_ms;
    if (this.current === 'up' && silent) {
      this.set('down');
      this.triedMs = nowMs;
    }
    if (!maySignal || this.current === 'up') return;
    if (this.disconnectedMs !== null && nowMs - this.disconnectedMs > DISCONNECTED_MS) {
      this.restart();
      return;
    }
    if (nowMs - this.triedMs < this.giveUpMs) return;
    this.giveUpMs = Math.min(GIVE_UP_MAX_MS, this.giveUpMs * 2);
    this.triedMs = nowMs;
    if (this.offers) this.build(this.epoch + 1);
    else this.signal({ epoch: this.epoch + 1, kind: 'hello' });
  }

  private receive(message: Message): void {
    this.heardMs = Date.now();
    if (this.current === 'down' && this.channels?.open) this.set('up');
    if (message.type === 'PING') this.channels?.sendSync({ type: 'PONG', nonce: message.nonce });
    else if (message.type === 'PONG') {
      if (message.nonce !== this.pingNonce) return;
      this.rttMs = this.heardMs - this.pingMs;
    } else this.hooks.message(message);
  }

  // Sending

  sendSync(message: Message): boolean {
    return this.channels?.sendSync(message) ?? false;
  }

  probe(nowMs: number): void {
    this.channels?.probe(nowMs);
  }

  /** When after its sealing an own envelope goes on `live` (M7). */
  get copiesMs(): readonly number[] {
    return this.channels?.meter.copiesMs ?? [];
  }

  sendCopy(message: Message, index: number, links: number): boolean {
    return this.channels?.sendCopy(message, index, Date.now(), links) ?? false;
  }

  sendLive(message: Message): boolean {
    return this.channels?.sendLive(message) ?? false;
  }

  sendBulk(bytes: Bytes): boolean {
    return this.channels?.sendBulk(bytes) ?? false;
  }

  drained(): Promise<void> {
    return this.channels?.drained() ?? Promise.resolve();
  }

  setLocalMedia(local: LocalMedia): void {
    this.local = local;
    for (const transceiver of this.peer?.getTransceivers() ?? []) {
      this.background(transceiver.sender.replaceTrack(local[kindOf(transceiver)]));
    }
  }
}
