/** Envelopes between this replica, the relay and the peers: dual path, HAVE and WANT (protocol.md B, M7). */
import type { Envelope } from '../core/envelope';
import { CloseCode, TicketError, UpdateRefused } from '../core/errors';
import type { DocRef, SessionId } from '../core/ids';
import { LIMITS } from '../core/limits';
import { encodeMessage, type Head, type Message } from '../core/messages';
import { mayRead } from '../core/policy';
import type { Replica, ReplicaEvent } from '../core/replica';
import type { Ticket } from '../core/ticket';
import type { Mesh } from './mesh';
import type { Persistence } from './persist';
import { Bucket } from './rates';
import type { RevocationDesk } from './revocations';
import type { SessionSocket } from './socket';

export type Party = SessionId | 'relay';

export interface ExchangeHooks {
  readonly now: () => number;
  readonly ticket: (ticket: Ticket) => void;
  readonly progress: () => void;
  readonly refused: (session: SessionId, code: number, reason: string) => void;
  readonly equivocation: (session: SessionId) => void;
  readonly synced: () => void;
  readonly rebuild: (doc: DocRef) => void;
  /** Put out of the room (T5). */
  readonly out: (session: SessionId) => void;
}

const ANSWER_BYTES = 524_288;
const TICK_MS = 200;
/** Entries that fit into one data channel message, with room for long desk names. */
const CHANNEL_HEADS = 600;
const MAX_ROUNDS = 256;
const MAX_PROOFS = 64;
/** Envelopes in answer to one HAVE. */
const MAX_EVIDENCE = 16;
const TICKETS_PER_S = 20;
const TICKETS_BURST = 500;
const PUT_OUT: readonly number[] = [CloseCode.revoked, CloseCode.equivocation];

export class Exchange {
  mesh: Mesh | null = null;
  private barrier: Promise<unknown> = Promise.resolve();
  private readonly told = new Map<Party, Set<SessionId>>();
  private readonly answering = new Map<Party, readonly Head[] | null>();
  private readonly proofs: Envelope[] = [];
  private readonly buckets = new Map<SessionId, Bucket>();
  private headsMoved = false;
  private haveMs = 0;
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly copies = new Set<ReturnType<typeof setTimeout>>();

