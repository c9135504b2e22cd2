/** The whiteboard document: typed reading, edits, change events (board.md). */
import { type AbstractType, type Doc, type Transaction, type YEvent, Map as YMap, Text as YText } from 'yjs';
import { Followers, withEnds } from './arrows';
import { edit, isLocal } from './edit';
import { NotWritable } from './errors';
import { formatItemId, MAIN_PAGE, type PageId, parseItemId, type SessionId, type ShapeId } from './ids';
import { encodeInk, type InkPoint, splitStroke } from './ink';
import { indexBefore, indexBetween, PageIndex } from './pageindex';
import {
  type Background,
  byIndex,
  type Colour,
  isWrittenType,
  keyUnder,
  type Page,
  readFields,
  readPage,
  readShape,
  type Shape,
  type ShapeType,
} from './shape';
import { packStroke, withStroke } from './stroke';
import { cutText, spliceText } from './text';
import { type Change, type Fields, type FieldValue, UndoStack } from './undo';

export type { Background, Colour, Page, Shape, StrokeShape, TextShape } from './shape';
export type PlainField = (typeof PLAIN_FIELDS)[number];

/** Longest text of one shape, UTF-16 units: well inside one envelope. */
export const MAX_TEXT = 10_000;

export interface BoardChange {
  /** Added, changed and removed ids alike: look each up with `shape(id)`. */
  readonly shapes: ReadonlySet<ShapeId>;
  readonly pages: boolean;
  readonly local: boolean;
}

export interface NewStroke {
  readonly page: PageId;
  /** Board px; of any length: more than 256 become several shapes. */
  readonly points: readonly InkPoint[];
  readonly kind: 'draw' | 'highlight';
  readonly colour: Colour;
  readonly size: number;
  readonly nowMs: number;
  /** A number reserved with `nextShapeNumber`, when the stroke was shown live. */
  readonly atN?: number;
}

export interface NewText {
  readonly page: PageId;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly colour: Colour;
  readonly size: number;
  readonly nowMs: number;
}

/** A shape by its fields, as board.md lists them. Its own order key is used where it has one. */
export interface NewThing {
  readonly type: ShapeType;
  readonly page: PageId;
  readonly fields: Readonly<Record<string, FieldValue | Uint8Array>>;
  readonly nowMs: number;
}

const PLAIN_FIELDS = [
  'page',
  'index',
  'x',
  'y',
  'colour',
  'size',
  'rotation',
  'opacity',
  'locked',
  'group',
  'w',
  'h',
  'bold',
  'form',
  'fill',
  'dash',
  'head',
  'start',
  'end',
  'dx',
  'dy',
  'asset',
  'caption',
  'formula',
  'x_from',
  'x_to',
  'y_from',
  'y_to',
  'x_step',
  'y_step',
  'grid',
  'reduced',
  'entries',
  'erased',
] as const;

/** What may be changed of a shape; null takes a field away. */
export type ShapeFields = Partial<Record<PlainField, FieldValue>>;

export class Board implements Fields {
  private readonly shapesRoot: YMap<unknown>;
  private readonly pagesRoot: YMap<unknown>;
  private readonly cache = new Map<ShapeId, Shape | null>();
  private readonly index = new PageIndex();
  private readonly followers = new Followers();
  private pageList: readonly Page[] | null = null;
  private readonly listeners = new Set<(change: BoardChange) => void>();
  private readonly historyListeners = new Set<() => void>();
  private readonly history = new UndoStack(() => {
    for (const listener of this.historyListeners) listener();
  });
  private author: SessionId | null = null;
  private lastNumber = 0;
  private lastPage = 0;
  private changed = new Set<ShapeId>();
  private pagesChanged = false;

