/** The three negotiated data channels of a link, bounded in what they queue (protocol.md M2, W7). */
import type { Bytes } from '../core/bytes';
import { CloseCode, ProtocolError } from '../core/errors';
import { LIMITS } from '../core/limits';
import { decodeMessage, encodeMessage, type Message, type MessageType } from '../core/messages';

const SYNC_BUFFER_MAX_BYTES = 1_048_576;
const SYNC_BUFFER_LOW_BYTES = 262_144;
const LIVE_BUFFER_MAX_BYTES = 32_768;

/** M9: only the relay may say these. */
const RELAY_ONLY: readonly MessageType[] = ['ACK', 'SNAPSHOT', 'SYNCED', 'LOGGED', 'REFUSED'];

export interface ChannelHooks {
  readonly message: (message: Message) => void;
  readonly open: () => void;
  readonly closed: () => void;
  /** A message that closes the link (W6, M9). */
  readonly broken: (code: number) => void;
}

export class Channels {
  private readonly sync: RTCDataChannel;
  private readonly live: RTCDataChannel;
  private readonly bulk: RTCDataChannel;

  constructor(
    peer: RTCPeerConnection,
    private readonly hooks: ChannelHooks,
  ) {
    this.sync = peer.createDataChannel('sync', { negotiated: true, id: 0 });
    this.live = peer.createDataChannel('live', { negotiated: true, id: 1, ordered: false, maxRetransmits: 0 });
    this.bulk = peer.createDataChannel('bulk', { negotiated: true, id: 2 });
    for (const channel of [this.sync, this.live, this.bulk]) {
      channel.binaryType = 'arraybuffer';
      channel.onmessage = ({ data }) => this.receive(data);
    }
    this.sync.bufferedAmountLowThreshold = SYNC_BUFFER_LOW_BYTES;
    this.sync.onopen = () => hooks.open();
    this.sync.onclose = () => hooks.closed();
  }

  get open(): boolean {
    return this.sync.readyState === 'open';
  }

  private receive(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new ProtocolError(CloseCode.malformed, 'text on a data channel');
      const message = decodeMessage(new Uint8Array(data), LIMITS.channel_message_bytes);
      if (RELAY_ONLY.includes(message.type)) throw new ProtocolError(CloseCode.not_allowed, 'only the relay says that');
      this.hooks.message(message);
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