  constructor(
    private readonly own: () => Ticket | null,
    private readonly replica: Replica,
    private readonly socket: SessionSocket,
    private readonly persistence: Persistence | null,
    private readonly revocations: RevocationDesk,
    private readonly hooks: ExchangeHooks,
  ) {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  // Receiving. Tickets are checked with WebCrypto; what follows them waits, in order, or it would park as unknown.

  /** null: a ticket that is not honoured here. Whoever sent it gains nothing. */
  admit(token: string): Promise<Ticket | null> {
    const admitted = this.barrier.then(async () => {
      try {
        const { ticket, events } = await this.replica.admitTicket(token, this.hooks.now());
        this.persistence?.ticket(ticket.session, ticket.token);
        this.hooks.ticket(ticket);
        this.handle(events);
        // Perhaps by this very ticket: of a user put out after it was issued (T5).
        if (this.replica.isRevoked(ticket.session)) this.hooks.out(ticket.session);
        return ticket;
      } catch (error) {
        if (error instanceof TicketError) return null;
        throw error;
      }
    });
    this.barrier = admitted.catch(() => null);
    return admitted;
  }

  /** Runs after the tickets that came before. */
  afterTickets(work: () => void): void {
    void this.barrier.then(work);
  }

  receive(from: Party, message: Message): void {
    if (message.type === 'TICKET') {
      // Each costs a signature check that all which follows waits for.
      if (from === 'relay' || this.ticketsOf(from).take(performance.now() / 1000)) void this.admit(message.token);
    } else if (message.type === 'REVOCATION') {
      if (from === 'relay' || this.ticketsOf(from).take(performance.now() / 1000)) {
        // What comes after it is judged by it.
        const honoured = this.barrier.then(() => this.revocations.brought(from, message.token));
        this.barrier = honoured.catch(() => null);
      }
    } else void this.barrier.then(() => this.take(from, message));
  }

  private ticketsOf(from: SessionId): Bucket {
    let bucket = this.buckets.get(from);
    if (bucket === undefined) {
      bucket = new Bucket(TICKETS_PER_S, TICKETS_BURST, performance.now() / 1000);
      this.buckets.set(from, bucket);
    }
    return bucket;
  }

  private take(from: Party, message: Message): void {
    switch (message.type) {
      case 'ENVELOPE':
        void this.envelope(from, message.envelope);
        return;
      case 'HAVE':
        this.have(from, message.heads, message.replyWanted);
        return;
      case 'WANT':
        this.want(from, message.doc, message.session, message.from, message.to);
        return;
      case 'ACK': {
        const moved = this.replica.ack(message.entries);
        this.persistence?.acked(moved);
        this.hooks.progress();
        return;
      }
      case 'SNAPSHOT':
        this.snapshot(message.doc, message.heads, message.update);
        return;
      case 'SYNCED':
        for (const envelope of this.proofs.splice(0)) this.sendEnvelope('relay', envelope);
        this.hooks.synced();
        return;
      case 'REFUSED':
        this.replica.refuseFrom(message);
        this.persistence?.refused(message);
        this.hooks.refused(message.session, message.code, message.reason);
        // We took it directly of a session that the relay has put out: nobody else will ever have it.
        if (PUT_OUT.includes(message.code) && !this.isOwn(message.session)) this.hooks.rebuild(message.doc);
        this.hooks.progress();
    }
  }

  private async envelope(from: Party, envelope: Envelope): Promise<void> {
    this.handle(await this.replica.receive(envelope, from === 'relay' ? 'relay' : 'peer', this.hooks.now()));
  }

  handle(events: readonly ReplicaEvent[], persist = true): void {
    for (const event of events) {
      if (event.kind === 'applied') {
        this.headsMoved = true;
        if (persist) this.persistence?.received(event.envelope);
      } else if (event.kind === 'refused') this.hooks.refused(event.envelope.session, event.code, event.rule);
      else if (event.kind === 'equivocation') {
        for (const envelope of [event.a, event.b]) if (envelope !== null) this.prove(envelope);
        this.hooks.equivocation(event.session);
        this.hooks.out(event.session);
      }
    }
  }

  /** E5. The relay may know one history and each of the others another: all get both. */
  private prove(envelope: Envelope): void {
    if (!this.sendEnvelope('relay', envelope) && this.proofs.length < MAX_PROOFS) this.proofs.push(envelope);
    for (const session of this.readers(envelope.doc)) this.send(session, { type: 'ENVELOPE', envelope });
  }

  /** Work of this user's other pages, out of the store: neither the relay nor anybody else may have it. */
  bring(events: readonly ReplicaEvent[]): void {
    this.handle(events, false);
    for (const event of events) {
      if (event.kind !== 'applied') continue;
      for (const to of ['relay' as const, ...this.readers(event.envelope.doc)]) this.sendEnvelope(to, event.envelope);
    }
    this.hooks.progress();
  }

  private snapshot(doc: DocRef, heads: readonly Head[], update: Uint8Array<ArrayBuffer>): void {
    if (this.replica.mismatches(heads).length > 0) {
      this.hooks.rebuild(doc);
      return;
    }
    try {
      this.handle(this.replica.applySnapshot(doc, heads, update));
    } catch (error) {
      if (!(error instanceof UpdateRefused)) throw error;
      this.hooks.rebuild(doc);
      return;
    }
    this.noteRelay(heads);
    this.headsMoved = true;
    this.persistence?.snapshotApplied(doc);
  }

  // HAVE and WANT

  /** Only what the other may read (D3), and without revoked sessions: the relay would refuse them. */
  private readable(to: Party): (doc: DocRef) => boolean {
    const ticket = to === 'relay' ? this.own() : (this.replica.tickets.get(to) ?? null);
    return (doc) => ticket !== null && mayRead(ticket, doc, this.replica.holds.shownDesk);
  }

  haveMessage(to: Party, replyWanted: boolean): Message {
    const heads = this.replica.heads(this.readable(to));
    return { type: 'HAVE', replyWanted, heads: to === 'relay' ? heads : heads.slice(-CHANNEL_HEADS) };
  }

  /** For the hello. */
  helloHave(): Uint8Array<ArrayBuffer> {
    return encodeMessage(this.haveMessage('relay', false));
  }

  private noteRelay(heads: readonly Head[]): void {
    for (const { doc, session, seq } of heads) this.replica.stream(doc, session).relaySeq = seq;
  }

  private have(from: Party, heads: readonly Head[], replyWanted: boolean): void {
    if (from === 'relay') {
      const [differing] = this.replica.mismatches(heads);
      if (differing !== undefined) this.hooks.rebuild(differing);
      this.noteRelay(heads);
      this.askForAcks();
    } else {
      // B3: without the relay, who was told another history than we learns of it in no other way.
      const evidence = this.replica.evidence(heads, this.readable(from)).slice(0, MAX_EVIDENCE);
      for (const envelope of evidence) this.sendEnvelope(from, envelope);
    }
    if (replyWanted) this.send(from, this.haveMessage(from, false));
    this.answer(from, heads);
  }

  /** The relay holds what it has not acknowledged to us (an ACK got lost with its socket): a copy brings the ACK (B1). */
  private askForAcks(): void {
    for (const stream of this.replica.streams.values()) {
      const held = stream.held.get(Math.min(stream.relaySeq, stream.seq));
      if (held === undefined || held.envelope.seq <= stream.acked || held.envelope.seq >= stream.refusedFrom) continue;
      if (this.isOwn(stream.session)) this.send('relay', { type: 'ENVELOPE', envelope: held.envelope });
    }
  }

  private isOwn(session: SessionId): boolean {
    const own = this.own();
    return own !== null && this.replica.tickets.get(session)?.user === own.user;
  }

  /** B2. A HAVE that comes while the last one is being answered is answered after it. */
  private answer(to: Party, heads: readonly Head[]): void {
    if (this.answering.has(to)) {
      this.answering.set(to, heads);
      return;
    }
    this.answering.set(to, null);
    void this.sendMissing(to, heads).finally(() => {
      const again = this.answering.get(to);
      this.answering.delete(to);
      if (again) this.answer(to, again);
    });
  }

  private async sendMissing(to: Party, heads: readonly Head[]): Promise<void> {
    let theirs = heads;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { envelopes, more } = this.replica.missingFor(theirs, this.readable(to), ANSWER_BYTES);
      const sendable = envelopes.filter(({ session }) => !this.replica.isRevoked(session));
      if (!sendable.every((envelope) => this.sendEnvelope(to, envelope)) || !more) return;
      theirs = [...theirs, ...envelopes.map(({ doc, session, seq, prev }) => ({ doc, session, seq, hash: prev }))];
      await this.drained(to);
    }
  }

