/** Who is here and who was: names, roles and colours come from tickets alone (protocol.md T, B type 6). */
import { personColour } from '../core/colours';
import type { Capability, Role, SessionId, UserId } from '../core/ids';
import { NO_PRESENCE, type Presence } from '../core/presence';
import type { Ticket } from '../core/ticket';
import type { Agent } from './control';

export interface Person {
  readonly session: SessionId;
  readonly user: UserId;
  readonly name: string;
  readonly role: Role;
  /** A hex colour, the same at everybody. */
  readonly colour: string;
}

export interface Participant extends Person {
  readonly caps: ReadonlySet<Capability>;
  readonly agent: Agent;
  readonly joinedMs: number;
  readonly presence: Presence;
  readonly isMe: boolean;
}

interface Present {
  readonly agent: Agent;
  readonly joinedMs: number;
}

export class People {
  private readonly tickets = new Map<SessionId, Ticket>();
  private readonly present = new Map<SessionId, Present>();
  private readonly presences = new Map<SessionId, { version: number; presence: Presence }>();
  private list: readonly Participant[] | null = null;
  private me: SessionId | null = null;

  setMe(session: SessionId): void {
    this.me = session;
    this.list = null;
  }

  know(ticket: Ticket): void {
    this.tickets.set(ticket.session, ticket);
    this.list = null;
  }

  enter(session: SessionId, present: Present): void {
    this.present.set(session, present);
    this.list = null;
  }

  leave(session: SessionId): void {
    this.present.delete(session);
    this.presences.delete(session);
    this.list = null;
  }

  isPresent(session: SessionId): boolean {
    return this.present.has(session);
  }

  presentSessions(): SessionId[] {
    return [...this.present.keys()];
  }

  agent(session: SessionId): Agent {
    return this.present.get(session)?.agent ?? 'browser';
  }

  /** False: older than what is known. */
  setPresence(session: SessionId, version: number, presence: Presence): boolean {
    const known = this.presences.get(session);
    if (known !== undefined && known.version >= version) return false;
    this.presences.set(session, { version, presence });
    this.list = null;
    return true;
  }

  presence(session: SessionId): Presence {
    return this.presences.get(session)?.presence ?? NO_PRESENCE;
  }

  person(session: SessionId): Person | null {
    const ticket = this.tickets.get(session);
    if (ticket === undefined) return null;
    const { user, name, role } = ticket;
    return { session, user, name, role, colour: personColour(user, ticket.colour) };
  }

  participants(): readonly Participant[] {
    if (this.list !== null) return this.list;
    const list: Participant[] = [];
    for (const [session, { agent, joinedMs }] of this.present) {
      const person = this.person(session);
      const ticket = this.tickets.get(session);
      if (person === null || ticket === undefined) continue;
      const presence = this.presence(session);
      list.push({ ...person, caps: ticket.caps, agent, joinedMs, presence, isMe: session === this.me });
    }
    this.list = list.sort((a, b) => a.joinedMs - b.joinedMs || (a.session < b.session ? -1 : 1));
    return this.list;
  }
}
