/** The lesson's board as the recorder keeps it, cut into moments that a person can tell apart. */

import type { PageId, SessionId } from '../../core/ids';
import type { Shape } from '../../core/shape';
import { LessonJournal } from '../../player/journal';
import { BoardReplay } from '../../player/replay';
import { readTimeline, type TimelineRecord, type UpdateRecord } from '../../player/timeline';
import { t } from '../../ui/i18n';

/** After a rest this long, or after so much of it, what is drawn belongs to another moment. Room time, ms. */
const REST_MS = 15_000;
const LONGEST_MS = 60_000;
const MOST_MOMENTS = 200;
/** So many shapes gone at once end a moment before they go: what was there can be brought back. */
const MANY_GONE = 3;

export interface Moment {
  /** Room time, ms: after the last edit of the moment. */
  readonly t_ms: number;
  readonly edits: number;
  /** Names of those who edited, in the order in which they began. */
  readonly names: readonly string[];
}

export interface VersionAuthor {
  readonly user: string;
  readonly name: string;
  readonly sessions: ReadonlySet<SessionId>;
}

interface Edit {
  readonly t_ms: number;
  readonly session: string;
}

const isGone = (before: Shape | null, after: Shape | null): boolean =>
  before?.erased === false && after?.erased !== false;

export class Versions {
  private readonly journal = new LessonJournal();
  private readonly people = new Map<string, { user: string; name: string }>();
  /** Who made each step of the journal. */
  private readonly edits: Edit[] = [];
  readonly replay = new BoardReplay(this.journal.steps, this.journal.firstPages);

  static async read(stream: ReadableStream<Uint8Array>): Promise<Versions> {
    const records: TimelineRecord[] = [];
    await readTimeline(stream, (more) => {
      records.push(...more);
    });
    return Versions.of(records);
  }

  static of(records: readonly TimelineRecord[]): Versions {
    const versions = new Versions();
    for (const record of records) {
      if (record.kind === 'session') {
        versions.people.set(record.session, { user: record.user, name: record.name });
      }
    }
    // What was brought late stands late in the stream and early in time.
    const updates = records.filter((record) => record.kind === 'update').sort((a, b) => a.t_ms - b.t_ms);
    for (const record of updates) {
      versions.take(record);
    }
    return versions;
  }

  private take(record: UpdateRecord): void {
    const before = this.journal.steps.length;
    this.journal.read(record);
    for (let step = before; step < this.journal.steps.length; step += 1) {
      this.edits.push({ t_ms: record.t_ms, session: record.session });
    }
  }

  /** Of a page, newest first. */
  moments(page: PageId): readonly Moment[] {
    const moments: { first_ms: number; t_ms: number; edits: number; names: Set<string> }[] = [];
    for (const [at, { t_ms, session }] of this.edits.entries()) {
      const step = this.journal.steps[at];
      if (!step?.shapes.some(({ before, after }) => (after ?? before)?.page === page)) {
        continue;
      }
      let last = moments.at(-1);
      const gone = step.shapes.filter(({ before, after }) => before?.page === page && isGone(before, after)).length;
      if (!last || gone >= MANY_GONE || t_ms - last.t_ms > REST_MS || t_ms - last.first_ms > LONGEST_MS) {
        last = { first_ms: t_ms, t_ms, edits: 0, names: new Set() };
        moments.push(last);
      }
      last.t_ms = t_ms;
      last.edits += 1;
      last.names.add(this.people.get(session)?.name ?? t('Somebody'));
    }
    return moments
      .slice(-MOST_MOMENTS)
      .map(({ t_ms, edits, names }) => ({ t_ms, edits, names: [...names] }))
      .reverse();
  }

  /** Whose these shapes are. */
  authors(shapes: readonly Shape[]): readonly VersionAuthor[] {
    const present = new Set(shapes.map(({ author }) => this.people.get(author)?.user));
    const authors = new Map<string, { user: string; name: string; sessions: Set<SessionId> }>();
    for (const [session, { user, name }] of this.people) {
      if (present.has(user)) {
        const author = authors.get(user) ?? { user, name, sessions: new Set() };
        author.sessions.add(session as SessionId);
        authors.set(user, author);
      }
    }
    return [...authors.values()];
  }

  /** The shapes of a page at a moment. `replay` shows that moment afterwards. */
  at(t_ms: number, page: PageId): readonly Shape[] {
    this.replay.goTo(t_ms);
    return this.replay.shapes(page);
  }
}
