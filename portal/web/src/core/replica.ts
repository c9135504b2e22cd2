/**
 * One participant's copy of a room: documents, streams, tickets. No clock, no network, no storage.
 *
 * Envelopes come in through `receive`, leave through `flushLocal`. WebCrypto answers later, so both are
 * asynchronous; what is handed in first is taken in first.
 */
import * as Y from 'yjs';
import { Author, mergeOwn, type OwnSession, type Part } from './author';
import { type Bytes, ownBytes, sameBytes } from './bytes';
import { type Missing, mismatches, missingFor } from './catchup';
import { isLocal, LocalEdit } from './edit';
import { type Envelope, envelopeHash, verifyEnvelope } from './envelope';
import { CloseCode, ProtocolError, TicketError, UpdateRefused } from './errors';
import { type ReplicaEvent, refused } from './events';
import { Holds } from './holds';
import { BOARD, type DocRef, type DocText, type RoomId, type SessionId, STAGE } from './ids';
import type { KeySet } from './keys';
import { Ledger } from './ledger';
import { LIMITS, SNAPSHOT_LIMITS } from './limits';
import type { Head, StreamSeq } from './messages';
import { openUpdate } from './opening';
import { Park, type ParkReason, streamKey } from './park';
import { checkSnapshot, checkUpdate, mayWrite, missingBase } from './policy';
import { Revocations, readRevocation } from './revocation';
import { type Held, Stream } from './stream';
import { readTicket, type Ticket } from './ticket';
import { scanUpdate } from './yupdate';

export { mergeOwn, type OwnSession, type Part, partsOf } from './author';
export type { ReplicaEvent } from './events';

/** Where an envelope came from: the relay has authority over revocation, our own store needs no signature check. */
export type Source = 'relay' | 'peer' | 'store';

export interface ReplicaHooks {
  /** Keeps an own envelope before it may be sent (E11). Does not reject: work goes on where storage fails. */
  readonly persist: (envelope: Envelope) => Promise<void>;
  readonly authored: (envelope: Envelope) => void;
  /** A local edit waits for `flushLocal`, called in the task of the edit; `urgent`: do not wait for more. */
  readonly edited: (ref: DocRef, update: Bytes, urgent: boolean) => void;
  /** E4: what was edited in a document has become these parts, in the task of `flushLocal`, before any is signed. */
  readonly numbered: (ref: DocRef, parts: readonly Part[]) => void;
}

interface Document {
  readonly ref: DocRef;
  readonly doc: Y.Doc;
  readonly ledger: Ledger;
  readonly pending: Bytes[];
}

export interface Want {
  readonly doc: DocRef;
  readonly session: SessionId;
  readonly from: number;
  readonly to: number;
}

/** How much may wait for WebCrypto at once; what comes on top is dropped and found again by HAVE. */
const MAX_IN_FLIGHT = 8192;
const MAX_TICKETS = 4096;
const REMOTE = Symbol('remote');

export class Replica {
  readonly tickets = new Map<SessionId, Ticket>();
  readonly streams = new Map<string, Stream>();
  /** In the order in which they were applied: sent in this order, nothing lacks its base. */
  readonly log: Envelope[] = [];
  private readonly documents = new Map<DocText, Document>();
  private readonly clients = new Map<number, SessionId>();
  private readonly revocations = new Revocations();
  /** When the oldest ticket of a session that was seen was issued. */
  private readonly firstMs = new Map<SessionId, number>();
  /** E5. */
  private readonly frozen = new Set<SessionId>();
  private readonly park = new Park();
  readonly holds = new Holds();
  private readonly inFlight = new Map<string, Envelope>();
  private incoming: Promise<unknown> = Promise.resolve();
  private readonly author: Author;

  constructor(
    readonly room: RoomId,
    private clientId: number,
    private keys: KeySet,
    private readonly hooks: ReplicaHooks,
  ) {
    this.author = new Author(room, {
      numbered: hooks.numbered,
      persist: hooks.persist,
      authored: (held) => {
        this.stream(held.envelope.doc, held.envelope.session).take(held);
        this.log.push(held.envelope);
        if (held.envelope.doc.kind === 'stage') this.stageChanged(held.envelope.authoredMs);
        hooks.authored(held.envelope);
      },
    });
  }

