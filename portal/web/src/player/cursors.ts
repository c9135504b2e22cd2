import type { CursorRecord } from './timeline';

/** A cursor as it stood at a moment, in board px. */
export interface CursorAt {
  readonly session: string;
  readonly page: string;
  readonly x: number;
  readonly y: number;
}

/** Samples come at most ten times a second; closer ones than this are one movement and are joined by a line. */
const JOIN_MS = 400;
/** A cursor that was not heard of for so long is not shown. */
const SHOWN_MS = 4_000;

/** Every participant's cursor over the lesson. */
export class Cursors {
  readonly #bySession = new Map<string, CursorRecord[]>();

  add(record: CursorRecord): void {
    const samples = this.#bySession.get(record.session);
    if (!samples) {
      this.#bySession.set(record.session, [record]);
      return;
    }
    const last = samples.at(-1);
    if (last && last.t_ms > record.t_ms) {
      // Back-filled after a crash of the recorder: rare, and at most a few seconds back.
      samples.splice(lastUntil(samples, record.t_ms) + 1, 0, record);
    } else {
      samples.push(record);
    }
  }

  at(t_ms: number): CursorAt[] {
    const found: CursorAt[] = [];
    for (const [session, samples] of this.#bySession) {
      const i = lastUntil(samples, t_ms);
      const sample = samples[i];
      if (!sample || t_ms - sample.t_ms > SHOWN_MS) {
        continue;
      }
      const next = samples[i + 1];
      const span = next ? next.t_ms - sample.t_ms : 0;
      if (next && next.page === sample.page && span > 0 && span <= JOIN_MS) {
        const share = (t_ms - sample.t_ms) / span;
        const x = sample.x + (next.x - sample.x) * share;
        const y = sample.y + (next.y - sample.y) * share;
        found.push({ session, page: sample.page, x, y });
      } else {
        found.push({ session, page: sample.page, x: sample.x, y: sample.y });
      }
    }
    return found;
  }
}

/** Index of the last sample at or before a time; −1 if there is none. */
function lastUntil(samples: readonly CursorRecord[], t_ms: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((samples[middle]?.t_ms ?? 0) <= t_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}
