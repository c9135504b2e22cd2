/** The session socket: one WebSocket to the relay, kept alive and brought back (protocol.md section S). */
import { type Bytes, formatBase64Url, parseBase64Url } from '../core/bytes';
import { CloseCode, ProtocolError } from '../core/errors';
import type { SessionId } from '../core/ids';
import { helloText } from '../core/keys';
import { LIMITS } from '../core/limits';
import { decodeMessage, encodeMessage, type Message } from '../core/messages';
import { decodeRelayControl, type RelayControl, type SignalData } from './control';
import { PortalError } from './portal';

/** The part of WebSocket that is used; tests hand in their own. */
export interface SocketLike {
  binaryType: BinaryType;
  readonly bufferedAmount: number;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string | Bytes): void;
  close(code?: number): void;
}

export type RelayState = 'connecting' | 'online' | 'offline' | 'stopped';

export interface Credentials {
  readonly url: string;
  readonly ticket: string;
  readonly sign: (text: Bytes) => Promise<Bytes>;
}

export interface SocketHooks {
  /** Fresh ones for each try. Rejecting means: not now. `renew`: the relay said that the ticket has expired. */
  readonly credentials: (renew: boolean) => Promise<Credentials>;
  /** A HAVE of what is held, for the hello. */
  readonly have: () => Bytes;
  readonly control: (control: RelayControl) => void;
  readonly message: (message: Message) => void;
  readonly state: (state: RelayState) => void;
  readonly stopped: (code: number, reason: string) => void;
  readonly connect: (url: string) => SocketLike;
}

const SUBPROTOCOL = 'chalkmesh.v1';
/** The browser's own socket, which says the same with wider types. */
export const openWebSocket = (url: string): SocketLike => new WebSocket(url, SUBPROTOCOL) as SocketLike;

const BACKOFF_MIN_MS = 300;
const BACKOFF_MAX_MS = 5_000;
/** The welcome has to come within this of the try, or the relay is taken for dead. */
const OPEN_TIMEOUT_MS = 10_000;
/** base64 of a HAVE and a ticket have to fit into one text message. */
const HAVE_MAX_BYTES = 40_000;
/** Over this the line does not drain; envelopes are found again by HAVE. */
const BUFFER_MAX_BYTES = 4_194_304;
const LIVE_BUFFER_MAX_BYTES = 32_768;
/** 44xx that say nothing about what we are: a slow line missed the hello's time. */
const WORTH_RETRYING: readonly number[] = [CloseCode.hello_timeout, CloseCode.ticket_expired];

export class SessionSocket {
  private socket: SocketLike | null = null;
  private current: RelayState = 'offline';
  private tries = 0;
  private generation = 0;
  private renew = false;
  private heardMs = 0;
  private helloMs = 0;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private pulse: ReturnType<typeof setInterval> | null = null;
  private pings = new Map<bigint, number>();
  private nonce = 0n;
  private running = false;
  rttMs: number | null = null;
  /** Milliseconds to add to this device's clock to get the room's (E10). */
  offsetMs = 0;

  constructor(private readonly hooks: SocketHooks) {}

  get state(): RelayState {
    return this.current;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    globalThis.addEventListener?.('online', this.wake);
    globalThis.document?.addEventListener('visibilitychange', this.wake);
    void this.connect();
  }

  /** Closes, and stays closed until `start`. 1000: on purpose, the others see us leave. */
  stop(code = 1000): void {
    this.running = false;
    globalThis.removeEventListener?.('online', this.wake);
    globalThis.document?.removeEventListener('visibilitychange', this.wake);
    this.drop(code);
    this.set('offline');
  }

  /** The network or the page came back: do not wait for the timer. */
  private readonly wake = (): void => {
    if (this.running && this.current === 'offline' && globalThis.document?.visibilityState !== 'hidden') {
      this.tries = 0;
      void this.connect();
    }
  };

  /** Also out of `stopped`, when a person asks for it. */
  retry(): void {
    if (!this.running || this.current === 'online') return;
    this.tries = 0;
    this.drop(1000);
    void this.connect();
  }

  private set(state: RelayState): void {
    if (state === this.current) return;
    this.current = state;
    this.hooks.state(state);
  }

  private drop(code?: number): void {
    this.generation += 1;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    if (this.pulse !== null) clearInterval(this.pulse);
    this.retryTimer = null;
    this.pulse = null;
    this.pings.clear();
    const { socket } = this;
    this.socket = null;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(code);
  }

