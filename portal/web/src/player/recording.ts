import { contentOf } from './content';
import { Cursors } from './cursors';
import { LessonJournal } from './journal';
import type { EventRecord, SessionRecord, TimelineRecord, UpdateRecord } from './timeline';

/** Who a session was: names and roles come from tickets, never from what a client claims. */
export interface Speaker {
  readonly user: string;
  readonly name: string;
  readonly role: string;
}

interface HandChange {
  readonly t_ms: number;
  readonly session: string;
  readonly up: boolean;
}

/** Updates read in one go before the page gets its turn again. */
const BATCH = 16;

/**
 * All that a timeline says, ordered and ready to be looked up by time. Records come in any chunks; `work` reads the
 * updates among them into the journal a few milliseconds at a time, so that playback begins before the end is there.
 */
export class Recording {
  readonly sessions = new Map<string, Speaker>();
  readonly cursors = new Cursors();
  readonly journal = new LessonJournal();
  readonly #updates: UpdateRecord[] = [];
  /** Desks are not shown in the player, and take part in comparisons only. */
  readonly #desks: UpdateRecord[] = [];
  readonly #hands: HandChange[] = [];
  /** Updates read into the journal. */
  #read = 0;
  #latest_ms = 0;
  #isComplete = false;

  get updates(): number {
    return this.#updates.length;
  }

  /** Room time of the newest record. */
  get latest_ms(): number {
    return this.#latest_ms;
  }

  /** Every record is there and read up to this room time; infinite once the whole timeline is. */
  get readUntil_ms(): number {
    const next = this.#updates[this.#read];
    if (next) {
      return next.t_ms - 1;
    }
    return this.#isComplete ? Number.POSITIVE_INFINITY : this.#latest_ms;
  }

  /** The stream that is being read has ended; what comes now is what is recorded from here on. */
  complete(): void {
    this.#isComplete = true;
  }

  /** Returns true when something came that lies before what was already read: the journal begins anew. */
  add(records: readonly TimelineRecord[]): boolean {
    let isBackFill = false;
    for (const record of records) {
      this.#latest_ms = Math.max(this.#latest_ms, record.t_ms);
      switch (record.kind) {
        case 'update':
          isBackFill = this.#addUpdate(record) || isBackFill;
          break;
        case 'cursor':
          this.cursors.add(record);
          break;
        case 'event':
          this.#addEvent(record);
          break;
        case 'session':
          this.#addSession(record);
          break;
      }
    }
    if (isBackFill) {
      this.#read = 0;
      this.journal.reset();
    }
    return isBackFill;
  }

  /** Reads updates for about `budget_ms`; `now` is a steady clock. Returns whether all are read. */
  work(budget_ms: number, now: () => number): boolean {
    const until = now() + budget_ms;
    while (this.#read < this.#updates.length) {
      const batch = this.#updates.slice(this.#read, this.#read + BATCH);
      for (const update of batch) {
        this.journal.read(update);
      }
      this.#read += batch.length;
      if (now() >= until) {
        break;
      }
    }
    return this.#read >= this.#updates.length;
  }

  /** Sessions whose hand is up at a moment. */
  handsAt(t_ms: number): ReadonlySet<string> {
    const up = new Set<string>();
    for (const hand of this.#hands) {
      if (hand.t_ms > t_ms) {
        break;
      }
      if (hand.up) {
        up.add(hand.session);
      } else {
        up.delete(hand.session);
      }
    }
    return up;
  }

  /** All documents as they were at a moment, as canonical JSON: for comparing, not for playing. */
  contentAt(t_ms: number): string {
    return contentOf([...this.#updates, ...this.#desks].filter((update) => update.t_ms <= t_ms));
  }

  #addUpdate(record: UpdateRecord): boolean {
    if (record.doc === 'desk') {
      this.#desks.push(record);
      return false;
    }
    const at = placeOf(this.#updates, record.t_ms);
    this.#updates.splice(at, 0, record);
    return at < this.#read;
  }

  #addEvent(record: EventRecord): void {
    if ((record.name === 'hand' || record.name === 'leave') && record.session) {
      const up = record.name === 'hand' && record.data.up === true;
      this.#hands.splice(placeOf(this.#hands, record.t_ms), 0, { t_ms: record.t_ms, session: record.session, up });
    }
  }

  #addSession({ session, user, name, role }: SessionRecord): void {
    this.sessions.set(session, { user, name, role });
  }
}

/** Where a record of a time belongs, after all of the same time. Nearly always at the end. */
function placeOf(list: readonly { readonly t_ms: number }[], t_ms: number): number {
  let at = list.length;
  while (at > 0 && (list[at - 1]?.t_ms ?? 0) > t_ms) {
    at -= 1;
  }
  return at;
}
