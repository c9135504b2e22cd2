/**
 * What others did while this page was cut off from everybody. Pure: the clock and the state of the lines are handed in.
 *
 * While it is away nothing arrives, so all that comes in the moments after its return and was not made after it counts.
 * A laptop that was closed has a clock that jumps: that is being away, too.
 */

import type { BoardChange } from '../core/board';
import { type PageId, parseItemId, type SessionId, type ShapeId, shapeAuthor, type UserId } from '../core/ids';
import type { Page, Shape } from '../core/shape';
import { listed, t, tn } from '../ui/i18n';

/** The part of a board that is looked at. */
export interface AwayBoard {
  pages(): readonly Pick<Page, 'id'>[];
  shapes(page: PageId): readonly Pick<Shape, 'id'>[];
  shape(id: ShapeId): Pick<Shape, 'page' | 'createdMs' | 'erased' | 'type'> | null;
}

export interface AwayPerson {
  readonly user: UserId;
  readonly name: string;
}

export interface AwaySummary {
  readonly awayMs: number;
  /** Who added how much, most first. */
  readonly people: readonly { readonly name: string; readonly added: number }[];
  /** All that was added is ink. */
  readonly isInk: boolean;
  readonly erased: number;
  readonly newPages: number;
  /** What was added, by page, most first. */
  readonly pages: readonly { readonly page: PageId; readonly ids: readonly ShapeId[] }[];
}

/** A gap shorter than this is nobody's absence: what came meanwhile is simply seen to come. */
const AWAY_MS = 10_000;
/** A line that goes dark is believed to hold for up to this long (LIMITS.socket_silence_ms). */
const UNNOTICED_MS = 8_000;
/** Less than this between two beats is a slow page, not a line that was lost. */
const NOTICED_MS = 2_000;
/** How long after the return, or after the relay said that it has told all, things still count. */
const CATCH_UP_MS = 8_000;
/** Clocks of a room agree to this. */
const CLOCKS_MS = 1_000;

interface Window {
  readonly sinceMs: number;
  readonly backMs: number;
  readonly known: ReadonlySet<ShapeId>;
  readonly knownPages: ReadonlySet<PageId>;
  untilMs: number;
}

export class AwayWatch {
  private touchMs: number | null;
  private heardMs: number | null = null;
  private window: Window | null = null;
  private readonly added = new Map<ShapeId, { readonly page: PageId; readonly author: SessionId | null }>();
  private readonly gone = new Set<ShapeId>();
  private readonly addedPages = new Set<PageId>();
  private awayMs = 0;
  private isInk = true;
  private isNews = false;

  /** `lastTouchMs`: when this device was last in touch with the room, in an earlier page; null: never. */
  constructor(
    private readonly board: AwayBoard,
    private readonly person: (session: SessionId) => AwayPerson | null,
    private readonly me: UserId,
    lastTouchMs: number | null,
  ) {
    this.touchMs = lastTouchMs;
  }

  /** Something of somebody came in. */
  heard(nowMs: number): void {
    this.heardMs = nowMs;
  }

  /** Often, and whenever the lines changed. `inTouch`: the relay or anybody is reached, as far as this page knows. */
  beat(nowMs: number, inTouch: boolean): void {
    if (!inTouch) return;
    if (this.touchMs !== null && nowMs - this.touchMs >= NOTICED_MS) {
      const quietMs = Math.max(this.touchMs - UNNOTICED_MS, Math.min(this.touchMs, this.heardMs ?? this.touchMs));
      if (nowMs - quietMs >= AWAY_MS) this.returned(quietMs, nowMs);
    }
    this.touchMs = nowMs;
  }

  /** The relay has told all that it has. */
  synced(nowMs: number): void {
    if (this.window !== null) this.window.untilMs = Math.max(this.window.untilMs, nowMs + CATCH_UP_MS);
  }

  private returned(sinceMs: number, backMs: number): void {
    const known = new Set<ShapeId>();
    const pages = this.board.pages().map(({ id }) => id);
    for (const page of pages) for (const { id } of this.board.shapes(page)) known.add(id);
    this.window = { sinceMs, backMs, known, knownPages: new Set(pages), untilMs: backMs + CATCH_UP_MS };
    this.awayMs = backMs - sinceMs;
  }