  /** The school's keys can change between two answers of the portal. */
  setKeys(keys: KeySet): void {
    this.keys = keys;
  }

  /** From now on this session writes. Before that every document is read-only to us. */
  setOwn(own: OwnSession): void {
    this.author.own = own;
    this.clientId = own.ticket.client;
    for (const { doc } of this.documents.values()) doc.clientID = this.clientId;
  }

  // Documents

  doc(ref: DocRef): Y.Doc {
    return this.document(ref).doc;
  }

  docs(): DocRef[] {
    return [...this.documents.values()].map(({ ref }) => ref);
  }

  private document(ref: DocRef): Document {
    const known = this.documents.get(ref.text);
    if (known !== undefined) return known;
    const doc = new Y.Doc();
    doc.clientID = this.clientId;
    const document: Document = { ref, doc, ledger: new Ledger(), pending: [] };
    doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
      if (!isLocal(transaction)) return;
      const bytes = ownBytes(update);
      document.pending.push(bytes);
      this.hooks.edited(ref, bytes, transaction.origin instanceof LocalEdit && transaction.origin.urgent);
    });
    this.documents.set(ref.text, document);
    return document;
  }

  /** How many clocks of a client a document holds (P3). */
  heldClocks(ref: DocRef, client: number): number {
    return this.document(ref).ledger.held(client);
  }

  stream(doc: DocRef, session: SessionId): Stream {
    const key = streamKey({ doc, session });
    let stream = this.streams.get(key);
    if (stream === undefined) {
      stream = new Stream(doc, session);
      this.streams.set(key, stream);
    }
    return stream;
  }

  // Tickets

  /** T1, T3, T4. Idempotent; returns the newest ticket of the session. Raises TicketError. */
  async admitTicket(token: string, nowMs: number): Promise<{ ticket: Ticket; events: ReplicaEvent[] }> {
    const ticket = await readTicket(token, this.keys);
    if (ticket.room !== this.room) throw new TicketError(CloseCode.ticket_foreign, 'ticket of another room');
    const known = this.tickets.get(ticket.session);
    if (known !== undefined) {
      const same = known.client === ticket.client && known.user === ticket.user && sameBytes(known.key, ticket.key);
      if (!same) throw new TicketError(CloseCode.ticket_refused, 'session id of another');
      this.seen(ticket);
      if (ticket.expiresMs > known.expiresMs) this.tickets.set(ticket.session, ticket);
      return { ticket: this.tickets.get(ticket.session) ?? ticket, events: [] };
    }
    const owner = this.clients.get(ticket.client);
    if (owner !== undefined && owner !== ticket.session) {
      throw new TicketError(CloseCode.ticket_refused, 'client id of another');
    }
    if (this.tickets.size >= MAX_TICKETS) throw new TicketError(CloseCode.rate_limited, 'too many sessions');
    this.tickets.set(ticket.session, ticket);
    this.clients.set(ticket.client, ticket.session);
    this.seen(ticket);
    const waiting = this.park.all().filter(({ reason, envelope }) => {
      return reason === 'ticket' && envelope.session === ticket.session;
    });
    const events: ReplicaEvent[] = [];
    for (const { envelope } of waiting.sort((a, b) => a.envelope.seq - b.envelope.seq)) {
      this.park.remove(envelope);
      events.push(...(await this.receive(envelope, 'peer', nowMs)));
    }
    return { ticket, events };
  }

  private seen(ticket: Ticket): void {
    const { session, issuedMs } = ticket;
    this.firstMs.set(session, Math.min(issuedMs, this.firstMs.get(session) ?? issuedMs));
    this.revocations.meet(ticket);
  }

  /** The relay's own decision (E5): nothing more of this session is taken from peers. What the relay holds stays. */
  revoke(session: SessionId): void {
    this.revocations.add(session);
    this.park.removeSession(session);
  }

  /** T5: whoever brings it. Returns whom it puts out, null when it is known. Raises TicketError. */
  async revokeBy(token: string): Promise<readonly SessionId[] | null> {
    if (this.revocations.isKnown(token)) return null;
    const revocation = await readRevocation(token, this.keys, this.room);
    if (this.revocations.isKnown(token)) return null;
    const first = (session: SessionId): number => this.firstMs.get(session) ?? 0;
    const sessions = this.revocations.honour(token, revocation, this.tickets.values(), first);
    for (const session of sessions) this.park.removeSession(session);
    return sessions;
  }

  /** The revocations that are honoured here, for handing them on. */
  get revocationTokens(): readonly string[] {
    return this.revocations.tokens;
  }

  get revokedSessions(): readonly SessionId[] {
    return this.revocations.sessions;
  }

  isRevoked(session: SessionId): boolean {
    return this.revocations.has(session);
  }

  /** Nothing of it is taken from peers any more: revoked (T5), or frozen for two histories (E5). */
  isOut(session: SessionId): boolean {
    return this.revocations.has(session) || this.frozen.has(session);
  }

  // Receiving

  async receive(envelope: Envelope, source: Source, nowMs: number): Promise<ReplicaEvent[]> {
    const early = this.beforeChecking(envelope, source, nowMs);
    if (early !== null) return [early];
    const ticket = this.tickets.get(envelope.session);
    if (ticket === undefined) throw new Error('a ticket was there a moment ago');
    const key = flightKey(envelope);
    this.inFlight.set(key, envelope);
    const checks = Promise.all([
      source === 'store' ? true : verifyEnvelope(this.room, envelope, ticket.publicKey),
      envelopeHash(this.room, envelope.body),
    ]);
    const result = this.incoming.then(async () => {
      const [good, hash] = await checks;
      this.inFlight.delete(key);
      // Revoked while its signature was being checked.
      if (source === 'peer' && this.revocations.has(envelope.session)) {
        return [refused(envelope, CloseCode.revoked, 'S8')];
      }
      if (good) return this.admit({ envelope, hash, ...(source === 'peer' ? {} : { [source]: true }) }, nowMs);
      return [refused(envelope, CloseCode.update_refused, 'E2')];
    });
    this.incoming = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** What can be said without cryptography: most copies end here, since every envelope comes by several paths. */
  private beforeChecking(envelope: Envelope, source: Source, nowMs: number): ReplicaEvent | null {
    const stream = this.streams.get(streamKey(envelope));
    if (stream !== undefined && envelope.seq <= stream.seq) {
      const held = stream.held.get(envelope.seq);
      if (held === undefined || sameBytes(held.envelope.body, envelope.body)) return { kind: 'duplicate', envelope };
    }
    const flying = this.inFlight.get(flightKey(envelope));
    // A copy of the relay is taken where a peer's of the same bytes would not be (S8, E5), so it does not count as one.
    if (flying !== undefined && source !== 'relay' && sameBytes(flying.raw, envelope.raw))
      return { kind: 'duplicate', envelope };
    if (this.revocations.has(envelope.session) && source === 'peer') return refused(envelope, CloseCode.revoked, 'S8');
    if (!this.tickets.has(envelope.session)) return this.parkIt({ envelope, hash: null }, 'ticket', nowMs);
    const ticket = this.tickets.get(envelope.session);
    // Nobody makes us hold desks that nobody has.
    if (ticket !== undefined && !this.documents.has(envelope.doc.text) && !mayWrite(ticket, envelope.doc)) {
      return refused(envelope, CloseCode.not_allowed, 'P7');
    }
    const isFreed = source === 'relay' && this.park.isHeld(envelope);
    if (this.park.has(envelope) && !isFreed) return { kind: 'duplicate', envelope };
    if (this.inFlight.size >= MAX_IN_FLIGHT) return { kind: 'dropped', envelope };
    return null;
  }

  private parkIt(
    { envelope, hash }: { envelope: Envelope; hash: Bytes | null },
    reason: ParkReason,
    nowMs: number,
  ): ReplicaEvent {
    const held = hash === null ? null : { envelope, hash };
    const added = this.park.add({ envelope, held, reason, sinceMs: nowMs });
    return added ? { kind: 'parked', envelope, reason } : { kind: 'dropped', envelope };
  }

  /** An envelope whose signature holds. Applies it and whatever waited for it. */
  private admit(held: Held, nowMs: number): ReplicaEvent[] {
    const event = this.admitOne(held, nowMs);
    if (event.kind !== 'applied') return [event];
    const freed = held.envelope.doc.kind === 'stage' && this.stageChanged(nowMs);
    return [event, ...this.drain(held.envelope.doc), ...(freed ? this.drain(BOARD) : [])];
  }

  /** P10, D4: reads the stage again; true if somebody was let go. */
  private stageChanged(nowMs: number): boolean {
    return this.holds.read(this.document(STAGE).doc, nowMs);
  }

  /** `sinceMs`: when it came first, should it have to wait. */
  private admitOne(held: Held, sinceMs: number): ReplicaEvent {
    const { envelope } = held;
    const stream = this.stream(envelope.doc, envelope.session);
    if (this.frozen.has(envelope.session) && !held.relay) return refused(envelope, CloseCode.equivocation, 'E5');
    if (envelope.seq <= stream.seq) {
      const before = envelope.seq === stream.seq ? stream.hash : stream.held.get(envelope.seq)?.hash;
      if (before === undefined || sameBytes(before, held.hash)) return { kind: 'duplicate', envelope };
      return this.freeze(stream, envelope);
    }
    if (envelope.seq >= stream.refusedFrom) return refused(envelope, CloseCode.update_refused, 'E5');
    const isFree = held.relay || held.store;
    if (!isFree && this.holds.keepsOut(this.tickets.get(envelope.session), envelope.doc, sinceMs)) {
      return this.parkIt(held, 'held', sinceMs);
    }
    if (envelope.seq > stream.seq + 1) return this.parkIt(held, 'hole', sinceMs);
    if (!sameBytes(envelope.prev, stream.hash)) return this.freeze(stream, envelope);
    return this.apply(stream, held, sinceMs);
  }

  private freeze(stream: Stream, envelope: Envelope): ReplicaEvent {
    this.frozen.add(envelope.session);
    this.park.removeSession(envelope.session);
    const a = stream.held.get(envelope.seq) ?? stream.held.get(stream.seq);
    return { kind: 'equivocation', session: envelope.session, a: a?.envelope ?? null, b: envelope };
  }

  private apply(stream: Stream, held: Held, sinceMs: number): ReplicaEvent {
    const { envelope } = held;
    const { doc, ledger } = this.document(envelope.doc);
    const ticket = this.tickets.get(envelope.session);
    if (ticket === undefined) return this.parkIt({ envelope, hash: null }, 'ticket', sinceMs);
    try {
      const scan = scanUpdate(envelope.update);
      if (missingBase(scan, ledger)) return this.parkIt(held, 'base', sinceMs);
      checkUpdate(scan, envelope.doc, ticket, ledger);
      Y.applyUpdate(doc, envelope.update, REMOTE);
      ledger.note(scan);
    } catch (error) {
      stream.refusedFrom = envelope.seq;
      if (error instanceof UpdateRefused) return refused(envelope, error.code, error.rule);
      if (error instanceof ProtocolError) return refused(envelope, error.code, 'P1');
      throw error;
    }
    stream.take(held);
    this.log.push(envelope);
    return { kind: 'applied', envelope };
  }

  /** What was waiting in a document for the envelope just applied, until nothing more moves. */
  private drain(ref: DocRef): ReplicaEvent[] {
    const events: ReplicaEvent[] = [];
    for (let moved = true; moved; ) {
      moved = false;
      for (const { envelope, held, sinceMs } of this.park.all()) {
        if (held === null || envelope.doc.text !== ref.text) continue;
        const { seq } = this.stream(ref, envelope.session);
        if (envelope.seq > seq + 1) continue;
        this.park.remove(envelope);
        const event = this.admitOne(held, sinceMs);
        if (event.kind === 'parked') continue;
        events.push(event);
        moved ||= event.kind === 'applied';
      }
    }
    return events;
  }

  /** P8, E9: from the relay, or from our own store. Raises UpdateRefused. */
  applySnapshot(ref: DocRef, heads: readonly Head[], update: Bytes): ReplicaEvent[] {
    const { doc, ledger } = this.document(ref);
    const scan = scanUpdate(update, SNAPSHOT_LIMITS);
    checkSnapshot(scan, ledger);
    openUpdate(doc, update, REMOTE);
    ledger.note(scan);
    for (const head of heads) {
      const stream = this.stream(ref, head.session);
      if (head.seq <= stream.seq) continue;
      stream.seq = head.seq;
      stream.hash = head.hash;
    }
    if (ref.kind === 'stage') this.stageChanged(0);
    return this.drain(ref);
  }

  /** An envelope of our store that its snapshot already contains: kept to be sent to others. */
  async keep(envelope: Envelope): Promise<void> {
    const stream = this.stream(envelope.doc, envelope.session);
    if (envelope.seq > stream.seq || stream.held.has(envelope.seq)) return;
    stream.held.set(envelope.seq, { envelope, hash: await envelopeHash(this.room, envelope.body) });
    this.log.push(envelope);
  }

  // Writing

  /** Seals what was edited since the last call, in order. Resolves when all of it is kept and handed on. */
  async flushLocal(nowMs: number): Promise<void> {
    for (const { ref, ledger, pending } of this.documents.values()) {
      if (pending.length === 0) continue;
      const update = mergeOwn(pending);
      pending.length = 0;
      this.author.write(ref, update, ledger, nowMs);
    }
    await this.author.flushed();
  }

  /** Resolves when all that was handed to `flushLocal` is sealed. */
  flushed(): Promise<void> {
    return this.author.flushed();
  }

  /** Nothing edited waits to be sealed: the documents hold nothing that is not in an envelope. */
  get settled(): boolean {
    return this.author.idle && [...this.documents.values()].every(({ pending }) => pending.length === 0);
  }

  // Anti-entropy

  heads(readable: (doc: DocRef) => boolean = () => true): Head[] {
    const heads: Head[] = [];
    for (const stream of this.streams.values()) if (stream.seq > 0 && readable(stream.doc)) heads.push(stream.head);
    return heads.slice(-LIMITS.have_entries);
  }

  envelope(doc: DocRef, session: SessionId, seq: number): Envelope | null {
    return this.streams.get(streamKey({ doc, session }))?.held.get(seq)?.envelope ?? null;
  }

  /** B2. */
  missingFor(theirs: readonly Head[], readable: (doc: DocRef) => boolean, maxBytes: number): Missing {
    return missingFor(this, theirs, readable, maxBytes);
  }

  /** E6, E7: holes, and what the authors of a missing base wrote next. */
  wants(nowMs: number): Want[] {
    return this.park.waiting(nowMs).flatMap(({ envelope, reason }) => {
      if (reason === 'hole') return [this.want(envelope.doc, envelope.session, envelope.seq - 1)];
      const { ledger } = this.document(envelope.doc);
      const clients = [...scanUpdate(envelope.update).refs].filter(([client, clocks]) => clocks > ledger.held(client));
      return clients.flatMap(([client]) => {
        const session = this.clients.get(client);
        return session === undefined ? [] : [this.want(envelope.doc, session, Number.POSITIVE_INFINITY)];
      });
    });
  }

  private want(doc: DocRef, session: SessionId, to: number): Want {
    const from = this.stream(doc, session).seq + 1;
    return { doc, session, from, to: Math.max(from, Math.min(to, from + LIMITS.want_span)) };
  }

  expire(nowMs: number): void {
    this.park.expire(nowMs);
  }

  /** What we hold where another holds something else under the same number (B3): with it, it can prove E5. */
  evidence(theirs: readonly Head[], readable: (doc: DocRef) => boolean): Envelope[] {
    return theirs.flatMap(({ doc, session, seq, hash }) => {
      const held = this.streams.get(streamKey({ doc, session }))?.held.get(seq);
      const differs = held !== undefined && !sameBytes(held.hash, hash);
      return differs && readable(doc) && !this.isOut(session) ? [held.envelope] : [];
    });
  }

  /** B3. */
  mismatches(theirs: readonly Head[]): DocRef[] {
    return mismatches(this.streams, theirs);
  }

  // Acknowledgements

  /** B1. Returns the streams that moved. */
  ack(entries: readonly StreamSeq[]): StreamSeq[] {
    return entries.filter(({ doc, session, seq }) => {
      const stream = this.stream(doc, session);
      if (seq <= stream.acked) return false;
      stream.acked = seq;
      return true;
    });
  }

  /** The relay refused an envelope: nothing from it on can ever follow (E4). */
  refuseFrom({ doc, session, seq }: StreamSeq): void {
    const stream = this.stream(doc, session);
    stream.refusedFrom = Math.min(stream.refusedFrom, seq);
  }

  get parked(): number {
    return this.park.size;
  }
}

const flightKey = (envelope: Envelope): string => `${streamKey(envelope)}/${envelope.seq}`;
