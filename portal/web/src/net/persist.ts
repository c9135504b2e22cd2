/** Keeps a replica on this device: envelopes as they come, acknowledged ones folded into one state. */
import { encodeStateAsUpdate } from 'yjs';
import { ownBytes } from '../core/bytes';
import type { Envelope } from '../core/envelope';
import type { DocRef, SessionId } from '../core/ids';
import type { StreamSeq } from '../core/messages';
import type { Replica, ReplicaEvent } from '../core/replica';
import type { Journal } from './journal';
import type { RoomStore } from './store';

const GATHER_MS = 50;
const COMPACT_EVERY_MS = 30_000;
const COMPACT_ABOVE = 2_000;

export class Persistence {
  /** Of our own session, from its first edit on. */
  journal: Journal | null = null;
  private waiting: Envelope[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly compactTimer: ReturnType<typeof setInterval>;
  private writes: Promise<unknown> = Promise.resolve();
  /** What the relay's HAVE named half a minute ago: on its disk by now, or it would have said less since. */
  private confirmed = new Map<string, number>();
  private closed = false;

  constructor(
    private readonly store: RoomStore,
    private readonly replica: Replica,
    /** Storage broke (quota, private mode): work goes on, and somebody should know. */
    private readonly failed: (error: unknown) => void,
  ) {
    this.compactTimer = setInterval(() => void this.compactIfLarge(), COMPACT_EVERY_MS);
  }

  /** In the order of the calls; never rejects. */
  private write(work: () => Promise<unknown>): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.writes = this.writes.then(work).catch((error: unknown) => this.failed(error));
    return this.writes.then(() => undefined);
  }

  /** Brings this device's copy into the replica. Tickets that are not honoured any more leave their work out. */
  async load(nowMs: number): Promise<ReplicaEvent[]> {
    const { tickets, snapshots, envelopes, streams } = await this.store.load();
    for (const token of tickets) await this.replica.admitTicket(token, nowMs).catch(() => undefined);
    const acked = streams.filter(({ seq }) => seq > 0);
    this.replica.ack(acked);
    for (const { doc, session, refusedFrom } of streams) {
      if (refusedFrom !== null) this.replica.refuseFrom({ doc, session, seq: refusedFrom });
    }
    for (const { doc, heads, update } of snapshots) this.replica.applySnapshot(doc, heads, update);
    const events: Promise<ReplicaEvent[]>[] = [];
    for (const envelope of envelopes) {
      const inSnapshot = envelope.seq <= this.replica.stream(envelope.doc, envelope.session).seq;
      if (inSnapshot) await this.replica.keep(envelope);
      else events.push(this.replica.receive(envelope, 'store', nowMs));
    }
    return (await Promise.all(events)).flat();
  }

  /** What other tabs of this user wrote meanwhile, so that it reaches the relay also when they are gone. */
  async loadOthers(nowMs: number): Promise<ReplicaEvent[]> {
    for (const token of await this.store.tickets()) {
      await this.replica.admitTicket(token, nowMs).catch(() => undefined);
    }
    const events: ReplicaEvent[] = [];
    for (const key of await this.store.keys()) {
      const stream = this.replica.streams.get(`${key[1]}/${key[0]}`);
      if (stream !== undefined && (stream.held.has(key[2]) || key[2] <= stream.seq)) continue;
      const envelope = await this.store.envelope(key);
      if (envelope !== null) events.push(...(await this.replica.receive(envelope, 'store', nowMs)));
    }
    return events;
  }

  /** E11: resolves when it is kept, or cannot be. */
  own(envelope: Envelope): Promise<void> {
    this.flush();
    return this.write(async () => {
      await this.store.putEnvelopes([envelope]);
      this.journal?.kept(envelope);
    });
  }

  received(envelope: Envelope): void {
    this.waiting.push(envelope);
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const envelopes = this.waiting;
    this.waiting = [];
    if (envelopes.length > 0) void this.write(() => this.store.putEnvelopes(envelopes));
  }

  ticket(session: SessionId, token: string): void {
    void this.write(() => this.store.putTicket(session, token));
  }

  acked(entries: readonly StreamSeq[]): void {
    this.journal?.acked(entries);
    if (entries.length > 0) void this.write(() => this.store.putAcks(entries));
  }

  refused(entry: StreamSeq): void {
    void this.write(() => this.store.putRefused(entry));
  }

  /** A snapshot of the relay is in the replica: keep the state, there are no envelopes of it. */
  snapshotApplied(ref: DocRef): void {
    void this.write(() => this.compact(ref));
  }

  dropDocument(ref: DocRef): Promise<void> {
    return this.write(() => this.store.dropDocument(ref));
  }

  private async compactIfLarge(): Promise<void> {
    const confirmed = this.confirmed;
    this.confirmed = new Map([...this.replica.streams].map(([key, stream]) => [key, stream.relaySeq]));
    let held = 0;
    for (const [key, stream] of this.replica.streams) {
      stream.acked = Math.max(stream.acked, Math.min(confirmed.get(key) ?? 0, stream.relaySeq));
      held += Math.min(stream.acked, stream.held.size);
    }
    if (held <= COMPACT_ABOVE) return;
    const stored = await this.store.keys().catch(() => []);
    if (stored.length > COMPACT_ABOVE) for (const ref of this.replica.docs()) void this.write(() => this.compact(ref));
  }

  /** Only when every edit is in an envelope: a state with more than its envelopes could never be told to others. */
  private async compact(ref: DocRef): Promise<void> {
    await this.replica.flushed();
    if (!this.replica.settled) return;
    const streams = [...this.replica.streams.values()].filter((stream) => stream.doc.text === ref.text);
    const heads = streams.filter((stream) => stream.seq > 0).map((stream) => stream.head);
    const acked = streams.map(({ doc, session, acked: seq }) => ({ doc, session, seq }));
    const update = ownBytes(encodeStateAsUpdate(this.replica.doc(ref)));
    // Envelopes that are in this state but not written yet would be stored after it: harmless, they are duplicates.
    await this.store.compact({ doc: ref, update, heads }, acked);
  }

  async close(): Promise<void> {
    clearInterval(this.compactTimer);
    this.flush();
    await this.writes;
    this.closed = true;
    this.store.close();
  }

  async clear(): Promise<void> {
    await this.close();
    await this.store.clear();
  }
}
