import type { Bytes } from '../core/bytes';
import { concatBytes } from '../core/bytes';
import { malformed, ProtocolError } from '../core/errors';
import { LIMITS } from '../core/limits';
import { Reader } from '../core/varint';

/**
 * The timeline of a recording, decoded while it arrives (docs/recording.md, "Timeline"). Pure: bytes in, records out.
 * Whatever cannot be read ends the stream there, and all before it counts.
 */
export interface UpdateRecord {
  readonly kind: 'update';
  readonly t_ms: number;
  readonly doc: 'board' | 'stage' | 'chat' | 'desk';
  readonly user: string;
  readonly session: string;
  readonly seq: number;
  readonly authored_ms: number;
  readonly update: Bytes;
}

export interface CursorRecord {
  readonly kind: 'cursor';
  readonly t_ms: number;
  readonly session: string;
  readonly page: string;
  /** Board px. */
  readonly x: number;
  readonly y: number;
}

export interface EventRecord {
  readonly kind: 'event';
  readonly t_ms: number;
  readonly name: string;
  /** `null`: the whole room. */
  readonly session: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SessionRecord {
  readonly kind: 'session';
  readonly t_ms: number;
  readonly session: string;
  readonly user: string;
  readonly name: string;
  readonly role: string;
}

export type TimelineRecord = UpdateRecord | CursorRecord | EventRecord | SessionRecord;

export interface TimelineEnd {
  /** The archive is still being written. */
  readonly isLive: boolean;
  /** For `?after=`; empty when the stream ended without its last record. */
  readonly token: string;
  /** The stream was cut short or could not be read to its end. */
  readonly isDamaged: boolean;
}

const MAGIC = [0x43, 0x4d, 0x54, 0x4c, 1];
/** Longest body a reader waits for: an update, its names, and room for fields of later versions. */
const BODY_BYTES = LIMITS.update_bytes + 8_192;
/** Longest header before a body: a varuint, the type, a varuint. */
const RECORD_HEAD_BYTES = 17;
const MAX_T_MS = 1e12;
const NAME_BYTES = 1_024;
const EVENT_BYTES = 8_192;
const TOKEN_BYTES = 512;
const NO_SESSION = '0000000000000000';
const DOCS = ['board', 'stage', 'chat', 'desk'] as const;

export class TimelineDecoder {
  #rest: Bytes = new Uint8Array(0);
  #t_ms = 0;
  #started = false;
  #end: TimelineEnd | null = null;

  /** Takes the next bytes and returns the records that are complete. Nothing comes after a damaged place. */
  push(bytes: Uint8Array): TimelineRecord[] {
    const records: TimelineRecord[] = [];
    if (this.#end) {
      return records;
    }
    const data = concatBytes(this.#rest, bytes);
    let at = 0;
    try {
      if (!this.#started) {
        if (data.length < MAGIC.length) {
          this.#rest = data;
          return records;
        }
        if (MAGIC.some((byte, i) => data[i] !== byte)) {
          throw malformed('not a timeline');
        }
        this.#started = true;
        at = MAGIC.length;
      }
      while (!this.#end) {
        const step = this.#next(data.subarray(at));
        if (step === null) {
          break;
        }
        at += step.size;
        if (step.record) {
          records.push(step.record);
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#end = { isLive: false, token: '', isDamaged: true };
    }
    this.#rest = this.#end ? new Uint8Array(0) : data.slice(at);
    return records;
  }

  /** Call when no more bytes come. */
  finish(): TimelineEnd {
    this.#end ??= { isLive: false, token: '', isDamaged: true };
    return this.#end;
  }

  /** One record, or null while it is not complete. */
  #next(data: Bytes): { size: number; record: TimelineRecord | null } | null {
    const size = recordSize(data);
    if (size === null || size.total > data.length) {
      return null;
    }
    this.#t_ms += size.delta_ms;
    if (this.#t_ms > MAX_T_MS) {
      throw malformed('time');
    }
    return { size: size.total, record: this.#read(size.type, new Reader(data.subarray(size.body, size.total))) };
  }

  #read(type: number, body: Reader): TimelineRecord | null {
    const t_ms = this.#t_ms;
    switch (type) {
      case 1:
        return readUpdate(t_ms, body);
      case 2: {
        const session = body.session();
        const page = body.varstring(64);
        return { kind: 'cursor', t_ms, session, page, x: body.zigzag() / 10, y: body.zigzag() / 10 };
      }
      case 3: {
        const name = body.varstring(32);
        const session = body.session();
        const data = parseData(body.varstring(EVENT_BYTES));
        return { kind: 'event', t_ms, name, session: session === NO_SESSION ? null : session, data };
      }
      case 4: {
        const session = body.session();
        const user = body.varstring(NAME_BYTES);
        const name = body.varstring(NAME_BYTES);
        return { kind: 'session', t_ms, session, user, name, role: body.varstring(NAME_BYTES) };
      }
      case 9: {
        const isLive = body.u8() === 1;
        this.#end = { isLive, token: body.varstring(TOKEN_BYTES), isDamaged: false };
        return null;
      }
      default:
        return null;
    }
  }
}

interface RecordSize {
  readonly delta_ms: number;
  readonly type: number;
  /** Where the body begins, and where the record ends. */
  readonly body: number;
  readonly total: number;
}

function recordSize(data: Bytes): RecordSize | null {
  const head = new Reader(data.subarray(0, RECORD_HEAD_BYTES));
  try {
    const delta_ms = head.varuint();
    const type = head.u8();
    const length = head.varuint();
    if (length > BODY_BYTES) {
      throw malformed('record is too long');
    }
    return { delta_ms, type, body: head.position, total: head.position + length };
  } catch (error) {
    // Cut inside the head: the rest is still to come.
    if (error instanceof ProtocolError && head.remaining === 0 && data.length < RECORD_HEAD_BYTES) {
      return null;
    }
    throw error;
  }
}

function readUpdate(t_ms: number, body: Reader): UpdateRecord {
  const doc = DOCS[body.u8()];
  if (!doc) {
    throw malformed('document');
  }
  const user = doc === 'desk' ? body.varstring(64) : '';
  const session = body.session();
  const seq = body.varuint();
  const authored_ms = body.varuint();
  const update = body.varbytes(LIMITS.update_bytes).slice();
  return { kind: 'update', t_ms, doc, user, session, seq, authored_ms, update };
}

function parseData(json: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw malformed('event data');
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Decodes a whole stream as it comes in; `onRecords` is called once for every chunk. */
export async function readTimeline(
  stream: ReadableStream<Uint8Array>,
  onRecords: (records: TimelineRecord[]) => void | Promise<void>,
): Promise<TimelineEnd> {
  const decoder = new TimelineDecoder();
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return decoder.finish();
      }
      const records = decoder.push(value);
      if (records.length > 0) {
        await onRecords(records);
      }
    }
  } finally {
    reader.releaseLock();
  }
}
