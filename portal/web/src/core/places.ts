/**
 * Where the items of a document stand: in which list or under which key of which shared type.
 *
 * An item that names an origin and a right origin must find both in one place. Where they stand apart, the Python
 * library goes along, and then writes a state that neither it nor anyone else can load.
 */

export interface ItemId {
  readonly client: number;
  readonly clock: number;
}

/** How an item says where it stands: beside others, or in a shared type or root type; garbage says nothing. */
export interface Item extends ItemId {
  readonly length: number;
  readonly origin: ItemId | null;
  readonly right: ItemId | null;
  readonly parent: ItemId | null;
  readonly root: string | null;
  readonly key: string | null;
}

/** The place of what came as garbage. */
export const UNKNOWN = 0;
const UNRESOLVED = -1;
/** Nobody outside can make two places meet in one number. */
const SEED = crypto.getRandomValues(new Uint32Array(2));

/** 52 bits of hash: 8 bytes an item, where texts would be 60. */
function placeNumber(text: string): number {
  let low = SEED[0] ?? 0;
  let high = SEED[1] ?? 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return (high >>> 12) * 2 ** 32 + (low >>> 0) || 1;
}

function ownPlace({ root, parent, key }: Item): number {
  if (root !== null) return placeNumber(`${root}\n${key ?? ''}\n${key === null}`);
  if (parent !== null) return placeNumber(`${parent.client}:${parent.clock}\n${key ?? ''}\n${key === null}`);
  return UNKNOWN;
}

interface Column {
  /** First clocks, ascending, and the place of each item. */
  readonly starts: number[];
  readonly numbers: number[];
  end: number;
}

/** The index of the item that holds a clock, or −1. */
function indexOf({ starts }: Column, clock: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= clock) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

interface Open {
  readonly column: Column;
  readonly index: number;
  readonly neighbour: ItemId;
}

export class Places {
  private readonly columns = new Map<number, Column>();

  /** `base` is asked for what is not here. */
  constructor(private readonly base: Places | null = null) {}

  of(item: ItemId): number {
    const column = this.columns.get(item.client);
    const index = column === undefined ? -1 : indexOf(column, item.clock);
    if (column !== undefined && index >= 0) return column.numbers[index] ?? UNKNOWN;
    return this.base?.of(item) ?? UNKNOWN;
  }

  /** Takes in items, those of each client in order of their clocks. What is there already is passed over. */
  add(items: readonly Item[]): void {
    const open: Open[] = [];
    for (const item of items) {
      const column = this.columns.get(item.client) ?? { starts: [], numbers: [], end: 0 };
      if (item.clock + item.length <= column.end) continue;
      this.columns.set(item.client, column);
      column.starts.push(Math.max(item.clock, column.end));
      column.end = item.clock + item.length;
      const neighbour = item.origin ?? item.right;
      const number = neighbour === null ? ownPlace(item) : this.known(neighbour);
      if (number === UNRESOLVED && neighbour !== null)
        open.push({ column, index: column.starts.length - 1, neighbour });
      column.numbers.push(number);
    }
    if (open.length > 0) this.resolve(open);
  }

  private known(item: ItemId): number {
    if (item.clock >= (this.columns.get(item.client)?.end ?? 0)) return this.base?.of(item) ?? UNRESOLVED;
    return this.of(item);
  }

  /** In a state of many clients an item may come before its neighbour: follows each chain to where it is known. */
  private resolve(open: readonly Open[]): void {
    const waiting = new Map<Column, Map<number, Open>>();
    for (const entry of open) {
      const rows = waiting.get(entry.column) ?? new Map<number, Open>();
      waiting.set(entry.column, rows.set(entry.index, entry));
    }
    for (const first of open) {
      const chain = [first];
      let number = UNRESOLVED;
      while (number === UNRESOLVED) {
        const { neighbour } = chain.at(-1) ?? first;
        const column = this.columns.get(neighbour.client);
        const index = column === undefined ? -1 : indexOf(column, neighbour.clock);
        number = column === undefined || index < 0 ? UNKNOWN : (column.numbers[index] ?? UNKNOWN);
        if (number !== UNRESOLVED || column === undefined) continue;
        const next = waiting.get(column)?.get(index);
        // A ring of items that name each other would have no end.
        if (next === undefined || chain.length > open.length) number = UNKNOWN;
        else chain.push(next);
      }
      for (const { column, index } of chain) column.numbers[index] = number;
    }
  }

  /** Whether an item among those just added has its two neighbours in different places. */
  apart(items: readonly Item[]): boolean {
    return items.some(({ origin, right }) => {
      if (origin === null || right === null) return false;
      const [left, other] = [this.of(origin), this.of(right)];
      return left !== other && left !== UNKNOWN && other !== UNKNOWN;
    });
  }
}
