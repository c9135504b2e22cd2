import { applyUpdate, Doc } from 'yjs';
import { type Box, unionBox } from '../board/camera';
import { measureText } from '../board/measure';
import { shapeBox } from '../board/scene';
import { Board } from '../core/board';
import { Chat } from '../core/chat';
import { ProtocolError } from '../core/errors';
import type { PageId, SessionId, ShapeId } from '../core/ids';
import { LIVE_LIMITS } from '../core/limits';
import { isStroke, type Page, type Shape, type StrokeShape } from '../core/shape';
import { Stage } from '../core/stage';
import { scanUpdate } from '../core/yupdate';
import { stepsUntil } from './replay';
import type { UpdateRecord } from './timeline';
import { LATE_MS, Writing } from './writing';

/** What one update did to the board, both ways. */
export interface JournalStep {
  readonly t_ms: number;
  readonly shapes: readonly ShapeChange[];
  readonly pagesBefore: readonly Page[] | null;
  readonly pagesAfter: readonly Page[] | null;
}

export interface ShapeChange {
  readonly id: ShapeId;
  readonly before: Shape | null;
  readonly after: Shape | null;
}

export interface ChatLine {
  readonly t_ms: number;
  readonly id: string;
  readonly session: SessionId;
  readonly text: string;
}

interface StageChange {
  readonly t_ms: number;
  readonly page: PageId;
}

interface Documents {
  readonly board: Doc;
  readonly stage: Doc;
  readonly chat: Doc;
}

const newDocuments = (): Documents => ({ board: new Doc(), stage: new Doc(), chat: new Doc() });

/**
 * Reads a lesson's updates once, in order, through the same `Board`, `Stage` and `Chat` as the classroom, and notes what
 * each changed. From these notes any moment is reached without the CRDT (see `BoardReplay`): a snapshot of 100,000
 * updates alone takes yjs longer to open than a seek may last.
 */
export class LessonJournal {
  /** Ordered by time. The same array for the journal's life; `reset` empties it. */
  readonly steps: JournalStep[] = [];
  readonly chat: ChatLine[] = [];
  readonly writing = new Writing();
  readonly firstPages: readonly Page[] = new Board(new Doc()).pages();
  readonly #stages: StageChange[] = [];
  readonly #extents = new Map<PageId, Box>();
  readonly #shapes = new Map<ShapeId, Shape>();
  #documents = newDocuments();
  #board = new Board(this.#documents.board);
  #stage = new Stage(this.#documents.stage);
  #chat = new Chat(this.#documents.chat);
  #changed: { shapes: ReadonlySet<ShapeId>; pages: boolean } | null = null;
  #pages: readonly Page[] = this.firstPages;
  #chatKnown = new Set<string>();
  #epoch_ms: number | null = null;
  #refused = 0;

  constructor() {
    this.#listen();
  }

  /** Updates that broke the rules of section P and were left out. */
  get refused(): number {
    return this.#refused;
  }

  /** Unix ms of room time 0: tells work that was done offline from work that arrived as it was done. */
  setEpoch(unix_ms: number): void {
    this.#epoch_ms = unix_ms;
  }

  /** Takes the next update. Times must not go back. */
  read(record: UpdateRecord): void {
    if (record.doc === 'desk') {
      return;
    }
    try {
      // Rule P1 once more: an archive may come from elsewhere, and hostile bytes must not reach the CRDT library.
      scanUpdate(record.update, LIVE_LIMITS);
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#refused += 1;
      return;
    }
    this.#changed = null;
    applyUpdate(this.#documents[record.doc], record.update);
    if (record.doc === 'board') {
      this.#noteBoard(record);
    } else if (record.doc === 'stage') {
      this.#noteStage(record.t_ms);
    } else {
      this.#noteChat(record.t_ms);
    }
  }

  reset(): void {
    this.steps.length = 0;
    this.chat.length = 0;
    this.#stages.length = 0;
    this.writing.clear();
    this.#extents.clear();
    this.#shapes.clear();
    this.#documents = newDocuments();
    this.#board = new Board(this.#documents.board);
    this.#stage = new Stage(this.#documents.stage);
    this.#chat = new Chat(this.#documents.chat);
    this.#pages = this.firstPages;
    this.#chatKnown = new Set();
    this.#refused = 0;
    this.#listen();
  }

  /** The page that the tutor had up at a moment. */
  pageAt(t_ms: number): PageId {
    const count = stepsUntil(this.#stages, t_ms);
    return this.#stages[count - 1]?.page ?? (this.firstPages[0] as Page).id;
  }

  /** All that was ever drawn on a page, so that the view can stand still while it fills. */
  extent(page: PageId): Box | null {
    return this.#extents.get(page) ?? null;
  }

  #listen(): void {
    this.#board.onChange((change) => {
      this.#changed = change;
    });
  }

  #noteBoard({ t_ms, authored_ms }: UpdateRecord): void {
    const changed = this.#changed;
    if (!changed) {
      return;
    }
    const shapes: ShapeChange[] = [];
    const fresh: StrokeShape[] = [];
    for (const id of changed.shapes) {
      const before = this.#shapes.get(id) ?? null;
      const after = this.#board.shape(id);
      if (before === null && after === null) {
        continue;
      }
      shapes.push({ id, before, after });
      if (after) {
        this.#shapes.set(id, after);
        this.#grow(after);
        if (!before && !after.erased && isStroke(after)) {
          fresh.push(after);
        }
      } else {
        this.#shapes.delete(id);
      }
    }
    const pagesBefore = this.#pages;
    this.#pages = changed.pages ? this.#board.pages() : pagesBefore;
    const hasPages = this.#pages !== pagesBefore;
    if (shapes.length > 0 || hasPages) {
      this.steps.push({
        t_ms,
        shapes,
        pagesBefore: hasPages ? pagesBefore : null,
        pagesAfter: hasPages ? this.#pages : null,
      });
    }
    const wasLate = this.#epoch_ms !== null && t_ms - (authored_ms - this.#epoch_ms) > LATE_MS;
    if (fresh.length > 0 && !wasLate) {
      this.writing.add(fresh.toSorted(byNumber), t_ms);
    }
  }

  #noteStage(t_ms: number): void {
    const { page } = this.#stage;
    if (page !== this.pageAt(Number.POSITIVE_INFINITY)) {
      this.#stages.push({ t_ms, page });
    }
  }

  #noteChat(t_ms: number): void {
    for (const { id, author, text } of this.#chat.messages()) {
      if (!this.#chatKnown.has(id)) {
        this.#chatKnown.add(id);
        this.chat.push({ t_ms, id, session: author, text });
      }
    }
  }

  #grow(shape: Shape): void {
    const box = shapeBox(shape, measureText);
    const known = this.#extents.get(shape.page) ?? null;
    const grown = unionBox(known, box);
    if (grown && Number.isFinite(grown.maxX - grown.minX) && Number.isFinite(grown.maxY - grown.minY)) {
      this.#extents.set(shape.page, grown);
    }
  }
}

/** Parts of one long stroke in the order in which the hand wrote them: their numbers count up (docs/board.md, "Ids"). */
function byNumber(a: StrokeShape, b: StrokeShape): number {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}