  /** After the ticket of its session, the first time. */
  private sendEnvelope(to: Party, envelope: Envelope): boolean {
    this.tell(to, envelope.session);
    return this.send(to, { type: 'ENVELOPE', envelope });
  }

  private tell(to: Party, session: SessionId): void {
    const told = this.told.get(to) ?? new Set();
    this.told.set(to, told);
    const ticket = this.replica.tickets.get(session);
    if (told.has(session) || ticket === undefined || session === to) return;
    if (this.send(to, { type: 'TICKET', token: ticket.token })) told.add(session);
  }

  private want(from: Party, doc: DocRef, session: SessionId, first: number, last: number): void {
    if (!this.readable(from)(doc) || this.replica.isRevoked(session)) return;
    for (let seq = first; seq <= last; seq++) {
      const envelope = this.replica.envelope(doc, session, seq);
      if (envelope !== null && !this.sendEnvelope(from, envelope)) return;
    }
  }

  private send(to: Party, message: Message): boolean {
    if (to === 'relay') return this.socket.send(message);
    return this.mesh?.sendSync(to, message) ?? false;
  }

  private drained(to: Party): Promise<void> {
    if (to !== 'relay') return this.mesh?.drained(to) ?? Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.socket.bufferedBytes < ANSWER_BYTES) resolve();
        else setTimeout(look, 50);
      };
      look();
    });
  }

  // Sending

  /** M7: to the relay, to every link, and a small one once more where a lost packet costs no round trip. */
  authored(envelope: Envelope): void {
    this.headsMoved = true;
    const message: Message = { type: 'ENVELOPE', envelope };
    this.socket.send(message);
    for (const session of this.readers(envelope.doc)) this.mesh?.sendSync(session, message);
    if (envelope.raw.length <= LIMITS.live_copy_bytes) {
      for (const session of this.readers(envelope.doc)) this.repeat(session, envelope, message);
    }
    this.hooks.progress();
  }

  /** As often as the link's loss asks for, until the relay has it. */
  private repeat(session: SessionId, envelope: Envelope, message: Message): void {
    for (const [index, delayMs] of (this.mesh?.copiesMs(session) ?? []).entries()) {
      const timer = setTimeout(() => {
        this.copies.delete(timer);
        if (this.replica.stream(envelope.doc, envelope.session).acked >= envelope.seq) return;
        this.mesh?.sendCopy(session, message, index);
      }, delayMs);
      this.copies.add(timer);
    }
  }

  private readers(doc: DocRef): SessionId[] {
    return (this.mesh?.sessions() ?? []).filter((session) => this.readable(session)(doc));
  }

  /** M6: a link opened. */
  linkOpened(session: SessionId): void {
    this.told.delete(session);
    const own = this.own();
    if (own !== null) this.tell(session, own.session);
    // It may have been away from everybody who knew (S8).
    for (const token of this.replica.revocationTokens) this.send(session, { type: 'REVOCATION', token });
    this.send(session, this.haveMessage(session, true));
  }

  /** The socket opened: whom the relay knows is forgotten with the old one. */
  relayOpened(revocations: readonly string[]): void {
    this.told.delete('relay');
    for (const token of revocations) this.receive('relay', { type: 'REVOCATION', token });
    this.afterTickets(() => this.revocations.tellRelay(revocations));
  }

  private tick(): void {
    const now = this.hooks.now();
    this.replica.expire(now);
    for (const want of this.replica.wants(now)) {
      const message: Message = { type: 'WANT', ...want };
      this.send('relay', message);
      for (const session of this.mesh?.up() ?? []) this.send(session, message);
    }
    if (Math.abs(now - this.haveMs) < LIMITS.have_every_ms || !this.headsMoved) return;
    this.haveMs = now;
    this.headsMoved = false;
    for (const session of this.mesh?.up() ?? []) this.send(session, this.haveMessage(session, false));
    if (this.replica.parked > 0) this.send('relay', this.haveMessage('relay', false));
  }

  close(): void {
    clearInterval(this.timer);
    for (const timer of this.copies) clearTimeout(timer);
    this.copies.clear();
  }
}
