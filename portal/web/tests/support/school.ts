/** A school that signs tickets, and participants with keys of their own. */
import { encodeUtf8, formatBase64Url } from '../../src/core/bytes';
import type { Envelope } from '../../src/core/envelope';
import { asRoomId, asSessionId, asUserId, type Capability, type Role, type SessionId } from '../../src/core/ids';
import { type KeySet, SessionKey } from '../../src/core/keys';
import { Replica, type ReplicaHooks } from '../../src/core/replica';
import type { Ticket } from '../../src/core/ticket';

export const ROOM = asRoomId('lesson-1');
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export interface Claims {
  readonly session: SessionId;
  readonly client: number;
  readonly user: string;
  readonly role: Role;
  readonly caps: readonly Capability[];
  readonly iat: number;
  readonly exp: number;
  readonly colour: number;
}

export class School {
  /** By user, in the order of first tickets. */
  private readonly colours = new Map<string, number>();

  private constructor(
    private readonly pair: CryptoKeyPair,
    readonly keys: KeySet,
    readonly jwks: unknown,
  ) {}

  static async open(): Promise<School> {
    const pair = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    const jwks = { keys: [{ kty, crv, x, y, kid: 'k1', alg: 'ES256', use: 'sig' }] };
    return new School(pair, new Map([['k1', pair.publicKey]]), jwks);
  }

  colourOf(user: string): number {
    const number = this.colours.get(user) ?? this.colours.size;
    this.colours.set(user, number);
    return number;
  }

  async issue(
    key: Pick<SessionKey, 'point'>,
    claims: Partial<Claims> & Pick<Claims, 'session' | 'client'>,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { session, client, user = 'anna', role = 'student', iat = now, exp = now + 300 } = claims;
    const caps = claims.caps ?? ['board', 'stage', 'chat', 'media', 'presence', 'desk'];
    const payload = {
      v: 1,
      room: ROOM,
      sub: user,
      name: `Name of ${user}`,
      role,
      caps,
      sid: session,
      cid: client,
      key: formatBase64Url(key.point),
      iat,
      exp,
      ...(claims.colour === undefined ? {} : { colour: claims.colour }),
    };
    return this.signed('chalkmesh-ticket', payload);
  }

  /** T5: either sessions or a user. */
  revoke(whom: { sids: readonly SessionId[] } | { sub: string }, room: string = ROOM): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    return this.signed('chalkmesh-revocation', { v: 1, room, iat, reason: 'removed', ...whom });
  }

  private async signed(typ: string, payload: object): Promise<string> {
    const part = (value: object): string => formatBase64Url(encodeUtf8(JSON.stringify(value)));
    const text = `${part({ alg: 'ES256', typ, kid: 'k1' })}.${part(payload)}`;
    const sig = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.pair.privateKey, encodeUtf8(text));
    return `${text}.${formatBase64Url(new Uint8Array(sig))}`;
  }
}

export interface Member {
  readonly replica: Replica;
  readonly ticket: Ticket;
  readonly token: string;
  readonly sent: Envelope[];
  readonly sign: SessionKey['sign'];
  readonly flush: () => Promise<readonly Envelope[]>;
}

export const sessionOf = (n: number): SessionId => asSessionId(n.toString(16).padStart(16, '0'));
export const NOW = 1_790_000_000_000;

/** A replica with a ticket of its own; `sent` collects what it authored. */
export async function member(
  school: School,
  n: number,
  claims: Partial<Claims> = {},
  hooks: Partial<ReplicaHooks> = {},
): Promise<Member> {
  const key = await SessionKey.generate();
  const token = await school.issue(key, { session: sessionOf(n), client: 1000 + n, user: `user${n}`, ...claims });
  const sent: Envelope[] = [];
  const replica = new Replica(ROOM, 1000 + n, school.keys, {
    persist: async () => {},
    authored: (envelope) => void sent.push(envelope),
    edited: () => {},
    numbered: () => {},
    ...hooks,
  });
  const { ticket } = await replica.admitTicket(token, NOW);
  replica.setOwn({ ticket, sign: key.sign });
  const flush = async (): Promise<readonly Envelope[]> => {
    const from = sent.length;
    await replica.flushLocal(NOW);
    return sent.slice(from);
  };
  return { replica, ticket, token, sent, sign: key.sign, flush };
}

export const user = asUserId;
