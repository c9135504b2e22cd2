/**
 * A page's pictures: put, get, and handed on to whoever asks on a direct link (protocol.md section A).
 *
 * From memory, this device, a peer, the server, in that order. What is put while the server is away is kept on this
 * device and uploaded when it is back, by this page or a later one.
 */
import { type Action, AssetFetcher } from '../core/assetFetch';
import {
  ASSET_LIMITS,
  type AssetId,
  AssetSender,
  type BulkMessage,
  decodeBulk,
  encodeBulk,
  parseAsset,
  sniffMime,
} from '../core/assets';
import { type Bytes, formatHex } from '../core/bytes';
import { CloseCode, ProtocolError } from '../core/errors';
import type { SessionId } from '../core/ids';
import { AssetError, type AssetServer } from './assetServer';
import type { AssetStore } from './assetStore';

/** A picture whose hash is right. `mime` is told by its first bytes. */
export interface Asset {
  readonly id: AssetId;
  readonly mime: string;
  readonly data: Bytes;
}

export interface AssetOptions {
  readonly server: AssetServer;
  /** Null: this device keeps nothing. */
  readonly store: Promise<AssetStore | null>;
  /** On `bulk` of a link; false when there is no room now. */
  readonly send: (to: SessionId, bytes: Bytes) => boolean;
  readonly closeLink: (session: SessionId) => void;
}

interface BulkLink {
  readonly sender: AssetSender;
  /** Encoded, not taken by the channel yet. */
  readonly waiting: Bytes[];
  /** Asks whose bytes are being read from this device. */
  loading: number;
  /** Asks are served in their order. */
  served: Promise<void>;
}

interface Waiter {
  readonly resolve: (data: Bytes) => void;
  readonly reject: (error: AssetError) => void;
}

const MEMORY_BYTES = 32 * 1024 * 1024;
const TICK_MS = 500;
const UPLOAD_RETRY_MS = 5_000;
const GET_TIMEOUT_MS = 60_000;

async function digest(data: Bytes): Promise<AssetId> {
  return parseAsset(formatHex(new Uint8Array(await crypto.subtle.digest('SHA-256', data))));
}

const asset = (id: AssetId, data: Bytes): Asset => ({ id, mime: sniffMime(data) ?? 'application/octet-stream', data });

export class Assets {
  private readonly fetcher = new AssetFetcher();
  /** Least used first. */
  private readonly memory = new Map<AssetId, Bytes>();
  private memoryBytes = 0;
  /** Not on the server yet, by this page's knowledge. Null bytes: they are on this device. */
  private readonly uploads = new Map<AssetId, Bytes | null>();
  private readonly refused = new Map<AssetId, AssetError>();
  private uploading = false;
  private uploadAtMs = 0;
  private readonly waiters = new Map<AssetId, Set<Waiter>>();
  private readonly links = new Map<SessionId, BulkLink>();
  private readonly changes = new Set<() => void>();
  private readonly timer: ReturnType<typeof setInterval>;
  private closed = false;

  constructor(private readonly options: AssetOptions) {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    void this.remember();
  }

  /** What earlier pages of this device could not upload. */
  private async remember(): Promise<void> {
    const store = await this.options.store;
    for (const id of (await store?.unsaved().catch(() => [])) ?? [])
      if (!this.uploads.has(id)) this.uploads.set(id, null);
    void this.upload();
  }

  /** Kept here and uploaded in the background. Rejects with AssetError for what is no picture or too large. */
  async put(data: Bytes): Promise<AssetId> {
    if (data.length > ASSET_LIMITS.asset_bytes) throw new AssetError('too_large');
    if (sniffMime(data) === null) throw new AssetError('not_a_picture');
    const id = await digest(data);
    this.keep(id, data);
    const store = await this.options.store;
    // Where the device has no room the page itself holds it until the server does.
    const kept =
      (await store?.put(id, data, false).then(
        () => true,
        () => false,
      )) ?? false;
    this.refused.delete(id);
    this.uploads.set(id, kept ? null : data);
    this.uploadAtMs = 0;
    void this.upload();
    return id;
  }

  /** Resolves once the server holds it. Rejects with AssetError when the server refused it. */
  async stored(id: AssetId): Promise<void> {
    while (this.uploads.has(id) && !this.closed) {
      await new Promise<void>((resolve) => this.changes.add(resolve));
    }
    const error = this.refused.get(id);
    if (error !== undefined) throw error;
  }

  /** Rejects with AssetError: unknown, unreachable, too_many, timeout; with ProtocolError for what is no id. */
  async get(text: string, timeoutMs = GET_TIMEOUT_MS): Promise<Asset> {
    const id = parseAsset(text);
    const held = await this.load(id);
    if (held !== null) return asset(id, held);
    if (this.closed || !this.fetcher.want(id, Date.now()))
      throw new AssetError(this.closed ? 'unreachable' : 'too_many');
    return asset(id, await this.arrival(id, timeoutMs));
  }

