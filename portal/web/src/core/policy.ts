/** What an update may do: rules P2–P7 of protocol.md, asked before yjs sees the bytes. */
import { CloseCode, UpdateRefused } from './errors';
import { BOARD, type DocKind, type DocRef, isStaff, type UserId } from './ids';
import { AUTHORED_ROOTS, end, idText, type Ledger } from './ledger';
import { LIMITS, LIVE_LIMITS } from './limits';
import { Places } from './places';
import type { Ticket } from './ticket';
import type { Scan } from './yupdate';

/** P5. */
const ROOTS: Record<DocKind, ReadonlySet<string>> = {
  board: new Set(['meta', 'pages', 'shapes', 'bindings', 'assets']),
  stage: new Set(['stage']),
  chat: new Set(['messages']),
  desk: new Set(['meta', 'pages', 'shapes', 'bindings', 'assets']),
};

/** Map and text: reading an array that holds text makes the Python library spin for ever. */
const BOARD_TYPES: readonly number[] = [1, 2];

/** The part of a ticket that decides about writing. */
export type Writer = Pick<Ticket, 'session' | 'client' | 'user' | 'role' | 'caps'>;

/** P7. */
export function mayWrite(ticket: Pick<Ticket, 'user' | 'role' | 'caps'>, doc: DocRef): boolean {
  if (ticket.role === 'recorder' || ticket.role === 'reviewer') return false;
  switch (doc.kind) {
    case 'board':
      return ticket.caps.has('board');
    case 'stage':
      return ticket.caps.has('stage') && isStaff(ticket.role);
    case 'chat':
      return ticket.caps.has('chat');
    case 'desk':
      return ticket.caps.has('desk') && (ticket.user === doc.user || isStaff(ticket.role));
  }
}

/** D4. A desk is for its owner, staff and the recorder, and for all while it is `shown`; all else is for the room. */
export function mayRead(ticket: Pick<Ticket, 'user' | 'role'>, doc: DocRef, shown: UserId | null = null): boolean {
  if (doc.kind !== 'desk' || ticket.user === doc.user || doc.user === shown) return true;
  return isStaff(ticket.role) || ticket.role === 'recorder';
}

/**
 * M9: the rights that the relay asks for on its own way hold on direct links too. Ink, and all that happens at a desk,
 * needs the right to write there.
 */
export function mayShow(
  ticket: Pick<Ticket, 'user' | 'role' | 'caps'> | undefined,
  place: DocRef = BOARD,
  drawing = false,
): boolean {
  if (!ticket?.caps.has('presence')) return false;
  return (!drawing && place.kind !== 'desk') || mayWrite(ticket, place);
}

/** E7: whether the update builds on, or deletes, items of others that are not held yet: it has to wait for them. */
export function missingBase(scan: Scan, ledger: Ledger): boolean {
  for (const [client, needed] of scan.refs) {
    if (needed > Math.max(ledger.held(client), end(scan.structs.get(client)))) return true;
  }
  for (const [client, ranges] of scan.deletes) {
    if (scan.structs.has(client)) continue;
    if (ranges.some(([clock, length]) => clock + length > ledger.held(client))) return true;
  }
  return false;
}

/** P2–P7 for a live update whose base is not missing. Raises UpdateRefused with the rule's number. */
export function checkUpdate(scan: Scan, doc: DocRef, writer: Writer, ledger: Ledger): void {
  if (!mayWrite(writer, doc)) throw new UpdateRefused('P7', 'may not write this document', CloseCode.not_allowed);
  if (scan.gc || scan.skip || scan.old || scan.empty) throw new UpdateRefused('P2', 'kind of a struct');
  for (const [client, ranges] of scan.structs) {
    if (client !== writer.client) throw new UpdateRefused('P2', 'writes as another client');
    if (ranges[0]?.[0] !== ledger.held(client)) throw new UpdateRefused('P3', 'clocks do not follow on');
  }
  checkDeletes(scan, doc, writer, ledger);
  for (const root of scan.roots) if (!ROOTS[doc.kind].has(root)) throw new UpdateRefused('P5', 'unknown root type');
  if (scan.keylessRoot) throw new UpdateRefused('P5', 'item of a root type without a key');
  checkAuthors(scan, writer, ledger);
  checkPositions(scan, ledger);
  if (scan.types.some(({ kind }) => !BOARD_TYPES.includes(kind))) throw new UpdateRefused('P5', 'neither map nor text');
  checkDepth(scan, ledger);
}

