/** The three negotiated data channels of a link, bounded in what they queue (protocol.md M2, W7). */
import type { Bytes } from '../core/bytes';
import { CloseCode, ProtocolError } from '../core/errors';
import { LIMITS } from '../core/limits';
import { decodeMessage, encodeMessage, type Message, type MessageType } from '../core/messages';
import { LossMeter } from './lossMeter';

const SYNC_BUFFER_MAX_BYTES = 1_048_576;
const SYNC_BUFFER_LOW_BYTES = 262_144;
const LIVE_BUFFER_MAX_BYTES = 32_768;
/** What waits on `bulk` stands before the board in the one association: a few chunks keep the line full. */
const BULK_BUFFER_MAX_BYTES = 65_536;
const BULK_BUFFER_LOW_BYTES = 16_384;

/** M9: only the relay may say these. */
const RELAY_ONLY: readonly MessageType[] = ['ACK', 'SNAPSHOT', 'SYNCED', 'LOGGED', 'REFUSED'];

export interface ChannelHooks {
  readonly message: (message: Message) => void;
  /** A message of `bulk`, not looked into (section A). */
  readonly bulk: (data: Uint8Array) => void;
  /** There is room on `bulk`. */
  readonly bulkDrained: () => void;
  readonly open: () => void;
  readonly closed: () => void;
  /** A message that closes the link (W6, M9). */
  readonly broken: (code: number) => void;
}

export class Channels {
  private readonly sync: RTCDataChannel;
  private readonly live: RTCDataChannel;
  private readonly bulk: RTCDataChannel;
  readonly meter = new LossMeter();

  constructor(
    peer: RTCPeerConnection,
    private readonly hooks: ChannelHooks,
  ) {
    this.sync = peer.createDataChannel('sync', { negotiated: true, id: 0 });
    this.live = peer.createDataChannel('live', { negotiated: true, id: 1, ordered: false, maxRetransmits: 0 });
    this.bulk = peer.createDataChannel('bulk', { negotiated: true, id: 2 });
    for (const channel of [this.sync, this.live, this.bulk]) channel.binaryType = 'arraybuffer';
    this.sync.onmessage = ({ data }) => this.receive(data);
    this.live.onmessage = ({ data }) => this.receive(data, true);
    // Text is no message of ours; as bytes it is refused like any other unknown one.
    this.bulk.onmessage = ({ data }) =>
      hooks.bulk(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array());
    this.bulk.bufferedAmountLowThreshold = BULK_BUFFER_LOW_BYTES;
    this.bulk.onbufferedamountlow = () => hooks.bulkDrained();
    this.bulk.onopen = () => hooks.bulkDrained();
    this.sync.bufferedAmountLowThreshold = SYNC_BUFFER_LOW_BYTES;
    this.sync.onopen = () => hooks.open();
    this.sync.onclose = () => hooks.closed();
  }

  get open(): boolean {
    return this.sync.readyState === 'open';
  }

  private receive(data: unknown, lossy = false): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new ProtocolError(CloseCode.malformed, 'text on a data channel');
      const message = decodeMessage(new Uint8Array(data), LIMITS.channel_message_bytes);
      if (RELAY_ONLY.includes(message.type)) throw new ProtocolError(CloseCode.not_allowed, 'only the relay says that');
      if (lossy && message.type === 'PING') this.sendLive({ type: 'PONG', nonce: message.nonce });
      else if (lossy && message.type === 'PONG') this.meter.pong(message.nonce);
      else this.hooks.message(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.hooks.broken(error.code);
    }
  }

  /** False: not sent, the queue is full or there is no channel. What matters is found again by HAVE. */
  sendSync(message: Message): boolean {
    return this.send(this.sync, encodeMessage(message), SYNC_BUFFER_MAX_BYTES);
  }

  sendLive(message: Message): boolean {
    return this.send(this.live, encodeMessage(message), LIVE_BUFFER_MAX_BYTES);
  }

  /** Whether something waits for the congestion window: what is sent now comes late, and makes the rest late. */
  private get waiting(): boolean {
    return this.sync.bufferedAmount + this.live.bufferedAmount > 0;
  }

  /** A copy of an own envelope (M7), unless it would stand in the way of the rest. */
  sendCopy(message: Message, index: number, nowMs: number, links: number): boolean {
    if (this.waiting) return false;
    const bytes = encodeMessage(message);
    return this.meter.afford(index, bytes.length, nowMs, links) && this.send(this.live, bytes, LIVE_BUFFER_MAX_BYTES);
  }

  /** Twice a second: what the lossy channel loses (M7). */
  probe(nowMs: number): void {
    const nonce = this.open && !this.waiting ? this.meter.ping(nowMs) : null;
    if (nonce !== null) this.sendLive({ type: 'PING', nonce });
  }

  sendBulk(bytes: Bytes): boolean {
    return this.send(this.bulk, bytes, BULK_BUFFER_MAX_BYTES);
  }

  private send(channel: RTCDataChannel, bytes: Bytes, bufferMaxBytes: number): boolean {
    if (channel.readyState !== 'open' || bytes.length > LIMITS.channel_message_bytes) return false;
    if (channel.bufferedAmount + bytes.length > bufferMaxBytes) return false;
    channel.send(bytes);
    return true;
  }

  /** Resolves when there is room again, or the channel is gone. */
  drained(): Promise<void> {
    if (!this.open || this.sync.bufferedAmount <= SYNC_BUFFER_LOW_BYTES) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.sync.removeEventListener('bufferedamountlow', done);
        this.sync.removeEventListener('close', done);
        resolve();
      };
      this.sync.addEventListener('bufferedamountlow', done);
      this.sync.addEventListener('close', done);
    });
  }
}
