/** Who is kept from the board for now (P10), and whose desk all may read (D4): what the staff said on the stage. */
import type { Doc } from 'yjs';
import { type DocRef, isStaff, type UserId } from './ids';
import { LIMITS } from './limits';
import { Stage } from './stage';
import type { Ticket } from './ticket';

/** What a replica has read of its stage document. To be read again whenever that has changed. */
export class Holds {
  private sinceMs: ReadonlyMap<UserId, number> = new Map();
  shownDesk: UserId | null = null;

  /** Takes over what the stage says; true if somebody was let go. */
  read(stage: Doc, nowMs: number): boolean {
    const view = new Stage(stage);
    const { held } = view;
    const freed = [...this.sinceMs.keys()].some((user) => !held.has(user));
    this.sinceMs = new Map([...held].map((user) => [user, this.sinceMs.get(user) ?? nowMs]));
    this.shownDesk = view.shownDesk;
    return freed;
  }

  /** Whether an envelope of that session has to wait. What was under way when the hold came still counts. */
  keepsOut(ticket: Pick<Ticket, 'user' | 'role'> | undefined, doc: DocRef, nowMs: number): boolean {
    const sinceMs = ticket === undefined ? undefined : this.sinceMs.get(ticket.user as UserId);
    if (ticket === undefined || sinceMs === undefined || doc.kind !== 'board' || isStaff(ticket.role)) return false;
    return nowMs - sinceMs >= LIMITS.hold_grace_ms;
  }
}
