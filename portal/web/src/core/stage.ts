/** What the tutor sets for everybody: the lesson's state and the page to look at (board.md). */
import type { Doc, Map as YMap } from 'yjs';
import { edit } from './edit';
import { NotWritable } from './errors';
import { MAIN_PAGE, type PageId } from './ids';

export type StageState = 'waiting' | 'live' | 'ended';
const STATES: readonly unknown[] = ['waiting', 'live', 'ended'] satisfies StageState[];

export interface StageFields {
  readonly state?: StageState;
  readonly page?: PageId;
  readonly startedMs?: number;
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

  /** Staff only: others' envelopes would be refused (P7). */
  set(fields: StageFields): void {
    if (!this.writable) throw new NotWritable('the stage is read-only');
    edit(this.doc, true, () => {
      if (fields.state !== undefined && fields.state !== this.state) this.root.set('state', fields.state);
      if (fields.page !== undefined && fields.page !== this.page) this.root.set('page', fields.page);
      if (fields.startedMs !== undefined) this.root.set('started_ms', fields.startedMs);
    });
  }

  onChange(listener: () => void): () => void {
    this.root.observe(listener);
    return () => this.root.unobserve(listener);
  }
}
