/** Tickets: who a session is and what it may do, signed by the school (protocol.md section T). */
import { type Bytes, parseBase64Url } from './bytes';
import { CloseCode, TicketError } from './errors';
import {
  asRoomId,
  asUserId,
  type Capability,
  isCapability,
  isRole,
  isSessionId,
  type Role,
  type RoomId,
  type SessionId,
  type UserId,
} from './ids';
import { type Claims, readClaims, refusedToken, textClaim, wholeClaim } from './jws';
import { importPoint, type KeySet, type PublicKey } from './keys';
import { LIMITS } from './limits';

/** Clocks of school and relay may differ by this much at admission (T2). */
const CLOCK_SLACK_MS = 120_000;

const COLOUR_MAX = 2 ** 16 - 1;

export interface Ticket {
  readonly room: RoomId;
  readonly user: UserId;
  readonly name: string;
  readonly role: Role;
  readonly caps: ReadonlySet<Capability>;
  readonly session: SessionId;
  readonly client: number;
  readonly key: Bytes;
  readonly publicKey: PublicKey;
  /** The person's number in the room (core/colours.ts); null: it was not given one. */
  readonly colour: number | null;
  /** No recorder keeps voice, picture or pointer of this session, nor shows its name. */
  readonly unrecorded: boolean;
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** The compact form that it was read from. */
  readonly token: string;
}

/** T1: form and signature. Says nothing of time or room: see checkAdmission. */
export function readTicket(token: string, keys: KeySet): Promise<Ticket> {
  return readClaims(token, 'chalkmesh-ticket', keys, (claims) => readTicketClaims(claims, token));
}

async function readTicketClaims(claims: Claims, token: string): Promise<Ticket> {
  if (claims.v !== 1) throw refusedToken('version');
  const session = textClaim(claims, 'sid', 16);
  const { role, caps } = claims;
  if (!isSessionId(session)) throw refusedToken('claim sid');
  if (!isRole(role)) throw refusedToken('claim role');
  // True or not there at all, as in the twin.
  if ('unrecorded' in claims && claims.unrecorded !== true) throw refusedToken('claim unrecorded');
  if (!Array.isArray(caps) || !caps.every(isCapability)) throw refusedToken('claim caps');
  const key = parseBase64Url(textClaim(claims, 'key', 128));
  const issuedMs = wholeClaim(claims, 'iat', 1e11) * 1000;
  const expiresMs = wholeClaim(claims, 'exp', 1e11) * 1000;
  return {
    room: asRoomId(textClaim(claims, 'room', 128)),
    user: asUserId(textClaim(claims, 'sub', 64)),
    name: textClaim(claims, 'name', 256),
    role,
    caps: new Set(caps),
    session,
    client: wholeClaim(claims, 'cid', LIMITS.update.client),
    key,
    publicKey: await importPoint(key),
    colour: 'colour' in claims ? wholeClaim(claims, 'colour', COLOUR_MAX) : null,
    unrecorded: 'unrecorded' in claims,
    issuedMs,
    expiresMs,
    token,
  };
}

/** T2: what the relay asks at the door. The browser uses it to know when to renew. */
export function checkAdmission(ticket: Ticket, room: RoomId, nowMs: number): void {
  if (ticket.room !== room) throw new TicketError(CloseCode.ticket_foreign, 'ticket of another room');
  if (nowMs < ticket.issuedMs - CLOCK_SLACK_MS) throw new TicketError(CloseCode.ticket_expired, 'not valid yet');
  if (nowMs >= ticket.expiresMs) throw new TicketError(CloseCode.ticket_expired, 'ticket has expired');
}