  constructor(private readonly doc: Doc) {
    this.shapesRoot = doc.getMap('shapes');
    this.pagesRoot = doc.getMap('pages');
    for (const id of this.shapesRoot.keys()) this.refresh(id as ShapeId);
    for (const id of this.followers.all()) this.refresh(id);
    this.shapesRoot.observeDeep((events) => this.collect(events));
    this.pagesRoot.observeDeep(() => {
      this.pageList = null;
      this.pagesChanged = true;
    });
    doc.on('afterTransaction', (transaction: Transaction) => this.emit(transaction));
  }

  /** Who writes from now on; null makes the board read-only. */
  setAuthor(session: SessionId | null): void {
    if (session === this.author) return;
    this.author = session;
    if (session !== null) {
      this.lastNumber = highest(this.cache.keys(), session);
      this.lastPage = highest(this.pagesRoot.keys(), session);
    }
    for (const listener of this.historyListeners) listener();
  }

  get writable(): boolean {
    return this.author !== null;
  }

  private writer(): SessionId {
    if (this.author === null) throw new NotWritable('the board is read-only');
    return this.author;
  }

  // Reading

  /** In order, without erased ones; `main` is always there. */
  pages(): readonly Page[] {
    if (this.pageList !== null) return this.pageList;
    const pages: Page[] = [];
    for (const [id, record] of this.pagesRoot) {
      const page = readPage(id as PageId, record);
      if (page !== null && !page.erased) pages.push(page);
    }
    if (!pages.some((page) => page.id === MAIN_PAGE)) {
      pages.push({ id: MAIN_PAGE, index: 'a0', title: '', background: 'plain', erased: false });
    }
    this.pageList = pages.sort(byIndex);
    return this.pageList;
  }

  /** What can be brought back with all that is on it: `setPage(id, { erased: false })`. */
  erasedPages(): readonly Page[] {
    const pages = [...this.pagesRoot].flatMap(([id, record]) => readPage(id as PageId, record) ?? []);
    return pages.filter(({ erased }) => erased).sort(byIndex);
  }

  /** In painting order, without erased and undrawable ones. */
  shapes(page: PageId): readonly Shape[] {
    return this.index.shapes(page);
  }

  shape(id: ShapeId): Shape | null {
    return this.cache.get(id) ?? null;
  }

  /** Lines bound to any of these shapes. */
  followersOf(ids: Iterable<ShapeId>): ShapeId[] {
    return this.followers.of(ids);
  }

  /** The shape and all that are in a group with it. */
  groupOf(id: ShapeId): ShapeId[] {
    const shape = this.shape(id);
    if (shape === null || shape.group === '') return [id];
    return this.shapes(shape.page).flatMap((other) => (other.group === shape.group ? [other.id] : []));
  }

  /** Reserves the number of a shape to come: see `shapeId` and NewStroke.atN. */
  nextShapeNumber(): number {
    this.lastNumber += 1;
    return this.lastNumber;
  }

  shapeId(n: number): ShapeId {
    return formatItemId(this.writer(), n) as ShapeId;
  }

