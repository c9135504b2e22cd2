/**
 * Strict, bounded reader of a Yjs v1 update: who writes which clocks, and who deletes what (rule P1).
 *
 * Reads structure only. Anything unknown, not canonical or over a limit is refused *before* yjs sees the
 * bytes: yjs trusts lengths, and throws half-way through an update whose JSON does not parse.
 * The format is written down in yjs' `src/utils/encoding.js` and lib0's `encoding.js`.
 */
import { ownBytes } from './bytes';
import { CloseCode, UpdateRefused } from './errors';
import { LIVE_LIMITS, type UpdateLimits } from './limits';
import type { Item, ItemId } from './places';
import { refuse, UpdateReader } from './yvalue';

export type Range = readonly [clock: number, length: number];

/** An item written under a key of a root type. */
export interface KeyedItem extends ItemId {
  readonly root: string;
  readonly key: string;
  readonly length: number;
}

/** A shared type made in a root type, in the item `parent`, or (neither) beside another item. */
export interface TypeItem extends ItemId {
  readonly inRoot: boolean;
  readonly parent: ItemId | null;
  /** 0 array, 1 map, 2 text, 3 to 6 XML. */
  readonly kind: number;
}

export interface Scan {
  /** Clocks written, by client, joined where they touch. */
  readonly structs: ReadonlyMap<number, readonly Range[]>;
  readonly deletes: ReadonlyMap<number, readonly Range[]>;
  /** How many clocks of each *other* client the structs stand on: their base (E7). */
  readonly refs: ReadonlyMap<number, number>;
  readonly roots: ReadonlySet<string>;
  readonly rootKeys: readonly KeyedItem[];
  /** Something was put on a root type without a key. */
  readonly keylessRoot: boolean;
  /** Every item named as origin or right origin: a struct beside it takes over its place. */
  readonly origins: readonly ItemId[];
  readonly types: readonly TypeItem[];
  /** Every item that something is put into. */
  readonly parents: readonly ItemId[];
  /** What came as deleted: its kind is not known. */
  readonly gone: readonly (ItemId & { readonly length: number })[];
  /** The second half of each character that takes two clocks. */
  readonly halves: readonly ItemId[];
  /** All items, with what they say of where they stand. */
  readonly items: readonly Item[];
  readonly gc: boolean;
  readonly skip: boolean;
  /** Text items without text. */
  readonly empty: boolean;
  /** Content kinds of old Yjs versions (JSON, embed, format): well-formed, but not for live updates. */
  readonly old: boolean;
}

/** One struct's place in the bytes, for splitting. */
export interface StructSpan {
  readonly client: number;
  readonly clock: number;
  readonly from: number;
  readonly to: number;
}

const GC = 0;
const DELETED = 1;
const STRING = 4;
const TYPE = 7;
const SKIP = 10;
const OLD_KINDS = new Set([2, 5, 6]);

class Scanner {
  readonly structs = new Map<number, Range[]>();
  readonly deletes = new Map<number, Range[]>();
  readonly refs = new Map<number, number>();
  readonly roots = new Set<string>();
  readonly rootKeys: KeyedItem[] = [];
  readonly origins: ItemId[] = [];
  readonly types: TypeItem[] = [];
  readonly parents: ItemId[] = [];
  readonly gone: (ItemId & { readonly length: number })[] = [];
  readonly halves: ItemId[] = [];
  readonly items: Item[] = [];
  keylessRoot = false;
  empty = false;
  gc = false;
  skip = false;
  old = false;
  private total = 0;

  constructor(
    private readonly reader: UpdateReader,
    private readonly spans: StructSpan[] | null,
  ) {}

  /** The id of another item. One of the same client must come before: nobody refers to what is not made yet. */
  private reference(own: number, ownClock: number): ItemId {
    const client = this.reader.client();
    const clock = this.reader.clock();
    if (client === own) {
      if (clock >= ownClock) throw refuse('refers to a later item');
    } else if (clock >= (this.refs.get(client) ?? 0)) this.refs.set(client, clock + 1);
    return { client, clock };
  }

  /** One struct; returns how many clocks it takes. */
  private struct(client: number, clock: number): number {
    const { reader } = this;
    const info = reader.u8();
    const kind = info & 31;
    if (kind === GC || kind === SKIP) {
      if (info !== kind) throw refuse('flags of a struct');
      if (kind === GC) this.gc = true;
      else this.skip = true;
      const length = reader.clock();
      if (length === 0) throw refuse('empty struct');
      if (kind === GC) {
        this.gone.push({ client, clock, length });
        this.items.push({ client, clock, length, origin: null, right: null, parent: null, root: null, key: null });
      }
      return length;
    }
    return this.item(info, kind, client, clock);
  }