  changed(change: BoardChange, nowMs: number): void {
    const { window } = this;
    if (window === null || change.local || nowMs > window.untilMs) return;
    for (const id of change.shapes) this.isNews = this.note(id, window) || this.isNews;
    if (change.pages) this.isNews = this.notePages(window) || this.isNews;
  }

  /** Whether `summary` changed since this was last asked: a catch-up comes in thousands of changes. */
  takeNews(): boolean {
    const { isNews } = this;
    this.isNews = false;
    return isNews;
  }

  private isMine(session: SessionId | null): boolean {
    return session !== null && this.person(session)?.user === this.me;
  }

  private note(id: ShapeId, window: Window): boolean {
    const shape = this.board.shape(id);
    const author = shapeAuthor(id);
    if (shape === null || shape.erased) {
      this.added.delete(id);
      if (!window.known.has(id) || this.gone.has(id)) return false;
      this.gone.add(id);
      return true;
    }
    const isOlder = shape.createdMs <= window.backMs + CLOCKS_MS;
    if (window.known.has(id) || this.added.has(id) || !isOlder || this.isMine(author)) return false;
    this.added.set(id, { page: shape.page, author });
    this.isInk &&= shape.type !== 'text';
    return true;
  }

  private notePages(window: Window): boolean {
    const before = this.addedPages.size;
    for (const { id } of this.board.pages()) {
      const author = parseItemId(id)?.session ?? null;
      if (author !== null && !window.knownPages.has(id) && !this.isMine(author)) this.addedPages.add(id);
    }
    return this.addedPages.size > before;
  }

  /** Null: nothing to tell. */
  get summary(): AwaySummary | null {
    if (this.added.size + this.gone.size + this.addedPages.size === 0) return null;
    const people = new Map<string, { name: string; added: number }>();
    const pages = new Map<PageId, ShapeId[]>();
    for (const [id, { page, author }] of this.added) {
      const person = author === null ? null : this.person(author);
      const entry = people.get(person?.user ?? '') ?? { name: person?.name ?? t('Someone'), added: 0 };
      entry.added += 1;
      people.set(person?.user ?? '', entry);
      const ids = pages.get(page);
      if (ids === undefined) pages.set(page, [id]);
      else ids.push(id);
    }
    return {
      awayMs: this.awayMs,
      people: [...people.values()].sort((a, b) => b.added - a.added),
      isInk: this.isInk,
      erased: this.gone.size,
      newPages: this.addedPages.size,
      pages: [...pages].map(([page, ids]) => ({ page, ids })).sort((a, b) => b.ids.length - a.ids.length),
    };
  }

  /** The person knows. */
  dismiss(): void {
    this.window = null;
    this.added.clear();
    this.gone.clear();
    this.addedPages.clear();
    this.isInk = true;
  }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return tn(seconds, '{n} second', '{n} seconds');
  const minutes = Math.round(seconds / 60);
  return minutes < 90
    ? tn(minutes, '{n} minute', '{n} minutes')
    : tn(Math.round(minutes / 60), '{n} hour', '{n} hours');
}

const NAMED = 3;

/** "While you were away for 25 seconds, Maya Torres added 12 strokes and Leo Novak 3, on 2 pages." */
export function awayWords(summary: AwaySummary): string {
  const { people, isInk, erased, newPages, pages, awayMs } = summary;
  const rest = people.slice(NAMED).reduce((sum, { added }) => sum + added, 0);
  const who = people.slice(0, NAMED).map(({ name, added }, i) => {
    if (i > 0) return `${name} ${added}`;
    return isInk
      ? tn(added, '{name} added {n} stroke', '{name} added {n} strokes', { name })
      : tn(added, '{name} added {n} thing', '{name} added {n} things', { name });
  });
  if (rest > 0) who.push(t('others {n}', { n: rest }));
  const parts: string[] = [];
  if (who.length > 0) {
    const [all, n] = [listed(who), pages.length];
    parts.push(
      n < 2
        ? all
        : who.length > 1
          ? t('{who}, on {n} pages', { who: all, n })
          : t('{who} on {n} pages', { who: all, n }),
    );
  }
  if (newPages > 0) parts.push(tn(newPages, '{n} page is new', '{n} pages are new'));
  if (erased > 0) parts.push(tn(erased, '{n} was erased', '{n} were erased'));
  return t('While you were away for {duration}, {what}.', { duration: duration(awayMs), what: parts.join('; ') });
}
