/** What came of an envelope. */
import type { Envelope } from './envelope';
import type { SessionId } from './ids';
import type { ParkReason } from './park';

export type ReplicaEvent =
  | { readonly kind: 'applied'; readonly envelope: Envelope }
  | { readonly kind: 'duplicate'; readonly envelope: Envelope }
  | { readonly kind: 'parked'; readonly envelope: Envelope; readonly reason: ParkReason }
  | { readonly kind: 'dropped'; readonly envelope: Envelope }
  | { readonly kind: 'refused'; readonly envelope: Envelope; readonly code: number; readonly rule: string }
  | { readonly kind: 'equivocation'; readonly session: SessionId; readonly a: Envelope | null; readonly b: Envelope };

export const refused = (envelope: Envelope, code: number, rule: string): ReplicaEvent => ({
  kind: 'refused',
  envelope,
  code,
  rule,
});
