/** Compact tokens that the school signs (protocol.md T1, T5): ES256, a type of their own, a key of the key set. */
import { decodeUtf8, encodeUtf8, parseBase64Url } from './bytes';
import { CloseCode, ProtocolError, TicketError } from './errors';
import { type KeySet, verifySignature } from './keys';
import { LIMITS } from './limits';

export type Claims = Readonly<Record<string, unknown>>;

export const refusedToken = (reason: string): TicketError => new TicketError(CloseCode.ticket_refused, reason);

function parseObject(part: string, what: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(parseBase64Url(part)));
  } catch {
    throw refusedToken(`${what} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusedToken(`${what} is no object`);
  return value as Claims;
}

export function textClaim(claims: Claims, name: string, maxBytes: number): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw refusedToken(`claim ${name}`);
  const bytes = encodeUtf8(value);
  // A lone surrogate, which UTF-8 cannot write, is no text.
  if (bytes.length > maxBytes || decodeUtf8(bytes) !== value) throw refusedToken(`claim ${name}`);
  return value;
}

export function wholeClaim(claims: Claims, name: string, max: number): number {
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw refusedToken(`claim ${name}`);
  }
  return value;
}

/** Form, type and signature. Raises TicketError: 4403 when no key of the school has its kid, otherwise 4401. */
export async function readClaims<T>(
  token: string,
  kind: string,
  keys: KeySet,
  read: (claims: Claims) => T | Promise<T>,
): Promise<T> {
  if (token.length > LIMITS.ticket_bytes) throw refusedToken('token is too long');
  const [head, payload, signature, ...rest] = token.split('.');
  if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    throw refusedToken('form');
  }
  const header = parseObject(head, 'header');
  if (header.alg !== 'ES256' || header.typ !== kind || 'crit' in header) throw refusedToken('header');
  const school = typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
  if (school === undefined) throw new TicketError(CloseCode.ticket_foreign, 'signed by another school');
  try {
    const sig = parseBase64Url(signature);
    if (sig.length !== 64 || !(await verifySignature(school, sig, encodeUtf8(`${head}.${payload}`)))) {
      throw refusedToken('signature');
    }
    return await read(parseObject(payload, 'claims'));
  } catch (error) {
    if (error instanceof ProtocolError && !(error instanceof TicketError)) throw refusedToken('malformed');
    throw error;
  }
}
