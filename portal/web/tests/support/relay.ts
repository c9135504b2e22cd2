/** A relay in memory that follows sections S and B, made of the same replica, with sockets that can be cut. */
import { type Bytes, formatBase64Url, parseBase64Url } from '../../src/core/bytes';
import { CloseCode } from '../../src/core/errors';
import type { SessionId } from '../../src/core/ids';
import { helloText, type KeySet, verifySignature } from '../../src/core/keys';
import { LIMITS } from '../../src/core/limits';
import { decodeMessage, encodeMessage, type Head, type Message } from '../../src/core/messages';
import { Replica } from '../../src/core/replica';
import { readTicket, type Ticket } from '../../src/core/ticket';
import type { SocketLike } from '../../src/net/socket';
import { ROOM } from './school';

class ServerSide {
  ticket: Ticket | null = null;
  token = '';
  readonly nonce = crypto.getRandomValues(new Uint8Array(32));
  constructor(readonly client: ClientSocket) {}
}

class ClientSocket implements SocketLike {
  binaryType: BinaryType = 'arraybuffer';
  readonly bufferedAmount = 0;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  readonly server = new ServerSide(this);
  open = true;

  constructor(private readonly relay: MemoryRelay) {}

  send(data: string | Bytes): void {
    if (this.open) this.relay.arrived(this.server, typeof data === 'string' ? data : data.slice());
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.relay.gone(this.server);
  }

  deliver(data: string | ArrayBuffer): void {
    queueMicrotask(() => this.open && this.onmessage?.({ data } as MessageEvent));
  }

  closeFromServer(code: number): void {
    if (!this.open) return;
    this.open = false;
    this.onclose?.({ code, reason: '' });
  }
}

export class MemoryRelay {
  readonly replica: Replica;
  readonly members = new Map<SessionId, ServerSide>();
  /** Nobody gets in or through. */
  down = false;
  /** Durable acknowledgements are held back. */
  mute = false;
  refuseWith: number | null = null;
  private chain: Promise<unknown> = Promise.resolve();
  private readonly sockets = new Set<ClientSocket>();

  constructor(private readonly keys: KeySet) {
    this.replica = new Replica(ROOM, 1, keys, {
      persist: async () => {},
      authored: () => {},
      edited: () => {},
      numbered: () => {},
    });
  }

  readonly connect = (): SocketLike => {
    const socket = new ClientSocket(this);
    if (this.down) queueMicrotask(() => socket.closeFromServer(1006));
    else {
      this.sockets.add(socket);
      this.text(socket.server, { t: 'challenge', nonce: formatBase64Url(socket.server.nonce) });
    }
    return socket;
  };

  /** Kills every connection, as a relay that dies. */
  die(): void {
    this.down = true;
    for (const socket of [...this.sockets]) {
      this.gone(socket.server);
      socket.closeFromServer(1006);
    }
    this.sockets.clear();
  }

  private text(to: ServerSide, control: object): void {
    to.client.deliver(JSON.stringify(control));
  }

  private binary(to: ServerSide, message: Message): void {
    to.client.deliver(encodeMessage(message).buffer);
  }

  arrived(from: ServerSide, data: string | Bytes): void {
    this.chain = this.chain.then(() => this.take(from, data));
  }

  async settled(): Promise<void> {
    await this.chain;
  }

  private async take(from: ServerSide, data: string | Bytes): Promise<void> {
    if (typeof data === 'string') await this.control(from, JSON.parse(data));
    else await this.message(from, decodeMessage(data, LIMITS.socket_message_bytes));
  }

  private async control(from: ServerSide, control: Record<string, string> & { data?: unknown }): Promise<void> {
    if (control.t === 'signal') {
      const to = this.members.get(control.to as SessionId);
      if (to && from.ticket) this.text(to, { t: 'signal', from: from.ticket.session, data: control.data });
      return;
    }
    if (control.t !== 'hello') return;
    if (this.refuseWith !== null) {
      from.client.closeFromServer(this.refuseWith);
      return;
    }
    const ticket = await readTicket(control.ticket ?? '', this.keys);
    const text = await helloText(from.nonce, control.ticket ?? '');
    if (!(await verifySignature(ticket.publicKey, parseBase64Url(control.proof ?? ''), text))) {
      from.client.closeFromServer(CloseCode.proof_failed);
      return;
    }
    await this.replica.admitTicket(control.ticket ?? '', Date.now());
    from.ticket = ticket;
    from.token = control.ticket ?? '';
    this.welcome(from, ticket, control.have ?? '');
  }

