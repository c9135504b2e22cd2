import { describe, expect, test } from 'vitest';
import { formatHex } from '../../src/core/bytes';
import { decodeEnvelope, encodeBody, envelopeHash, signedText, verifyEnvelope } from '../../src/core/envelope';
import { ProtocolError, TicketError } from '../../src/core/errors';
import { asRoomId, asSessionId, parseDocRef } from '../../src/core/ids';
import { fingerprintText, helloText, importPoint, loadJwks, verifySignature } from '../../src/core/keys';
import { Replica } from '../../src/core/replica';
import { readRevocation } from '../../src/core/revocation';
import { checkAdmission, readTicket } from '../../src/core/ticket';
import { hex, vectors } from './vectors';

const envelopes = vectors<{
  room: string;
  public: string;
  good: ({ seq: number; authored_ms: number } & Record<
    'doc' | 'session' | 'prev' | 'update' | 'body' | 'signed_text' | 'hash' | 'sig' | 'raw',
    string
  >)[];
  bad_signature: { why: string; room: string; raw: string; code: number }[];
  malformed: { why: string; hex: string }[];
}>('envelopes');

describe('envelope vectors E1–E3', () => {
  const room = asRoomId(envelopes.room);
  test.each(envelopes.good)('$doc $seq', async (good) => {
    const envelope = decodeEnvelope(hex(good.raw));
    expect([envelope.doc.text, envelope.session, envelope.seq, envelope.authoredMs]).toEqual([
      good.doc,
      good.session,
      good.seq,
      good.authored_ms,
    ]);
    const fields = { ...envelope, prev: hex(good.prev), update: hex(good.update), doc: parseDocRef(good.doc) };
    expect(formatHex(encodeBody(fields))).toBe(good.body);
    expect(formatHex(signedText(room, envelope.body))).toBe(good.signed_text);
    expect(formatHex(await envelopeHash(room, envelope.body))).toBe(good.hash);
    expect(await verifyEnvelope(room, envelope, await importPoint(hex(envelopes.public)))).toBe(true);
  });
  test.each(envelopes.bad_signature)('signature does not hold: $why', async ({ room: other, raw }) => {
    const key = await importPoint(hex(envelopes.public));
    expect(await verifyEnvelope(asRoomId(other), decodeEnvelope(hex(raw)), key)).toBe(false);
  });
  test.each(envelopes.bad_signature.filter((one) => one.room === envelopes.room))(
    'and a peer that brings it is refused with $code: $why',
    async ({ raw, code }) => {
      const hooks = { persist: async () => {}, authored: () => {}, edited: () => {}, numbered: () => {} };
      const replica = new Replica(room, 1, await loadJwks(tickets.jwks), hooks);
      await replica.admitTicket(tickets.good[0]?.token ?? '', 0);
      const events = await replica.receive(decodeEnvelope(hex(raw)), 'peer', 0);
      expect(events).toMatchObject([{ kind: 'refused', rule: 'E2', code }]);
    },
  );
  test.each(envelopes.malformed)('malformed: $why', ({ hex: raw }) => {
    expect(() => decodeEnvelope(hex(raw))).toThrow(ProtocolError);
  });
});

const keys = vectors<{
  public: string;
  hello: { nonce: string; token: string; text: string; proof: string; good: boolean }[];
  fingerprints: { room: string; from: string; to: string; sdp: string; text: string }[];
}>('keys');

describe('key vectors S2, M4', () => {
  test.each(keys.hello)('hello proof, good: $good', async ({ nonce, token, text, proof, good }) => {
    const signed = await helloText(hex(nonce), token);
    if (good) expect(formatHex(signed)).toBe(text);
    expect(await verifySignature(await importPoint(hex(keys.public)), hex(proof), signed)).toBe(good);
  });
  test.each(keys.fingerprints)('fingerprints of $from to $to', ({ room, from, to, sdp, text }) => {
    expect(formatHex(fingerprintText(asRoomId(room), asSessionId(from), asSessionId(to), sdp))).toBe(text);
  });
});

