/** All links of this session: one to each present participant (protocol.md section M). */
import type { Bytes } from '../core/bytes';
import type { RoomId, SessionId } from '../core/ids';
import type { PublicKey } from '../core/keys';
import { LIMITS } from '../core/limits';
import type { Message } from '../core/messages';
import type { Agent, SignalData } from './control';
import type { Route } from './health';
import type { Cause, VideoQuality } from './ladder';
import { Link, type LinkState } from './link';
import { LIVE_PING_MS } from './lossMeter';
import { type LocalMedia, type MediaKind, NO_MEDIA } from './media';

export interface MeshPeer {
  readonly session: SessionId;
  readonly key: PublicKey;
  readonly agent: Agent;
}

export interface MeshOptions {
  readonly room: RoomId;
  readonly own: SessionId;
  readonly sign: (text: Bytes) => Promise<Bytes>;
  readonly config: RTCConfiguration;
  readonly createPeer: (config: RTCConfiguration) => RTCPeerConnection;
}

export interface MeshHooks {
  readonly signal: (to: SessionId, data: SignalData) => boolean;
  readonly maySignal: () => boolean;
  readonly message: (from: SessionId, message: Message) => void;
  readonly bulk: (from: SessionId, data: Uint8Array) => void;
  readonly bulkDrained: (session: SessionId) => void;
  readonly opened: (session: SessionId) => void;
  readonly changed: (session: SessionId) => void;
  readonly track: (session: SessionId, kind: MediaKind, track: MediaStreamTrack | null) => void;
}

/** Eight people and the recorder; a larger room goes over the relay. */
const MAX_LINKS = 9;

export class Mesh {
  private readonly links = new Map<SessionId, Link>();
  private readonly peers = new Map<SessionId, MeshPeer>();
  private readonly epochs = new Map<SessionId, number>();
  private config: RTCConfiguration;
  private local: LocalMedia = NO_MEDIA;
  private isCut = false;
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly probeTimer: ReturnType<typeof setInterval>;

  constructor(
    private readonly options: MeshOptions,
    private readonly hooks: MeshHooks,
  ) {
    this.config = options.config;
    this.timer = setInterval(() => this.beat(), LIMITS.link_ping_ms);
    this.probeTimer = setInterval(() => {
      for (const link of this.links.values()) link.probe(Date.now());
    }, LIVE_PING_MS);
  }

  /** TURN credentials end: those of the newest ticket serve the next restart and the next connection. */
  configure(config: RTCConfiguration): void {
    this.config = config;
    for (const link of this.links.values()) link.configure(config);
  }

  /** Somebody is present. Known ones keep their link. */
  add(peer: MeshPeer): void {
    this.peers.set(peer.session, peer);
    const known = this.links.get(peer.session);
    if (known === undefined || known.state === 'closed') this.link(peer)?.begin();
    else known.revive();
  }

  /** Left, or was revoked. */
  remove(session: SessionId): void {
    this.peers.delete(session);
    this.drop(session);
  }

  private drop(session: SessionId): void {
    const link = this.links.get(session);
    if (link === undefined) return;
    this.links.delete(session);
    this.epochs.set(session, link.epoch);
    link.close();
    this.hooks.changed(session);
  }

  private link(peer: MeshPeer): Link | null {
    const { session, key, agent } = peer;
    if (this.isCut || this.links.size >= MAX_LINKS) return null;
    const lastEpoch = this.links.get(session)?.epoch ?? this.epochs.get(session) ?? 0;
    const link = new Link(
      { ...this.options, config: this.config, peer: session, peerKey: key, agent, lastEpoch },
      this.local,
      {
        signal: (data) => this.hooks.signal(session, data),
        message: (message) => this.receive(session, message),
        bulk: (data) => this.hooks.bulk(session, data),
        bulkDrained: () => this.hooks.bulkDrained(session),
        opened: () => this.hooks.opened(session),
        changed: () => this.hooks.changed(session),
        track: (kind, track) => this.hooks.track(session, kind, track),
      },
    );
    this.links.set(session, link);
    return link;
  }