function checkDeletes(scan: Scan, doc: DocRef, writer: Writer, ledger: Ledger): void {
  if (scan.deletes.size > 0 && doc.kind === 'chat') throw new UpdateRefused('P4', 'deletes in a chat');
  let foreign = 0;
  for (const [client, ranges] of scan.deletes) {
    const top = Math.max(ledger.held(client), end(scan.structs.get(client)));
    for (const [clock, length] of ranges) {
      if (clock + length > top) throw new UpdateRefused('P4', 'deletes the future');
      if (client !== writer.client) foreign += length;
    }
  }
  if (foreign > LIMITS.max_foreign_deletes) throw new UpdateRefused('P4', 'deletes too much of others');
}

/** P6. An item with an origin inherits its key, so nothing may stand beside an item keyed on an authored root. */
function checkAuthors(scan: Scan, writer: Writer, ledger: Ledger): void {
  const fresh = new Set<string>();
  for (const item of scan.rootKeys) {
    if (!AUTHORED_ROOTS.has(item.root)) continue;
    if (!item.key.startsWith(`${writer.session}-`)) throw new UpdateRefused('P6', 'key of another author');
    if (item.length !== 1) throw new UpdateRefused('P6', 'more than one value under a key');
    fresh.add(idText(item));
  }
  for (const origin of scan.origins) {
    if (ledger.isAuthored(origin) || fresh.has(idText(origin))) throw new UpdateRefused('P6', 'replaces a keyed item');
  }
}

/**
 * P1. What the Python library takes, but then panics over, or writes as a state that nobody can load. An item is put
 * only into a shared type, and only between neighbours that stand in one place; no character is cut in two.
 */
function checkPositions(scan: Scan, ledger: Ledger): void {
  const fresh = new Set(scan.types.map(idText));
  for (const parent of scan.parents) {
    if (!fresh.has(idText(parent)) && ledger.depth(parent) === 0 && !ledger.isGone(parent)) {
      throw new UpdateRefused('P1', 'put into what is no shared type');
    }
  }
  if (scan.items.some(({ origin, right }) => origin !== null && right !== null)) {
    const places = new Places(ledger.places);
    places.add(scan.items);
    if (places.apart(scan.items)) throw new UpdateRefused('P1', 'put between neighbours that stand apart');
  }
  if (ledger.halves.size > 0 || scan.halves.length > 0) checkCharacters(scan, ledger);
}

function checkCharacters(scan: Scan, ledger: Ledger): void {
  const fresh = new Set(scan.halves.map(idText));
  const cut = (client: number, clock: number): void => {
    const text = idText({ client, clock });
    if (ledger.halves.has(text) || fresh.has(text)) throw new UpdateRefused('P1', 'cuts a character in two');
  };
  for (const { origin, right } of scan.items) {
    if (origin !== null) cut(origin.client, origin.clock + 1);
    if (right !== null) cut(right.client, right.clock);
  }
  for (const [client, ranges] of scan.deletes) {
    for (const [clock, length] of ranges) {
      cut(client, clock);
      cut(client, clock + length);
    }
  }
}

/** P1. Shared types nested without end overflow the stack of whoever deletes them. */
function checkDepth(scan: Scan, ledger: Ledger): void {
  const fresh = new Map<string, number>();
  for (const made of scan.types) {
    if (!made.inRoot && made.parent === null) throw new UpdateRefused('P1', 'shared type beside another item');
    const under = made.parent === null ? 0 : (fresh.get(idText(made.parent)) ?? ledger.depth(made.parent));
    if (under + 1 > LIVE_LIMITS.depth) throw new UpdateRefused('P1', 'shared types too deep');
    fresh.set(idText(made), under + 1);
  }
}

/** P8: many clients, but no holes, and nothing that refers to what the snapshot does not bring. */
export function checkSnapshot(scan: Scan, ledger: Ledger): void {
  const top = (client: number): number => Math.max(ledger.held(client), end(scan.structs.get(client)));
  if (scan.skip) throw new UpdateRefused('P8', 'skip in a snapshot');
  for (const [client, ranges] of scan.structs) {
    if (ranges.length !== 1 || (ranges[0]?.[0] ?? 0) > ledger.held(client)) {
      throw new UpdateRefused('P8', 'hole in a snapshot');
    }
  }
  for (const [client, needed] of scan.refs) {
    if (needed > top(client)) throw new UpdateRefused('P8', 'snapshot without its base');
  }
  for (const [client, ranges] of scan.deletes) {
    if (ranges.some(([clock, length]) => clock + length > top(client))) {
      throw new UpdateRefused('P8', 'snapshot deletes what is not there');
    }
  }
}