  onChange(listener: (change: BoardChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // Edits

  /** One undo step; sent at once (E11). */
  addStroke(stroke: NewStroke): ShapeId[] {
    this.writer();
    const { page, kind, colour, size, nowMs } = stroke;
    return this.change(true, (changes) => {
      const ids: ShapeId[] = [];
      for (const points of splitStroke(stroke.points)) {
        const { blob, x, y } = encodeInk(points);
        const n = ids.length === 0 && stroke.atN !== undefined ? stroke.atN : this.nextShapeNumber();
        const index = this.index.nextIndex(page);
        const fields = { type: kind, page, index, x, y, colour, size, created_ms: nowMs, ink: blob };
        ids.push(this.insert(n, fields, changes));
      }
      return ids;
    });
  }

  addText(text: NewText): ShapeId {
    this.writer();
    const { page, x, y, colour, size, nowMs } = text;
    return this.change(false, (changes) => {
      const body = new YText(cutText(text.text, MAX_TEXT));
      const index = this.index.nextIndex(page);
      const fields = { type: 'text', page, index, x, y, colour, size, created_ms: nowMs, text: body };
      return this.insert(this.nextShapeNumber(), fields, changes);
    });
  }

  /** One undo step. Raises where nobody could draw it: an error of the caller's, not of the user's. */
  addThing(thing: NewThing): ShapeId {
    this.writer();
    const { type, page, nowMs } = thing;
    const { text, index, ...fields } = thing.fields;
    const n = this.nextShapeNumber();
    const record = new Map<string, unknown>([
      ['type', type],
      ['page', page],
      ['created_ms', nowMs],
      ['index', index ?? this.index.nextIndex(page)],
      ...Object.entries(fields).filter(([, value]) => value !== null),
    ]);
    const isLettered = isWrittenType(type);
    if (readFields(this.shapeId(n), isLettered ? new Map(record).set('text', '') : record) === null) {
      throw new Error('a shape that nobody could draw');
    }
    if (isLettered) record.set('text', new YText(cutText(typeof text === 'string' ? text : '', MAX_TEXT)));
    return this.change(true, (changes) => this.insert(n, Object.fromEntries(record), changes));
  }

  /** Runs edits as one transaction and one undo step. */
  together<T>(run: () => T): T {
    const close = this.openStep();
    try {
      return edit(this.doc, true, run);
    } finally {
      close();
    }
  }

  /** The order key for a shape on top of a page, or (`below`) under everything there. */
  edgeIndex(page: PageId, below: boolean): string {
    return below ? indexBefore(this.shapes(page)[0]?.index ?? null) : this.index.nextIndex(page);
  }

  private insert(n: number, fields: Record<string, unknown>, changes: Change[]): ShapeId {
    const id = this.shapeId(n);
    this.shapesRoot.set(id, new YMap(Object.entries(packStroke(fields))));
    changes.push({ shape: id, field: 'erased', before: true, after: false });
    return id;
  }

  editText(id: ShapeId, text: string): void {
    this.update([id], { text: cutText(text, MAX_TEXT) });
  }

  erase(ids: Iterable<ShapeId>): void {
    this.update(ids, { erased: true });
  }

  move(ids: Iterable<ShapeId>, dx: number, dy: number): void {
    this.writer();
    this.change(false, (changes) => {
      for (const id of ids) {
        const shape = this.shape(id);
        if (shape !== null) this.set(id, { x: shape.x + dx, y: shape.y + dy }, changes);
      }
    });
  }

  setFields(ids: Iterable<ShapeId>, fields: ShapeFields): void {
    this.update(ids, fields);
  }

  /** Each shape its own fields, in one transaction and one undo step. */
  setEach(each: Iterable<readonly [ShapeId, ShapeFields]>): void {
    this.writer();
    this.change(false, (changes) => {
      for (const [id, fields] of each) this.set(id, fields, changes);
    });
  }

  private update(ids: Iterable<ShapeId>, fields: Readonly<Record<string, FieldValue>>): void {
    this.writer();
    this.change(false, (changes) => {
      for (const id of ids) this.set(id, fields, changes);
    });
  }

  private set(id: ShapeId, fields: Readonly<Record<string, FieldValue>>, changes: Change[]): void {
    for (const [field, after] of Object.entries(fields)) {
      const before = this.read(id, field);
      if (before === after || !this.shapesRoot.has(id)) continue;
      this.write(id, field, after);
      changes.push({ shape: id, field, before, after });
    }
  }

  private change<T>(urgent: boolean, run: (changes: Change[]) => T): T {
    const changes: Change[] = [];
    const result = edit(this.doc, urgent, () => run(changes));
    this.history.record(changes);
    return result;
  }

  /** After `after`, or at the end. Pages are not undone: they are erased by name. */
  addPage(page: { title?: string; background?: Background; after?: PageId } = {}): PageId {
    const session = this.writer();
    const pages = this.pages();
    const at = page.after === undefined ? pages.length - 1 : pages.findIndex(({ id }) => id === page.after);
    const index = indexBetween(pages[at]?.index ?? null, pages[at + 1]?.index ?? null);
    this.lastPage += 1;
    const id = formatItemId(session, this.lastPage) as PageId;
    const fields = { index, title: page.title ?? '', background: page.background ?? 'plain', erased: false };
    edit(this.doc, false, () => this.pagesRoot.set(id, new YMap(Object.entries(fields))));
    return id;
  }

  setPage(id: PageId, fields: Partial<Pick<Page, 'title' | 'background' | 'index' | 'erased'>>): void {
    this.writer();
    edit(this.doc, false, () => {
      const found = this.pagesRoot.get(id);
      if (found instanceof YMap) for (const [field, value] of Object.entries(fields)) found.set(field, value);
      else if (id === MAIN_PAGE) this.pagesRoot.set(id, new YMap(Object.entries({ index: 'a0', ...fields })));
    });
  }

  erasePage(id: PageId): void {
    if (id !== MAIN_PAGE) this.setPage(id, { erased: true });
  }

  // Undo

  /** Groups edits into one undo step until the returned function is called. */
  openStep(): () => void {
    this.history.beginStep();
    let open = true;
    return () => {
      if (open) this.history.endStep();
      open = false;
    };
  }

  undo(): boolean {
    this.writer();
    return edit(this.doc, true, () => this.history.undo(this));
  }

  redo(): boolean {
    this.writer();
    return edit(this.doc, true, () => this.history.redo(this));
  }

  get canUndo(): boolean {
    return this.writable && this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.writable && this.history.canRedo;
  }

  onHistory(listener: () => void): () => void {
    this.historyListeners.add(listener);
    return () => this.historyListeners.delete(listener);
  }

  /** Fields of the undo stack: the value now, absent `erased` as false. */
  read(id: ShapeId, field: string): FieldValue {
    const record = this.shapesRoot.get(id);
    if (!(record instanceof YMap)) return null;
    const value: unknown = record.get(field) ?? withStroke(record).get(field);
    if (value instanceof YText) return value.toString();
    if (field === 'erased') return value === true;
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  }

  write(id: ShapeId, field: string, value: FieldValue): void {
    const record = this.shapesRoot.get(id);
    if (!(record instanceof YMap)) return;
    const held: unknown = record.get(field);
    if (held instanceof YText) spliceText(held, String(value ?? ''));
    else if (value === null) record.delete(field);
    else record.set(field, value);
  }

  // Change events

  private collect(events: readonly YEvent<AbstractType<unknown>>[]): void {
    for (const event of events) {
      if (event.target === this.shapesRoot) for (const id of event.keys.keys()) this.changed.add(id as ShapeId);
      else {
        const id = keyUnder(this.shapesRoot as AbstractType<unknown>, event.target);
        if (id !== null) this.changed.add(id as ShapeId);
      }
    }
  }

  private refresh(id: ShapeId): void {
    const before = this.cache.get(id) ?? null;
    const read = readShape(id, this.shapesRoot.get(id));
    const after = read === null ? null : withEnds(read, (other) => this.cache.get(other) ?? null);
    this.followers.note(id, read);
    this.cache.set(id, after);
    this.index.replace(before, after);
  }

  private emit(transaction: Transaction): void {
    if (this.changed.size === 0 && !this.pagesChanged) return;
    const change = { shapes: this.changed, pages: this.pagesChanged, local: isLocal(transaction) };
    this.changed = new Set();
    this.pagesChanged = false;
    for (const id of change.shapes) this.refresh(id);
    for (const id of this.followers.of(change.shapes)) {
      this.refresh(id);
      change.shapes.add(id);
    }
    for (const listener of this.listeners) listener(change);
  }
}

function highest(ids: Iterable<string>, session: SessionId): number {
  let max = 0;
  for (const id of ids) {
    // Most are somebody else's, and a full board has tens of thousands.
    const parsed = id.startsWith(session) ? parseItemId(id) : null;
    if (parsed !== null) max = Math.max(max, parsed.n);
  }
  return max;
}
