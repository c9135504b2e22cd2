/**
 * Revocations (protocol.md T5): who is put out of a room, signed by the school like a ticket.
 *
 * Honoured whoever brings one, so that it holds on direct links too while there is no relay.
 */
import { CloseCode, TicketError } from './errors';
import { asRoomId, asUserId, isSessionId, type RoomId, type SessionId, type UserId } from './ids';
import { type Claims, readClaims, refusedToken, textClaim, wholeClaim } from './jws';
import type { KeySet } from './keys';
import type { Ticket } from './ticket';

const MAX_SESSIONS = 64;
const REASON = /^[a-z][a-z_]{0,31}$/;

/** Either `sessions`, or every session of `user` whose ticket was issued by `issuedMs`. */
export interface Revocation {
  readonly room: RoomId;
  readonly sessions: readonly SessionId[];
  readonly user: UserId | null;
  readonly issuedMs: number;
  readonly reason: string;
}

function readSessions(named: unknown): SessionId[] {
  if (!Array.isArray(named) || named.length === 0 || named.length > MAX_SESSIONS) throw refusedToken('claim sids');
  return named.map((one: unknown) => {
    if (typeof one !== 'string' || !isSessionId(one)) throw refusedToken('claim sids');
    return one;
  });
}

function readRevocationClaims(claims: Claims): Revocation {
  if (claims.v !== 1) throw refusedToken('version');
  const room = asRoomId(textClaim(claims, 'room', 128));
  const issuedMs = wholeClaim(claims, 'iat', 1e11) * 1000;
  const reason = textClaim(claims, 'reason', 32);
  if (!REASON.test(reason) || 'sids' in claims === 'sub' in claims) throw refusedToken('claims');
  if ('sub' in claims) return { room, sessions: [], user: asUserId(textClaim(claims, 'sub', 64)), issuedMs, reason };
  return { room, sessions: readSessions(claims.sids), user: null, issuedMs, reason };
}

/** Raises TicketError: 4403 for another room or another school, otherwise 4401. */
export async function readRevocation(token: string, keys: KeySet, room: RoomId): Promise<Revocation> {
  const found = await readClaims(token, 'chalkmesh-revocation', keys, readRevocationClaims);
  if (found.room !== room) throw new TicketError(CloseCode.ticket_foreign, 'revocation of another room');
  return found;
}

/** What is honoured in one room: sessions and users that are out, and the tokens that say so. */
export class Revocations {
  private readonly out = new Set<SessionId>();
  private readonly users = new Map<UserId, number>();
  /** By what is signed: a signature can be restated (r, n − s), and each form would be handed on anew. */
  private readonly held = new Map<string, string>();

  /** Oldest first: for handing them on. */
  get tokens(): readonly string[] {
    return [...this.held.values()];
  }

  get sessions(): readonly SessionId[] {
    return [...this.out];
  }

  has(session: SessionId): boolean {
    return this.out.has(session);
  }

  isKnown(token: string): boolean {
    return this.held.has(signedPart(token));
  }

  add(session: SessionId): void {
    this.out.add(session);
  }

  /** `firstMs`: when the oldest ticket of a session that was seen was issued. Returns whom this puts out. */
  honour(
    token: string,
    { user, issuedMs, sessions }: Revocation,
    tickets: Iterable<Ticket>,
    firstMs: (session: SessionId) => number,
  ): readonly SessionId[] {
    this.held.set(signedPart(token), token);
    let found = sessions;
    if (user !== null) {
      this.users.set(user, Math.max(issuedMs, this.users.get(user) ?? -1));
      const named = [...tickets].filter((ticket) => ticket.user === user && firstMs(ticket.session) <= issuedMs);
      found = named.map(({ session }) => session);
    }
    for (const session of found) this.out.add(session);
    return found;
  }

  /** A ticket came: of a user put out after it was issued, its session is out too. */
  meet(ticket: Ticket): void {
    if (ticket.issuedMs <= (this.users.get(ticket.user) ?? -1)) this.out.add(ticket.session);
  }
}

const signedPart = (token: string): string => token.slice(0, Math.max(0, token.lastIndexOf('.')));
