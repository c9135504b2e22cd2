/** Tickets: who a session is and what it may do, signed by the school (protocol.md section T). */
import { type Bytes, decodeUtf8, encodeUtf8, parseBase64Url } from './bytes';
import { CloseCode, ProtocolError, TicketError } from './errors';
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
import { importPoint, type KeySet, type PublicKey, verifySignature } from './keys';
import { LIMITS } from './limits';

/** Clocks of school and relay may differ by this much at admission (T2). */
export const CLOCK_SLACK_MS = 120_000;

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
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** The compact form that it was read from. */
  readonly token: string;
}

const refused = (reason: string): TicketError => new TicketError(CloseCode.ticket_refused, reason);

function parseObject(part: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(parseBase64Url(part)));
  } catch {
    throw refused(`${what} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${what} is no object`);
  return value as Record<string, unknown>;
}

function text(claims: Record<string, unknown>, name: string, maxBytes: number): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '' || encodeUtf8(value).length > maxBytes) throw refused(`claim ${name}`);
  return value;
}

function whole(claims: Record<string, unknown>, name: string, max: number): number {
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) throw refused(`claim ${name}`);
  return value;
}

/** T1: form and signature. Says nothing of time or room: see checkAdmission. */
export async function readTicket(token: string, keys: KeySet): Promise<Ticket> {
  if (token.length > LIMITS.ticket_bytes) throw refused('ticket is too long');
  const [head, payload, signature, ...rest] = token.split('.');
  if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) throw refused('form');
  const header = parseObject(head, 'header');
  if (header.alg !== 'ES256' || header.typ !== 'chalkmesh-ticket' || 'crit' in header) throw refused('header');
  const school = typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
  if (school === undefined) throw new TicketError(CloseCode.ticket_foreign, 'signed by another school');
  try {
    const sig = parseBase64Url(signature);
    if (sig.length !== 64 || !(await verifySignature(school, sig, encodeUtf8(`${head}.${payload}`)))) {
      throw refused('signature');
    }
    return await readClaims(parseObject(payload, 'claims'), token);
  } catch (error) {
    if (error instanceof ProtocolError && !(error instanceof TicketError)) throw refused('malformed');
    throw error;
  }
}

async function readClaims(claims: Record<string, unknown>, token: string): Promise<Ticket> {
  if (claims.v !== 1) throw refused('version');
  const session = text(claims, 'sid', 16);
  const { role, caps } = claims;
  if (!isSessionId(session)) throw refused('claim sid');
  if (!isRole(role)) throw refused('claim role');
  if (!Array.isArray(caps) || !caps.every(isCapability)) throw refused('claim caps');
  const key = parseBase64Url(text(claims, 'key', 128));
  const issuedMs = whole(claims, 'iat', 1e11) * 1000;
  const expiresMs = whole(claims, 'exp', 1e11) * 1000;
  return {
    room: asRoomId(text(claims, 'room', 128)),
    user: asUserId(text(claims, 'sub', 64)),
    name: text(claims, 'name', 256),
    role,
    caps: new Set(caps),
    session,
    client: whole(claims, 'cid', LIMITS.update.client),
    key,
    publicKey: await importPoint(key),
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