  private async connect(): Promise<void> {
    this.drop();
    const { generation } = this;
    this.set('connecting');
    let credentials: Credentials;
    try {
      credentials = await this.hooks.credentials(this.renew);
    } catch (error) {
      if (generation !== this.generation) return;
      if (error instanceof PortalError && !error.unreachable) {
        this.set('stopped');
        this.hooks.stopped(error.status, error.message);
      } else this.later();
      return;
    }
    if (generation !== this.generation) return;
    this.renew = false;
    let socket: SocketLike;
    try {
      socket = this.hooks.connect(credentials.url);
    } catch {
      // An address that is no address: the portal may give another with the next ticket.
      this.later();
      return;
    }
    this.socket = socket;
    this.heardMs = Date.now();
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event) => this.receive(socket, credentials, event.data);
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
    this.pulse = setInterval(() => this.beat(), LIMITS.socket_ping_ms);
  }

  private closed(code: number, reason: string): void {
    this.drop();
    this.renew = code === CloseCode.ticket_expired;
    if (code >= 4400 && code < 4500 && !WORTH_RETRYING.includes(code)) {
      this.set('stopped');
      this.hooks.stopped(code, reason);
      return;
    }
    this.later();
  }

  /** 0.3 s to 5 s, doubling, with half of it left to chance so that a room does not come back in one instant. */
  private later(): void {
    this.set('offline');
    if (!this.running) return;
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.tries);
    this.tries += 1;
    this.retryTimer = setTimeout(() => void this.connect(), ceiling * (0.5 + Math.random() / 2));
  }

  private beat(): void {
    const silentMs = Date.now() - this.heardMs;
    const limitMs = this.current === 'online' ? LIMITS.socket_silence_ms : OPEN_TIMEOUT_MS;
    if (silentMs > limitMs) {
      this.drop();
      this.later();
      return;
    }
    if (this.current !== 'online') return;
    this.nonce += 1n;
    this.pings.set(this.nonce, Date.now());
    if (this.pings.size > 8) this.pings.delete(this.nonce - 8n);
    this.send({ type: 'PING', nonce: this.nonce });
  }

  private receive(socket: SocketLike, credentials: Credentials, data: unknown): void {
    this.heardMs = Date.now();
    try {
      if (typeof data === 'string') this.receiveControl(socket, credentials, decodeRelayControl(data));
      else if (data instanceof ArrayBuffer) {
        this.receiveMessage(decodeMessage(new Uint8Array(data), LIMITS.snapshot_bytes + LIMITS.socket_message_bytes));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // A relay that does not speak the protocol: try again later, it may be restarted as another version.
      this.drop(error.code);
      this.later();
    }
  }

  private receiveControl(socket: SocketLike, credentials: Credentials, control: RelayControl): void {
    if (control.t === 'challenge') {
      this.hello(socket, credentials, control.nonce).catch(() => {
        if (socket !== this.socket) return;
        this.drop();
        this.later();
      });
      return;
    }
    if (control.t === 'welcome') {
      const now = Date.now();
      this.offsetMs = control.nowMs - (this.helloMs + now) / 2;
      this.tries = 0;
      this.set('online');
    }
    this.hooks.control(control);
  }

  /** S2. */
  private async hello(socket: SocketLike, credentials: Credentials, nonce: string): Promise<void> {
    const have = this.hooks.have();
    const { ticket } = credentials;
    const proof = await credentials.sign(await helloText(parseBase64Url(nonce), ticket));
    if (socket !== this.socket) return;
    this.helloMs = Date.now();
    const hello = {
      t: 'hello',
      ticket,
      proof: formatBase64Url(proof),
      agent: 'browser',
      mode: 'live',
      have: have.length > HAVE_MAX_BYTES ? '' : formatBase64Url(have),
    };
    socket.send(JSON.stringify(hello));
  }

  private receiveMessage(message: Message): void {
    if (message.type === 'PING') this.send({ type: 'PONG', nonce: message.nonce });
    else if (message.type === 'PONG') {
      const sent = this.pings.get(message.nonce);
      if (sent !== undefined) this.rttMs = Date.now() - sent;
      this.pings.delete(message.nonce);
    } else this.hooks.message(message);
  }

  get bufferedBytes(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** False: not sent. What matters is found again by HAVE. */
  send(message: Message): boolean {
    return this.sendBytes(encodeMessage(message), message.type === 'LIVE' ? LIVE_BUFFER_MAX_BYTES : BUFFER_MAX_BYTES);
  }

  sendBytes(bytes: Bytes, bufferMaxBytes = BUFFER_MAX_BYTES): boolean {
    const { socket } = this;
    if (socket === null || this.current !== 'online' || socket.bufferedAmount > bufferMaxBytes) return false;
    socket.send(bytes);
    return true;
  }

  signal(to: SessionId, data: SignalData): boolean {
    return this.sendText({ t: 'signal', to, data });
  }

  sendText(control: object): boolean {
    if (this.socket === null || this.current !== 'online') return false;
    this.socket.send(JSON.stringify(control));
    return true;
  }
}
