/** Live ink and cursors of a lesson: to whom they go, and from whom they are taken (protocol.md D4, M8, M9, section L). */
import type { DocRef, SessionId, ShapeId, UserId } from '../core/ids';
import { mayRead, mayShow } from '../core/policy';
import { type LivePacket, placeOf } from '../core/presence';
import type { Replica } from '../core/replica';
import type { Ticket } from '../core/ticket';
import { LiveReceiver, LiveSender, withoutRepeats } from './live';
import type { Mesh } from './mesh';
import type { SessionSocket } from './socket';

export interface LiveHooks {
  own(): Ticket | null;
  mesh(): Mesh | null;
  present(): readonly SessionId[];
  /** The shape is there: its live stroke is not shown any more. */
  exists(id: ShapeId, doc: DocRef): boolean;
  changed(session: SessionId): void;
}

export class LessonLive {
  readonly sender: LiveSender;
  private readonly receiver: LiveReceiver;

  constructor(
    private readonly replica: Replica,
    private readonly socket: SessionSocket,
    private readonly hooks: LiveHooks,
  ) {
    this.sender = new LiveSender(
      () => hooks.own()?.session ?? null,
      (live) => this.send(live),
    );
    this.receiver = new LiveReceiver(
      (session) => hooks.changed(session),
      (id, doc) => hooks.exists(id, doc),
    );
  }

  /** What the page is given. */
  get room(): LiveSender & Pick<LiveReceiver, 'peer' | 'sessions'> {
    return Object.assign(this.sender, {
      peer: (session: SessionId) => this.receiver.peer(session),
      sessions: () => this.receiver.sessions(),
    });
  }

  receive(live: LivePacket): void {
    const place = placeOf(live);
    const author = this.replica.tickets.get(live.session);
    const isAllowed = mayShow(author, place, live.ink !== null) && this.sees(this.hooks.own(), place);
    if (isAllowed && this.hooks.present().includes(live.session)) this.receiver.receive(live, Date.now());
  }

  settle(ids: ReadonlySet<ShapeId>, desk: UserId | null): void {
    this.receiver.settle(ids, desk);
  }

  expire(): void {
    this.receiver.expire(Date.now());
  }

  forget(session: SessionId): void {
    this.receiver.forget(session);
  }

  private send(live: LivePacket): void {
    const own = this.hooks.own();
    if (!own?.caps.has('presence')) return;
    const place = placeOf(live);
    const mesh = this.hooks.mesh();
    const seen = (session: SessionId): boolean => this.sees(this.replica.tickets.get(session) ?? null, place);
    for (const session of mesh?.sessions() ?? []) {
      if (seen(session)) mesh?.sendLive(session, { type: 'LIVE', live });
    }
    const isMissed = (session: SessionId): boolean => session !== own.session && !mesh?.isUp(session) && seen(session);
    if (this.hooks.present().some(isMissed)) this.socket.send({ type: 'LIVE', live: withoutRepeats(live) });
  }

  /** D4. Nothing live at a desk is for the recorder, which keeps what is written there. */
  private sees(ticket: Ticket | null, place: DocRef): boolean {
    if (place.kind !== 'desk') return true;
    return ticket !== null && ticket.role !== 'recorder' && mayRead(ticket, place, this.replica.holds.shownDesk);
  }
}
