/** Who is here and who was: names, roles and colours come from tickets alone (protocol.md T, B type 6). */
import palette from '@spec/palette.json';
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

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/**
 * Everybody's own slot, and the next free one for who came later. Deterministic from the tickets, so that all see
 * the same colours without anybody handing them out.
 */
export function assignColours(users: readonly { user: UserId; sinceMs: number }[]): Map<UserId, string> {
  const colours = palette.participants;
  const taken = new Set<number>();
  const out = new Map<UserId, string>();
  const inOrder = users.toSorted((a, b) => a.sinceMs - b.sinceMs || (a.user < b.user ? -1 : 1));
  for (const { user } of inOrder) {
    let slot = hash(user) % colours.length;
    for (let i = 0; i < colours.length && taken.has(slot); i++) slot = (slot + 1) % colours.length;
    taken.add(slot);
    out.set(user, colours[slot] ?? '#808080');
  }
  return out;
}

export class People {
  private readonly tickets = new Map<SessionId, Ticket>();
  private readonly since = new Map<UserId, number>();
  private colours = new Map<UserId, string>();
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
    // The recorder draws nothing: it takes no colour from those who do.
    if (ticket.role === 'recorder') return;
    const since = this.since.get(ticket.user);
    if (since === undefined || ticket.issuedMs < since) {
      this.since.set(ticket.user, ticket.issuedMs);
      const users = [...this.since].map(([user, sinceMs]) => ({ user, sinceMs }));
      this.colours = assignColours(users);
    }
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
    return { session, user, name, role, colour: this.colours.get(user) ?? '#808080' };
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
