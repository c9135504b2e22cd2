/** The one family of errors that hostile or broken input can raise (protocol.md W6, section X). */
import codes from '@spec/close_codes.json';

export const CloseCode = codes;

export class ChalkmeshError extends Error {
  override name = 'ChalkmeshError';
}

/** Input that breaks the protocol. `code` closes the connection; `message` never holds any of the input. */
export class ProtocolError extends ChalkmeshError {
  override name = 'ProtocolError';
  constructor(
    readonly code: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

export class TicketError extends ProtocolError {
  override name = 'TicketError';
}

/** An update that broke a numbered rule of section P. */
export class UpdateRefused extends ProtocolError {
  override name = 'UpdateRefused';
  constructor(
    readonly rule: string,
    reason: string,
    code: number = CloseCode.update_refused,
  ) {
    super(code, reason);
  }
}

/** Something a person can put right: no secure context, no storage. Its message is for them. */
export class SetupError extends ChalkmeshError {
  override name = 'SetupError';
}

/** An edit on a document that this session may not write, or has no ticket for yet. */
export class NotWritable extends ChalkmeshError {
  override name = 'NotWritable';
}

export const malformed = (reason: string): ProtocolError => new ProtocolError(CloseCode.malformed, reason);
export const oversized = (reason: string): ProtocolError => new ProtocolError(CloseCode.oversized, reason);