interface TicketFields {
  readonly [claim: string]: unknown;
  readonly caps: string[];
}
const tickets = vectors<{
  jwks: unknown;
  good: { token: string; ticket: TicketFields }[];
  refused: { why: string; token: string; code: number }[];
  admission: { token: string; room: string; now_ms: number; code: number | null }[];
  second: { why: string; first: string; then: string; honoured: boolean }[];
}>('tickets');

describe('ticket vectors T1, T2, T4', async () => {
  const jwks = await loadJwks(tickets.jwks);
  test.each(tickets.good)('good $ticket.session', async ({ token, ticket: expected }) => {
    const ticket = await readTicket(token, jwks);
    expect({
      room: ticket.room,
      user: ticket.user,
      name: ticket.name,
      role: ticket.role,
      caps: [...ticket.caps].sort(),
      session: ticket.session,
      client: ticket.client,
      key: formatHex(ticket.key),
      colour: ticket.colour,
      unrecorded: ticket.unrecorded,
      issued_ms: ticket.issuedMs,
      expires_ms: ticket.expiresMs,
    }).toEqual(expected);
  });
  test.each(tickets.refused)('refused: $why', async ({ token, code }) => {
    await expect(readTicket(token, jwks)).rejects.toThrow(expect.objectContaining({ name: 'TicketError', code }));
  });
  test.each(tickets.admission)('admission to $room at $now_ms: $code', async ({ token, room, now_ms, code }) => {
    const ticket = await readTicket(token, jwks);
    const admit = (): void => checkAdmission(ticket, asRoomId(room), now_ms);
    if (code === null) expect(admit).not.toThrow();
    else expect(admit).toThrow(expect.objectContaining({ code }));
  });
  test.each(tickets.second)('second ticket: $why', async ({ first, then, honoured }) => {
    const { room } = await readTicket(first, jwks);
    const hooks = { persist: async () => {}, authored: () => {}, edited: () => {}, numbered: () => {} };
    const replica = new Replica(room, 1, jwks, hooks);
    await replica.admitTicket(first, 0);
    if (honoured) await replica.admitTicket(then, 0);
    else await expect(replica.admitTicket(then, 0)).rejects.toThrow(TicketError);
  });
});

const revocations = vectors<{
  jwks: unknown;
  room: string;
  good: { token: string; revocation: Record<string, unknown> }[];
  refused: { why: string; token: string; code: number }[];
  steps: { name: string; steps: ['ticket' | 'revocation', string][]; revoked: string[] }[];
}>('revocations');

describe('revocation vectors T5', async () => {
  const jwks = await loadJwks(revocations.jwks);
  const room = asRoomId(revocations.room);
  test.each(revocations.good)('good: $revocation.reason', async ({ token, revocation: expected }) => {
    const { sessions, user, issuedMs, reason, room: named } = await readRevocation(token, jwks, room);
    const found = { room: named, sessions: [...new Set(sessions)].sort(), user, issued_ms: issuedMs, reason };
    expect(found).toEqual(expected);
  });
  test.each(revocations.refused)('refused: $why', async ({ token, code }) => {
    const reading = readRevocation(token, jwks, room);
    await expect(reading).rejects.toThrow(expect.objectContaining({ name: 'TicketError', code }));
  });
  test.each(revocations.steps)('$name', async ({ steps, revoked }) => {
    const hooks = { persist: async () => {}, authored: () => {}, edited: () => {}, numbered: () => {} };
    const replica = new Replica(room, 1, jwks, hooks);
    for (const [kind, token] of steps) {
      try {
        if (kind === 'ticket') await replica.admitTicket(token, 0);
        else await replica.revokeBy(token);
      } catch (error) {
        expect(error).toBeInstanceOf(TicketError);
      }
    }
    expect([...replica.revokedSessions].sort()).toEqual(revoked);
  });
});
