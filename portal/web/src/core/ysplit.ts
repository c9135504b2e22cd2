/** Cutting an update of our own into parts that each fit an envelope. */
import { type Bytes, ownBytes } from './bytes';
import { LIVE_LIMITS, type UpdateLimits } from './limits';
import { Writer } from './varint';
import { type Range, type Scan, type StructSpan, scanUpdate } from './yupdate';

const SPLIT_OVERHEAD_BYTES = 32;
/** For updates of our own that are not cut yet: no limit but those of the format. */
export const UNCUT: UpdateLimits = {
  ...LIVE_LIMITS,
  bytes: 2 ** 31,
  structs: 2 ** 31,
  ranges: 2 ** 31,
  clients: 2 ** 31,
};

/**
 * Cuts an update of our own into parts of at most about `limitBytes`, each complete by itself and in an
 * order in which they apply: structs first, then deletes of at most `maxDeletes` clocks a part.
 */
export function splitUpdate(update: Uint8Array, limitBytes: number, maxDeletes: number): Bytes[] {
  const spans: StructSpan[] = [];
  const scan = scanUpdate(update, UNCUT, spans);
  const bytes = ownBytes(update);
  const deletes = [...scan.deletes.values()].flat().reduce((sum, [, length]) => sum + length, 0);
  const small = bytes.length <= limitBytes && spans.length <= LIVE_LIMITS.structs && deletes <= maxDeletes;
  if (small && scan.structs.size <= 1) return [bytes];
  const parts: Bytes[] = [];
  let group: StructSpan[] = [];
  const flush = (): void => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return;
    const writer = new Writer(last.to - first.from + SPLIT_OVERHEAD_BYTES);
    writer.varuint(1).varuint(group.length).varuint(first.client).varuint(first.clock);
    parts.push(writer.raw(bytes.subarray(first.from, last.to)).varuint(0).finish());
    group = [];
  };
  for (const span of spans) {
    const [first] = group;
    const full = first !== undefined && span.to - first.from > limitBytes - SPLIT_OVERHEAD_BYTES;
    if (full || (first !== undefined && first.client !== span.client) || group.length >= LIVE_LIMITS.structs) flush();
    group.push(span);
  }
  flush();
  return [...parts, ...splitDeletes(scan.deletes, maxDeletes)];
}

function splitDeletes(deletes: Scan['deletes'], maxDeletes: number): Bytes[] {
  const parts: Bytes[] = [];
  for (const [client, ranges] of deletes) {
    let room = maxDeletes;
    let group: Range[] = [];
    const flush = (): void => {
      if (group.length === 0) return;
      const writer = new Writer().varuint(0).varuint(1).varuint(client).varuint(group.length);
      for (const [clock, length] of group) writer.varuint(clock).varuint(length);
      parts.push(writer.finish());
      group = [];
      room = maxDeletes;
    };
    for (const [clock, length] of ranges) {
      for (let done = 0; done < length; ) {
        const n = Math.min(room, length - done);
        group.push([clock + done, n]);
        done += n;
        room -= n;
        if (room === 0) flush();
      }
    }
    flush();
  }
  return parts;
}