  private welcome(from: ServerSide, ticket: Ticket, have: string): void {
    const others = [...this.members.values()];
    const present = new Set(this.members.keys());
    this.text(from, {
      t: 'welcome',
      room: ROOM,
      session: ticket.session,
      now_ms: Date.now(),
      room_ms: 5_000,
      agent: 'browser',
      participants: others.map(({ token }) => ({ ticket: token, agent: 'browser', joined_ms: 1, presence: null })),
      sessions: [...this.replica.tickets.values()]
        .filter(({ session }) => !present.has(session))
        .map(({ token }) => token),
      revocations: [...this.replica.revocationTokens],
      frozen: [],
    });
    for (const other of others) {
      this.text(other, { t: 'joined', ticket: from.token, agent: 'browser', joined_ms: Date.now() });
    }
    this.members.set(ticket.session, from);
    const message = have === '' ? null : decodeMessage(parseBase64Url(have), LIMITS.socket_message_bytes);
    this.answer(from, message?.type === 'HAVE' ? message.heads : []);
    this.binary(from, { type: 'HAVE', replyWanted: true, heads: this.replica.heads() });
    this.binary(from, { type: 'SYNCED', docs: [] });
  }

  private answer(to: ServerSide, heads: readonly Head[]): void {
    const { tickets, envelopes } = this.replica.missingFor(heads, () => true, 1e9);
    for (const token of tickets) this.binary(to, { type: 'TICKET', token });
    for (const envelope of envelopes) this.binary(to, { type: 'ENVELOPE', envelope });
  }

  private async message(from: ServerSide, message: Message): Promise<void> {
    switch (message.type) {
      case 'TICKET':
        await this.replica.admitTicket(message.token, Date.now());
        return;
      case 'ENVELOPE': {
        const events = await this.replica.receive(message.envelope, 'peer', Date.now());
        for (const event of events) {
          if (event.kind === 'applied') this.broadcast(from, { type: 'ENVELOPE', envelope: event.envelope });
          if ((event.kind === 'applied' || event.kind === 'duplicate') && !this.mute) this.ack(from, event.envelope);
        }
        return;
      }
      case 'REVOCATION':
        await this.putOut(message.token);
        return;
      case 'HAVE':
        this.answer(from, message.heads);
        return;
      case 'PING':
        this.binary(from, { type: 'PONG', nonce: message.nonce });
        return;
      case 'PRESENCE':
      case 'ALERT':
      case 'LIVE':
        this.broadcast(from, message);
    }
  }

  private ack(to: ServerSide, { doc, session }: { doc: Head['doc']; session: SessionId }): void {
    this.binary(to, { type: 'ACK', entries: [{ doc, session, seq: this.replica.stream(doc, session).seq }] });
  }

  /** Somebody joins who has no socket here. */
  async announce(token: string): Promise<void> {
    await this.replica.admitTicket(token, Date.now());
    for (const member of this.members.values()) {
      this.text(member, { t: 'joined', ticket: token, agent: 'browser', joined_ms: Date.now() });
    }
  }

  /** To everybody, whatever it is. */
  say(control: object): void {
    for (const member of this.members.values()) this.text(member, control);
  }

  /** As the portal asks for it, or a client brings it (T5). */
  async putOut(token: string): Promise<void> {
    const sessions = await this.replica.revokeBy(token);
    if (sessions === null) return;
    for (const member of this.members.values()) this.text(member, { t: 'revoked', token, sessions, reason: 'removed' });
  }

  broadcast(from: ServerSide, message: Message): void {
    for (const member of this.members.values()) if (member !== from) this.binary(member, message);
  }

  gone(member: ServerSide): void {
    this.sockets.delete(member.client);
    if (member.ticket === null || this.members.get(member.ticket.session) !== member) return;
    this.members.delete(member.ticket.session);
    for (const other of this.members.values()) {
      this.text(other, { t: 'left', session: member.ticket.session, reason: 'gone' });
    }
  }
}
