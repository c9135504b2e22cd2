/**
 * Peer connections in memory: real negotiation by descriptions, channels that fill, drain and break, no sockets.
 *
 * A description names its connection and its ICE generation. Two connections are joined while each holds the other's
 * newest description; what was sent on a reliable channel meanwhile arrives then, as SCTP does it.
 */

type Handler = ((event: never) => void) | null;

export class WireChannel extends EventTarget {
  readyState: RTCDataChannelState = 'connecting';
  binaryType: BinaryType = 'arraybuffer';
  bufferedAmountLowThreshold = 0;
  onmessage: Handler = null;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;
  other: WireChannel | null = null;
  highestBuffered = 0;
  longest = 0;
  sent = 0;
  private readonly queue: Uint8Array[] = [];
  private waiting = 0;
  private pumping = false;

  constructor(
    readonly label: string,
    readonly init: RTCDataChannelInit,
    private readonly peer: WirePeer,
  ) {
    super();
  }

  get bufferedAmount(): number {
    return this.waiting;
  }

  send(data: Uint8Array): void {
    if (this.readyState !== 'open') throw new DOMException('not open', 'InvalidStateError');
    this.sent += 1;
    this.longest = Math.max(this.longest, data.length);
    if (this.init.maxRetransmits === 0 && !this.peer.joined) return;
    this.queue.push(data.slice());
    this.waiting += data.length;
    this.highestBuffered = Math.max(this.highestBuffered, this.waiting);
    this.pump();
  }

  /** A few messages a turn, so that what is sent faster than that fills the buffer. */
  pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    setTimeout(() => {
      this.pumping = false;
      for (let n = 0; n < this.peer.wire.messagesATurn && this.peer.joined && this.readyState === 'open'; n++) {
        const data = this.queue.shift();
        if (data === undefined) break;
        const before = this.waiting;
        this.waiting -= data.length;
        this.other?.deliver(data);
        if (before > this.bufferedAmountLowThreshold && this.waiting <= this.bufferedAmountLowThreshold) {
          this.onbufferedamountlow?.();
          this.dispatchEvent(new Event('bufferedamountlow'));
        }
      }
      if (this.queue.length > 0 && this.peer.joined) this.pump();
    });
  }

  private deliver(data: Uint8Array): void {
    if (this.readyState !== 'open') return;
    this.onmessage?.({ data: data.slice().buffer } as never);
  }

  setOpen(): void {
    if (this.readyState !== 'connecting') return;
    this.readyState = 'open';
    this.onopen?.();
  }

  setClosed(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.onclose?.();
    this.dispatchEvent(new Event('close'));
  }
}

interface Description {
  readonly type: RTCSdpType;
  readonly sdp: string;
}

const named = (description: Description | null): string =>
  /fingerprint:sha-256 (\S+)/.exec(description?.sdp ?? '')?.[1] ?? '';
const generation = (description: Description | null): number =>
  Number(/ice-ufrag:(\d+)/.exec(description?.sdp ?? '')?.[1]);

export class WirePeer extends EventTarget {
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: ((event: unknown) => void) | null = null;
  readonly id: string;
  readonly channels: WireChannel[] = [];
  readonly candidates: unknown[] = [];
  other: WirePeer | null = null;
  generation = 1;
  restarts = 0;
  configured: RTCConfiguration;
  private restarting = false;

  constructor(
    readonly wire: Wire,
    config: RTCConfiguration,
  ) {
    super();
    this.id = `peer-${wire.peers.length}`;
    this.configured = config;
    wire.peers.push(this);
    queueMicrotask(() => this.onnegotiationneeded?.());
  }

  createDataChannel(label: string, init: RTCDataChannelInit): WireChannel {
    const channel = new WireChannel(label, init, this);
    this.channels.push(channel);
    return channel;
  }

  addTransceiver(kind: string): object {
    const sender = { replaceTrack: async () => {}, getParameters: () => ({ encodings: [] }) };
    return { receiver: { track: { kind } }, sender, setCodecPreferences: () => {} };
  }

  getTransceivers(): object[] {
    return [];
  }

  async getStats(): Promise<ReadonlyMap<string, object>> {
    return new Map();
  }

  setConfiguration(config: RTCConfiguration): void {
    this.configured = config;
  }

  restartIce(): void {
    this.restarts += 1;
    this.restarting = true;
    if (this.signalingState === 'stable') queueMicrotask(() => this.onnegotiationneeded?.());
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    if (type === 'offer' ? this.restarting : generation(this.remoteDescription) > this.generation) this.generation += 1;
    this.restarting = false;
    this.localDescription = {
      type,
      sdp: `v=0\r\na=fingerprint:sha-256 ${this.id}\r\na=ice-ufrag:${this.generation}\r\n`,
    };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    this.onicecandidate?.({ candidate: null });
    this.wire.look(this);
  }

  async setRemoteDescription(description: Description): Promise<void> {
    await Promise.resolve();
    this.remoteDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    this.wire.look(this);
  }

  async addIceCandidate(candidate: unknown): Promise<void> {
    this.candidates.push(candidate);
  }

  /** Whether packets go through now. */
  get joined(): boolean {
    return this.connectionState === 'connected' && !this.wire.blackout;
  }

  setState(state: RTCPeerConnectionState): void {
    if (this.connectionState === state || this.connectionState === 'closed') return;
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.connectionState = 'closed';
    for (const channel of this.channels) channel.setClosed();
    const { other } = this;
    // DTLS says goodbye, unless the line is gone.
    if (other !== null && !this.wire.blackout) for (const channel of other.channels) channel.setClosed();
  }
}

export class Wire {
  readonly peers: WirePeer[] = [];
  messagesATurn = 64;
  blackout = false;

  readonly createPeer = (config: RTCConfiguration): RTCPeerConnection =>
    new WirePeer(this, config) as unknown as RTCPeerConnection;

  /** Joins two connections that have agreed. */
  look(one: WirePeer): void {
    const two = this.peers.find(({ id }) => id === named(one.remoteDescription));
    if (two === undefined || named(two.remoteDescription) !== one.id) return;
    if (one.signalingState !== 'stable' || two.signalingState !== 'stable' || this.blackout) return;
    if (generation(one.remoteDescription) !== two.generation) return;
    if (generation(two.remoteDescription) !== one.generation) return;
    for (const [here, there] of [
      [one, two],
      [two, one],
    ] as const) {
      here.other = there;
      here.setState('connected');
      for (const channel of here.channels) {
        channel.other = there.channels.find(({ init }) => init.id === channel.init.id) ?? null;
      }
    }
    for (const channel of [...one.channels, ...two.channels]) {
      channel.setOpen();
      channel.pump();
    }
  }

  /** The line goes away; browsers notice after some 6 s, and give up after some 16 s: the test says when. */
  cut(state: 'connected' | 'disconnected' | 'failed' = 'connected'): void {
    this.blackout = true;
    for (const peer of this.standing) peer.setState(state);
  }

  /** The line is back. A connection that has not failed goes on by itself; one that has needs an ICE restart. */
  mend(): void {
    this.blackout = false;
    for (const peer of this.standing) {
      if (peer.connectionState === 'disconnected') peer.setState('connected');
      for (const channel of peer.channels) channel.pump();
    }
    for (const peer of this.standing) this.look(peer);
  }

  get standing(): WirePeer[] {
    return this.peers.filter(({ connectionState }) => connectionState !== 'closed');
  }
}