  private arrival(id: AssetId, timeoutMs: number): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      const waiters = this.waiters.get(id) ?? new Set();
      this.waiters.set(id, waiters);
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        if (waiters.size === 0) {
          this.waiters.delete(id);
          this.fetcher.forget(id, Date.now());
          this.act();
        }
        reject(new AssetError('timeout'));
      }, timeoutMs);
      const waiter: Waiter = {
        resolve: (data) => {
          clearTimeout(timer);
          resolve(data);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      waiters.add(waiter);
      this.act();
    });
  }

  // The session's side

  /** There is a token, or a new one. */
  serverBack(): void {
    this.uploadAtMs = 0;
    void this.upload();
  }

  linkChanged(session: SessionId, up: boolean): void {
    if (up) {
      if (!this.links.has(session)) {
        const sender = new AssetSender((id) => this.held(id));
        this.links.set(session, { sender, waiting: [], loading: 0, served: Promise.resolve() });
      }
      this.fetcher.peerUp(session, Date.now());
    } else {
      this.links.delete(session);
      this.fetcher.peerDown(session, Date.now());
    }
    this.act();
  }

  /** A message of `bulk`. */
  receive(session: SessionId, data: Uint8Array): void {
    const link = this.links.get(session);
    if (link === undefined) return;
    try {
      this.take(session, link, decodeBulk(data));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.options.closeLink(session);
    }
  }

  private take(session: SessionId, link: BulkLink, message: BulkMessage): void {
    if (message.type !== 'ASK') {
      this.fetcher.receive(session, message, Date.now());
      this.act();
      return;
    }
    if (link.loading >= ASSET_LIMITS.asks_waiting) throw new ProtocolError(CloseCode.rate_limited, 'too many asks');
    link.loading += 1;
    const loaded = this.load(message.asset);
    link.served = link.served.then(async () => {
      await loaded;
      link.loading -= 1;
      if (this.links.get(session) !== link) return;
      try {
        link.sender.receive(message);
        this.pump(session);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.options.closeLink(session);
      }
    });
  }

  /** Sends until the channel has no room; called again when it has. */
  pump(session: SessionId): void {
    const link = this.links.get(session);
    while (link !== undefined) {
      if (link.waiting.length === 0) {
        const message = link.sender.nextMessage();
        if (message === null) return;
        link.waiting.push(encodeBulk(message));
      }
      const [first] = link.waiting;
      if (first === undefined || !this.options.send(session, first)) return;
      link.waiting.shift();
    }
  }

  private tick(): void {
    for (const session of this.links.keys()) this.pump(session);
    this.fetcher.tick(Date.now());
    this.act();
    void this.upload();
  }

  private act(): void {
    for (let actions = this.fetcher.takeActions(); actions.length > 0; actions = this.fetcher.takeActions()) {
      for (const action of actions) this.perform(action);
    }
  }

  private perform(action: Action): void {
    switch (action.kind) {
      case 'ask':
        this.links.get(action.peer)?.waiting.push(encodeBulk(action.message));
        this.pump(action.peer);
        return;
      case 'server':
        void this.askServer(action.asset, action.first);
        return;
      case 'check':
        void digest(action.data).then((found) => {
          this.fetcher.checked(action.asset, found === action.asset, Date.now());
          this.act();
        });
        return;
      case 'fetched':
        this.keep(action.asset, action.data);
        void this.options.store.then((store) => store?.put(action.asset, action.data, true).catch(() => undefined));
        for (const waiter of this.settled(action.asset)) waiter.resolve(action.data);
        return;
      case 'failed':
        for (const waiter of this.settled(action.asset)) waiter.reject(new AssetError(action.reason));
    }
  }

  private settled(id: AssetId): Iterable<Waiter> {
    const waiters = this.waiters.get(id) ?? [];
    this.waiters.delete(id);
    return waiters;
  }

  private async askServer(id: AssetId, first: number): Promise<void> {
    const answer = await this.options.server.fetch(id, first);
    if (answer === 'missing') this.fetcher.serverMissing(id, Date.now());
    else if (answer === 'away') this.fetcher.serverAway(id, Date.now());
    else this.fetcher.serverRest(id, answer.offset, answer.total, answer.data, Date.now());
    this.act();
  }

  /** One at a time, again and again while the server is away. */
  private async upload(): Promise<void> {
    if (this.uploading || this.closed || this.uploads.size === 0 || Date.now() < this.uploadAtMs) return;
    this.uploading = true;
    this.uploadAtMs = Date.now() + UPLOAD_RETRY_MS;
    for (const id of [...this.uploads.keys()]) {
      const data = this.uploads.get(id) ?? (await this.load(id));
      try {
        if (data !== null && !(await this.options.server.store(id, data))) break;
      } catch (error) {
        if (!(error instanceof AssetError)) throw error;
        this.refused.set(id, error);
      }
      this.uploads.delete(id);
      await this.options.store.then((store) => store?.saved(id).catch(() => undefined));
      for (const tell of this.changes) tell();
      this.changes.clear();
    }
    this.uploading = false;
  }

  // What is here

  private held(id: AssetId): Bytes | null {
    const data = this.memory.get(id) ?? this.uploads.get(id) ?? null;
    if (data !== null && this.memory.delete(id)) this.memory.set(id, data);
    return data;
  }

  private async load(id: AssetId): Promise<Bytes | null> {
    const held = this.held(id);
    if (held !== null) return held;
    const store = await this.options.store;
    const data = (await store?.get(id).catch(() => null)) ?? null;
    if (data !== null) this.keep(id, data);
    return data;
  }

  private keep(id: AssetId, data: Bytes): void {
    if (this.memory.has(id)) return;
    this.memory.set(id, data);
    this.memoryBytes += data.length;
    for (const [oldest, bytes] of this.memory) {
      if (this.memoryBytes <= MEMORY_BYTES) return;
      this.memory.delete(oldest);
      this.memoryBytes -= bytes.length;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    for (const id of [...this.waiters.keys()]) {
      for (const waiter of this.settled(id)) waiter.reject(new AssetError('unreachable'));
    }
    for (const tell of this.changes) tell();
    (await this.options.store)?.close();
  }

  /** Closes, and deletes this device's copies. */
  async forget(): Promise<void> {
    await this.close();
    await (await this.options.store)?.clear().catch(() => undefined);
  }
}
