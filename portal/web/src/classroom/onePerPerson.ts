/** Who is in the list, and by which of their pages. */

import type { SessionId, UserId } from '../core/ids';
import type { Participant } from './room';

/**
 * One entry a person, whatever they have open: a page that was loaded again leaves its old session behind until the
 * links notice, and a lesson may be open in two tabs. Shown is this page, or else one that is reachable and newest.
 */
export function onePerPerson(people: readonly Participant[], away: ReadonlySet<SessionId>): Participant[] {
  const shown = new Map<UserId, Participant>();
  const raised = new Map<UserId, number | null>();
  for (const person of people) {
    const rival = shown.get(person.user);
    if (rival === undefined || isShownBefore(person, rival, away)) {
      shown.set(person.user, person);
    }
    if (person.presence.hand && !away.has(person.session)) {
      raised.set(person.user, person.presence.handMs);
    }
  }
  return [...shown.values()].map((person) =>
    raised.has(person.user) && !person.presence.hand
      ? { ...person, presence: { ...person.presence, hand: true, handMs: raised.get(person.user) ?? null } }
      : person,
  );
}

function isShownBefore(one: Participant, other: Participant, away: ReadonlySet<SessionId>): boolean {
  const rank = (person: Participant): number => (person.isMe ? 2 : away.has(person.session) ? 0 : 1);
  return rank(one) - rank(other) > 0 || (rank(one) === rank(other) && one.joinedMs > other.joinedMs);
}
