/** The numbers of spec/limits.json and spec/messages.json, with the names that TypeScript gives them. */
import limits from '@spec/limits.json';
import messages from '@spec/messages.json';

export const LIMITS = limits;
export const MESSAGE = messages;

/** What one Yjs update may hold (rule P1; P8 for snapshots). */
export interface UpdateLimits {
  readonly bytes: number;
  readonly clients: number;
  readonly structs: number;
  readonly ranges: number;
  readonly clock: number;
  readonly client: number;
  readonly depth: number;
  readonly values: number;
  readonly string: number;
}

export const LIVE_LIMITS: UpdateLimits = { ...limits.update, bytes: limits.update_bytes };
export const SNAPSHOT_LIMITS: UpdateLimits = { ...limits.snapshot, bytes: limits.snapshot_bytes };