  receiveSignal(from: SessionId, data: SignalData): void {
    const peer = this.peers.get(from);
    if (peer === undefined) return;
    const known = this.links.get(from);
    if (known !== undefined && known.state !== 'closed') known.receiveSignal(data);
    else if (data.kind === 'offer' || data.kind === 'hello') {
      this.links.delete(from);
      this.link(peer)?.receiveSignal(data);
    }
  }

  /** M9: a link speaks for its own session only. Envelopes are signed, so anyone may bring them. */
  private receive(from: SessionId, message: Message): void {
    if (message.type === 'PRESENCE' && message.session !== from) return;
    if (message.type === 'LIVE' && message.live.session !== from) return;
    this.hooks.message(from, message);
  }

  private beat(): void {
    const now = Date.now();
    const maySignal = this.hooks.maySignal();
    const links = this.up().length;
    for (const link of this.links.values()) link.beat(now, maySignal, links);
  }

  /** The relay is back: what is down need not wait for its watchdog. */
  signalingBack(): void {
    for (const link of this.links.values()) link.revive();
  }

  state(session: SessionId): { state: LinkState; rttMs: number | null; epoch: number; route: Route | null } | null {
    const link = this.links.get(session);
    if (link === undefined) return null;
    return { state: link.state, rttMs: link.rttMs, epoch: link.epoch, route: link.route };
  }

  /** How our own picture goes to whoever gets least of it; null while none is sent. */
  get video(): VideoQuality | null {
    const all = [...this.links.values()].map((link) => link.video);
    return (['paused', 'reduced', 'full'] as const).find((quality) => all.includes(quality)) ?? null;
  }

  /** Why; the device's own trouble is named before the lines'. */
  get videoCause(): Cause | null {
    const all = [...this.links.values()].map((link) => link.videoCause);
    return (['device', 'line'] as const).find((cause) => all.includes(cause)) ?? null;
  }

  isUp(session: SessionId): boolean {
    return this.links.get(session)?.state === 'up';
  }

  up(): SessionId[] {
    return [...this.links].filter(([, link]) => link.state === 'up').map(([session]) => session);
  }

  sessions(): SessionId[] {
    return [...this.links.keys()];
  }

  sendSync(to: SessionId, message: Message): boolean {
    return this.links.get(to)?.sendSync(message) ?? false;
  }

  sendLive(to: SessionId, message: Message): boolean {
    return this.links.get(to)?.sendLive(message) ?? false;
  }

  sendBulk(to: SessionId, bytes: Bytes): boolean {
    return this.links.get(to)?.sendBulk(bytes) ?? false;
  }

  /** What it said on `bulk` breaks the protocol (W6). */
  breach(session: SessionId): void {
    this.links.get(session)?.close();
  }

  /** When an own envelope is repeated on `live` of this link (M7), in ms after its sealing. */
  copiesMs(session: SessionId): readonly number[] {
    return this.links.get(session)?.copiesMs ?? [];
  }

  sendCopy(to: SessionId, message: Message, index: number): boolean {
    return this.links.get(to)?.sendCopy(message, index, this.links.size) ?? false;
  }

  broadcastSync(message: Message): void {
    for (const link of this.links.values()) link.sendSync(message);
  }

  drained(session: SessionId): Promise<void> {
    return this.links.get(session)?.drained() ?? Promise.resolve();
  }

  setLocalMedia(local: LocalMedia): void {
    this.local = local;
    for (const link of this.links.values()) link.setLocalMedia(local);
  }

  /** Breaks every link and takes no new one, or lets them come back. */
  cut(cut: boolean): void {
    if (cut === this.isCut) return;
    this.isCut = cut;
    if (cut) for (const session of [...this.links.keys()]) this.drop(session);
    else for (const peer of this.peers.values()) this.link(peer)?.begin();
  }

  close(): void {
    clearInterval(this.timer);
    clearInterval(this.probeTimer);
    for (const session of [...this.links.keys()]) this.drop(session);
    this.peers.clear();
  }
}
