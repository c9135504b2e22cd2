/** What a document holds, as far as the rules of section P must know it. Grows with every update that is applied. */
import { type ItemId, Places } from './places';
import type { Range, Scan } from './yupdate';

/** P6: roots whose keys carry their author. */
export const AUTHORED_ROOTS: ReadonlySet<string> = new Set(['shapes', 'messages']);

export const idText = ({ client, clock }: ItemId): string => `${client}:${clock}`;

/** The clock after the last of joined ranges. */
export function end(ranges: readonly Range[] | undefined): number {
  const last = ranges?.at(-1);
  return last === undefined ? 0 : last[0] + last[1];
}

export class Ledger {
  private readonly clocks = new Map<number, number>();
  /** Items under keys of `shapes` and `messages` (P6). */
  private readonly authored = new Map<number, Set<number>>();
  /** How deep each shared type lies; in a root type it is 1. */
  private readonly types = new Map<number, Map<number, number>>();
  private readonly gone = new Map<number, Range[]>();
  /** Where items stand. */
  readonly places = new Places();
  /** Second halves of characters that take two clocks. */
  readonly halves = new Set<string>();

  /** How many clocks of a client the document holds. */
  held(client: number): number {
    return this.clocks.get(client) ?? 0;
  }

  isAuthored({ client, clock }: ItemId): boolean {
    return this.authored.get(client)?.has(clock) ?? false;
  }

  /** 0 for a root type, or what is no shared type. */
  depth({ client, clock }: ItemId): number {
    return this.types.get(client)?.get(clock) ?? 0;
  }

  /** Whether an item came as deleted, so that what it was is not known. */
  isGone({ client, clock }: ItemId): boolean {
    return (this.gone.get(client) ?? []).some(([first, length]) => first <= clock && clock < first + length);
  }

  /** Takes in an update that was checked and applied. */
  note(scan: Scan): void {
    for (const [client, ranges] of scan.structs) this.clocks.set(client, Math.max(this.held(client), end(ranges)));
    for (const { root, client, clock } of scan.rootKeys) {
      if (!AUTHORED_ROOTS.has(root)) continue;
      this.authored.set(client, (this.authored.get(client) ?? new Set()).add(clock));
    }
    for (const { client, clock, parent } of scan.types) {
      const depths = this.types.get(client) ?? new Map<number, number>();
      this.types.set(client, depths.set(clock, (parent === null ? 0 : this.depth(parent)) + 1));
    }
    this.places.add(scan.items);
    for (const half of scan.halves) this.halves.add(idText(half));
    for (const { client, clock, length } of scan.gone) {
      const ranges = this.gone.get(client) ?? [];
      this.gone.set(client, ranges);
      ranges.push([clock, length]);
    }
  }
}
