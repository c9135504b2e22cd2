/** How a local edit marks its Yjs transaction, so that the replica knows what to seal, and how soon. */
import type { Doc, Transaction } from 'yjs';

export class LocalEdit {
  /** `urgent`: not held back to be merged with what follows (E11). */
  constructor(readonly urgent: boolean) {}
}

const SOON = new LocalEdit(false);
const NOW = new LocalEdit(true);

export function edit<T>(doc: Doc, urgent: boolean, run: () => T): T {
  return doc.transact(run, urgent ? NOW : SOON);
}

export const isLocal = (transaction: Transaction): boolean => transaction.origin instanceof LocalEdit;