  private item(info: number, kind: number, client: number, clock: number): number {
    const { reader } = this;
    const origin = info & 0x80 ? this.reference(client, clock) : null;
    const right = info & 0x40 ? this.reference(client, clock) : null;
    let parent: ItemId | null = null;
    let root: string | null = null;
    let key: string | null = null;
    if (origin !== null) this.origins.push(origin);
    if (right !== null) this.origins.push(right);
    if ((info & 0xc0) === 0) {
      const isRoot = reader.varuint();
      if (isRoot > 1) throw refuse('parent');
      if (isRoot === 1) root = reader.text();
      else parent = this.reference(client, clock);
      if (info & 0x20) key = reader.text();
    }
    if (parent !== null) this.parents.push(parent);
    const length = this.content(kind, { client, clock }, root !== null, parent);
    // yrs may write an empty text item of its own where a text is split at its end.
    if (length === 0 && kind !== STRING) throw refuse('empty struct');
    if (length === 0) this.empty = true;
    if (OLD_KINDS.has(kind)) this.old = true;
    this.items.push({ client, clock, length, origin, right, parent, root, key });
    if (kind === DELETED) this.gone.push({ client, clock, length });
    if (root !== null) {
      this.roots.add(root);
      if (key === null) this.keylessRoot = true;
      else this.rootKeys.push({ client, clock, root, key, length });
    }
    return length;
  }

  private content(kind: number, at: ItemId, inRoot: boolean, parent: ItemId | null): number {
    if (kind === TYPE) {
      this.types.push({ ...at, inRoot, parent, kind: this.reader.sharedType() });
      return 1;
    }
    if (kind !== STRING) return this.reader.content(kind);
    const text = this.reader.text();
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0xd800 && unit < 0xdc00) this.halves.push({ client: at.client, clock: at.clock + i + 1 });
    }
    return text.length;
  }

  private clientStructs(): void {
    const { reader } = this;
    const n = reader.varuint();
    const client = reader.client();
    let clock = reader.clock();
    if (this.structs.has(client)) throw refuse('client twice');
    this.total += n;
    if (n === 0 || this.total > reader.limits.structs) throw refuse('too many structs');
    const ranges: Range[] = [];
    this.structs.set(client, ranges);
    const start = clock;
    for (let i = 0; i < n; i++) {
      const from = reader.at;
      const spanClock = clock;
      clock += this.struct(client, clock);
      if (clock > reader.limits.clock) throw refuse('clock');
      this.spans?.push({ client, clock: spanClock, from, to: reader.at });
    }
    if (clock === start) throw refuse('block without clocks');
    ranges.push([start, clock - start]);
  }

  private clientDeletes(total: number): number {
    const { reader } = this;
    const client = reader.client();
    const n = reader.count();
    if (total + n > reader.limits.ranges) throw refuse('too many deletes');
    if (this.deletes.has(client)) throw refuse('client twice');
    const ranges: Range[] = [];
    this.deletes.set(client, ranges);
    for (let i = 0; i < n; i++) {
      const clock = reader.clock();
      const length = reader.varuint();
      if (length === 0 || clock + length > reader.limits.clock) throw refuse('delete range');
      ranges.push([clock, length]);
    }
    return total + n;
  }

  scan(): Scan {
    const { reader } = this;
    let clients = reader.varuint();
    if (clients > reader.limits.clients) throw refuse('too many clients');
    for (; clients > 0; clients--) this.clientStructs();
    let total = 0;
    for (let n = reader.count(); n > 0; n--) total = this.clientDeletes(total);
    if (reader.remaining > 0) throw refuse('bytes left over');
    return this;
  }
}

/** Raises UpdateRefused "P1". `spans`, when given, is filled with the place of every struct. */
export function scanUpdate(
  update: Uint8Array,
  limits: UpdateLimits = LIVE_LIMITS,
  spans: StructSpan[] | null = null,
): Scan {
  if (update.length > limits.bytes) throw new UpdateRefused('P1', 'update is too long', CloseCode.oversized);
  return new Scanner(new UpdateReader(ownBytes(update), limits), spans).scan();
}
