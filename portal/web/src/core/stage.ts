/** What the tutor sets for everybody: the lesson's state and the page to look at (board.md). */
import type { Doc, Map as YMap } from 'yjs';
import { edit } from './edit';
import { NotWritable } from './errors';
import { MAIN_PAGE, type PageId, type SessionId, type UserId } from './ids';

export type StageState = 'waiting' | 'live' | 'ended';
const HELD = 'held/';
const SESSION = /^[0-9a-f]{16}$/;
const STATES: readonly unknown[] = ['waiting', 'live', 'ended'] satisfies StageState[];

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
