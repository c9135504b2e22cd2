import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import type { Bytes } from '../../core/bytes';
import { ProtocolError } from '../../core/errors';
import { LIVE_LIMITS, SNAPSHOT_LIMITS, type UpdateLimits } from '../../core/limits';
import { scanUpdate } from '../../core/yupdate';
import type { UpdateRecord } from '../timeline';

/** As the portal takes it (portal/continued.py). */
const WORK_LIMITS: UpdateLimits = {
  ...SNAPSHOT_LIMITS,
  bytes: 2_000_000,
  structs: 200_000,
  ranges: 200_000,
  clients: 1_024,
};

/**
 * A lesson's board at a moment, and what somebody does from there on. What is kept elsewhere is `work()`, the difference
 * alone: it means nothing without the recording, and shows exactly what was added.
 */
export class Fork {
  readonly doc = new Doc();
  readonly base = new Doc();
  readonly #baseVector: Uint8Array;

  /** `updates` in the order in which they were recorded; those after `t_ms` and of other documents are left out. */
  constructor(updates: readonly UpdateRecord[], t_ms: number) {
    const until = updates.filter((update) => update.doc === 'board' && update.t_ms <= t_ms && isSound(update.update));
    for (const doc of [this.base, this.doc]) {
      // One transaction: 44,080 updates apply in 152 ms.
      doc.transact(() => {
        for (const { update } of until) {
          applyUpdate(doc, update);
        }
      });
    }
    this.#baseVector = encodeStateVector(this.base);
  }

  /** Takes work that was done before, or in another window. Throws ProtocolError for what is no update (rule P1). */
  take(work: Bytes): void {
    scanUpdate(work, WORK_LIMITS);
    applyUpdate(this.doc, work);
  }

  /** All that was done since the moment, as one update. */
  work(): Bytes {
    return new Uint8Array(encodeStateAsUpdate(this.doc, this.#baseVector));
  }
}

/** Rule P1 once more: an archive may come from elsewhere, and hostile bytes must not reach the CRDT library. */
function isSound(update: Bytes): boolean {
  try {
    scanUpdate(update, LIVE_LIMITS);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) {
      return false;
    }
    throw error;
  }
}
