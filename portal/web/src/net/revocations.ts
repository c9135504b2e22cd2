/**
 * Who was put out of the room (protocol.md T5, S8).
 *
 * A revocation that the school signed counts whoever brings it: the relay, a direct link, or this page, which asked for
 * it. Each page hands it on once, so that it reaches everybody over the mesh while there is no relay.
 */
import { CloseCode, TicketError } from '../core/errors';
import type { SessionId } from '../core/ids';
import type { Message } from '../core/messages';
import type { Replica } from '../core/replica';

export interface RevocationHooks {
  readonly toRelay: (message: Message) => void;
  readonly toLinks: (message: Message) => void;
  /** Out of the mesh and out of the room. */
  readonly out: (session: SessionId) => void;
  /** What came on this link nobody sends in good faith (W6). */
  readonly breach: (from: SessionId) => void;
}

export class RevocationDesk {
  constructor(
    private readonly replica: Replica,
    private readonly hooks: RevocationHooks,
  ) {}

  /** Returns whom it puts out, nobody when it is known. Rejects with TicketError for one that the school did not sign. */
  async honour(token: string): Promise<readonly SessionId[]> {
    const sessions = await this.replica.revokeBy(token);
    if (sessions === null) return [];
    const message: Message = { type: 'REVOCATION', token };
    this.hooks.toLinks(message);
    this.hooks.toRelay(message);
    for (const session of sessions) this.hooks.out(session);
    return sessions;
  }

  /**
   * One that somebody else brought. A forged one closes its link; one of another school or room is passed over, since
   * the school's key set may have changed since we got ours. Not even the relay's word replaces the signature.
   */
  async brought(from: SessionId | 'relay', token: string): Promise<void> {
    try {
      await this.honour(token);
    } catch (error) {
      if (!(error instanceof TicketError)) throw error;
      if (error.code === CloseCode.ticket_refused && from !== 'relay') this.hooks.breach(from);
    }
  }

  /** The relay's own decision (E5), ours alone to act on, since nobody has signed it. */
  frozen(sessions: readonly SessionId[]): void {
    for (const session of sessions) {
      if (this.replica.isRevoked(session)) continue;
      this.replica.revoke(session);
      this.hooks.out(session);
    }
  }

  /** What the relay does not name: it may have been away when we learned of it. */
  tellRelay(known: readonly string[]): void {
    for (const token of this.replica.revocationTokens) {
      if (!known.includes(token)) this.hooks.toRelay({ type: 'REVOCATION', token });
    }
  }
}
