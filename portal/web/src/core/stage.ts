/** What the tutor sets for everybody: the lesson's state and the page to look at (board.md). */
import things from '@spec/things.json';
import type { Doc, Map as YMap } from 'yjs';
import { edit } from './edit';
import { NotWritable } from './errors';
import { MAIN_PAGE, type PageId, type SessionId, type UserId } from './ids';

export type StageState = 'waiting' | 'live' | 'ended';
const HELD = 'held/';
const DESK = 'desk';
const STAR = 'star';
const SPOT = 'spot';
const FARTHEST = things.farthest;
const LONGEST_USER = 64;
const SESSION = /^[0-9a-f]{16}$/;
const STATES: readonly unknown[] = ['waiting', 'live', 'ended'] satisfies StageState[];

/** A part of a page that everybody is to look at, board px. */
export interface Spot {
  readonly page: PageId;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface StageFields {
  readonly state?: StageState;
  readonly page?: PageId;
  readonly startedMs?: number;
  readonly lead?: SessionId | '';
}

export class Stage {
  private readonly root: YMap<unknown>;
  writable = false;

  constructor(private readonly doc: Doc) {
    this.root = doc.getMap('stage');
  }

  get state(): StageState {
    const value = this.root.get('state');
    return STATES.includes(value) ? (value as StageState) : 'waiting';
  }

  /** The tutor's page. */
  get page(): PageId {
    const value = this.root.get('page');
    return typeof value === 'string' && value !== '' ? (value as PageId) : MAIN_PAGE;
  }

  get startedMs(): number | null {
    const value = this.root.get('started_ms');
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  /** Whose view everybody follows; '' when everybody looks where they like. */
  get lead(): SessionId | '' {
    const value = this.root.get('lead');
    return typeof value === 'string' && SESSION.test(value) ? (value as SessionId) : '';
  }

  /** Whether somebody only watches for now: they keep to it on every page, and after coming back. */
  isHeld(user: UserId): boolean {
    return this.root.get(HELD + user) === true;
  }

  /** Everybody who only watches for now (P10). */
  get held(): ReadonlySet<UserId> {
    const keys = [...this.root].filter(([key, value]) => key.startsWith(HELD) && value === true);
    return new Set(keys.map(([key]) => key.slice(HELD.length) as UserId));
  }

  /** Whose desk is shown to everybody (D4). */
  get shownDesk(): UserId | null {
    return this.user(DESK);
  }

  showDesk(user: UserId | null): void {
    this.setUser(DESK, user);
  }

  /** Whom everybody sees large. */
  get star(): UserId | null {
    return this.user(STAR);
  }

  showStar(user: UserId | null): void {
    this.setUser(STAR, user);
  }

  /** Where everybody is to look; null where they like. */
  get spot(): Spot | null {
    const value = this.root.get(SPOT);
    if (typeof value !== 'object' || value === null) return null;
    const { page, x, y, w, h } = value as Record<string, unknown>;
    const numbers = [x, y, w, h].flatMap((each) =>
      typeof each === 'number' && Math.abs(each) <= FARTHEST ? each : [],
    );
    const [left, top, width, height] = numbers;
    if (left === undefined || top === undefined || width === undefined || height === undefined) return null;
    if (typeof page !== 'string' || page === '' || Math.min(width, height) <= 0) return null;
    return { page: page as PageId, x: left, y: top, w: width, h: height };
  }

  showSpot(spot: Spot | null): void {
    if (!this.writable) throw new NotWritable('the stage is read-only');
    edit(this.doc, true, () => this.root.set(SPOT, spot === null ? '' : { ...spot }));
  }

  private user(key: string): UserId | null {
    const value = this.root.get(key);
    const isUser = typeof value === 'string' && value !== '' && new TextEncoder().encode(value).length <= LONGEST_USER;
    return isUser ? (value as UserId) : null;
  }

  private setUser(key: string, user: UserId | null): void {
    if (!this.writable) throw new NotWritable('the stage is read-only');
    if (this.user(key) !== user) edit(this.doc, true, () => this.root.set(key, user ?? ''));
  }

  hold(user: UserId, isHeld: boolean): void {
    if (!this.writable) throw new NotWritable('the stage is read-only');
    if (this.isHeld(user) !== isHeld) edit(this.doc, true, () => this.root.set(HELD + user, isHeld));
  }

  /** Staff only: others' envelopes would be refused (P7). */
  set(fields: StageFields): void {
    if (!this.writable) throw new NotWritable('the stage is read-only');
    edit(this.doc, true, () => {
      if (fields.state !== undefined && fields.state !== this.state) this.root.set('state', fields.state);
      if (fields.page !== undefined && fields.page !== this.page) this.root.set('page', fields.page);
      if (fields.lead !== undefined && fields.lead !== this.lead) this.root.set('lead', fields.lead);
      if (fields.startedMs !== undefined) this.root.set('started_ms', fields.startedMs);
    });
  }

  onChange(listener: () => void): () => void {
    this.root.observe(listener);
    return () => this.root.unobserve(listener);
  }
}
