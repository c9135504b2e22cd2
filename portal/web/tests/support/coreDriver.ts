/** One participant of the real core in Node, told what to do by JSON lines: one question in, one answer out. */
import { createInterface } from 'node:readline';
import { Board } from '../../src/core/board';
import { formatBase64Url, parseBase64Url } from '../../src/core/bytes';
import { Chat } from '../../src/core/chat';
import { decodeEnvelope, type Envelope } from '../../src/core/envelope';
import { asRoomId, BOARD, CHAT, MAIN_PAGE, type ShapeId } from '../../src/core/ids';
import { loadJwks, SessionKey } from '../../src/core/keys';
import { decodeMessage, encodeMessage } from '../../src/core/messages';
import { Replica } from '../../src/core/replica';
import { isLine, isWritten, type Shape } from '../../src/core/shape';

interface Question {
  readonly do: string;
  readonly room: string;
  readonly jwks: unknown;
  readonly client: number;
  readonly token: string;
  readonly nowMs: number;
  readonly data: readonly string[];
  /** Numbers and words that the asker drew: the same question has the same effect. */
  readonly pick: number;
  readonly word: string;
}

let replica: Replica;
let board: Board;
let chat: Chat;
let key: SessionKey;
let sealed: Envelope[] = [];

async function begin({ room, jwks, client }: Question): Promise<object> {
  key = await SessionKey.generate();
  sealed = [];
  replica = new Replica(asRoomId(room), client, await loadJwks(jwks), {
    persist: async () => {},
    authored: (envelope) => void sealed.push(envelope),
    edited: () => {},
    numbered: () => {},
  });
  board = new Board(replica.doc(BOARD));
  chat = new Chat(replica.doc(CHAT));
  return { point: formatBase64Url(key.point) };
}

const all = (): Shape[] => {
  const shapes = [...replica.doc(BOARD).getMap('shapes').keys()].map((id) => board.shape(id as ShapeId));
  return shapes.filter((shape) => shape !== null);
};

const EDITS: Record<string, (question: Question) => unknown> = {
  stroke: ({ nowMs, pick }) =>
    board.addStroke({
      page: MAIN_PAGE,
      points: [
        { x: pick % 100, y: 1, pressure: 90, t: 0 },
        { x: 10, y: 5, pressure: 120, t: 16 },
      ],
      kind: 'draw',
      colour: 'red',
      size: 4,
      nowMs,
    }),
  text: ({ nowMs, word }) =>
    board.addText({ page: MAIN_PAGE, x: 1, y: 1, text: word, colour: 'blue', size: 24, nowMs }),
  thing: ({ nowMs, pick, word }) => {
    const box = { x: 1, y: 1, w: 40 + (pick % 90), h: 30, form: 'ellipse', text: word, colour: 'blue', size: 4 };
    const shapes = all();
    board.addThing({ type: 'geo', page: MAIN_PAGE, fields: box, nowMs });
    const way = { x: 5, y: 5, dx: 300, dy: pick % 70, colour: 'red', size: 2 };
    const bound = shapes[pick % Math.max(1, shapes.length)]?.id;
    const fields = { ...way, ...(bound ? { start: bound } : {}) };
    board.addThing({ type: 'arrow', page: MAIN_PAGE, fields, nowMs });
  },
  look: ({ pick }) => {
    const shapes = all();
    const chosen = shapes[pick % Math.max(1, shapes.length)];
    if (chosen) board.setFields([chosen.id], pick % 2 ? { rotation: 0.5 } : { w: 20 + (pick % 50) });
  },
  edit: ({ pick, word }) => {
    const texts = all().filter((shape) => shape.type === 'text' && !shape.erased);
    const chosen = texts[pick % Math.max(1, texts.length)];
    if (chosen?.type !== 'text') return;
    const points = [...chosen.text];
    points.splice(pick % (points.length + 1), pick % 3, word);
    board.editText(chosen.id, points.join(''));
  },
  move: ({ pick }) =>
    board.move(
      all().flatMap(({ id }, i) => ((pick >> (i % 8)) & 1 ? [id] : [])),
      pick % 9,
      1,
    ),
  erase: ({ pick }) => {
    const shapes = all();
    const chosen = shapes[pick % Math.max(1, shapes.length)];
    if (chosen !== undefined) board.erase([chosen.id]);
  },
  undo: () => board.undo(),
  redo: () => board.redo(),
  page: () => board.addPage({ title: 'p' }),
  chat: ({ nowMs, word }) => chat.post(word === '' ? 'hello' : word, nowMs),
};

/** Messages in, as bytes of section B; what they call for comes back the same way. */
async function receive({ data, nowMs }: Question): Promise<object> {
  const bad: string[] = [];
  const out: string[] = [];
  const say = (message: Parameters<typeof encodeMessage>[0]): void =>
    void out.push(formatBase64Url(encodeMessage(message)));
  for (const text of data) {
    const message = decodeMessage(parseBase64Url(text), 65_536);
    const events =
      message.type === 'ENVELOPE'
        ? await replica.receive(message.envelope, 'peer', nowMs)
        : message.type === 'TICKET'
          ? (await replica.admitTicket(message.token, nowMs)).events
          : [];
    for (const event of events) {
      if (event.kind === 'refused') bad.push(`${event.kind} ${event.rule}`);
      else if (event.kind === 'equivocation') bad.push(event.kind);
    }
    if (message.type === 'HAVE') {
      if (replica.mismatches(message.heads).length > 0) bad.push('mismatch');
      if (message.replyWanted) say({ type: 'HAVE', replyWanted: false, heads: replica.heads() });
      const { tickets, envelopes } = replica.missingFor(message.heads, () => true, 524_288);
      for (const token of tickets) say({ type: 'TICKET', token });
      for (const envelope of envelopes) say({ type: 'ENVELOPE', envelope });
    } else if (message.type === 'WANT') {
      for (let seq = message.from; seq <= message.to; seq++) {
        const envelope = replica.envelope(message.doc, message.session, seq);
        if (envelope !== null) say({ type: 'ENVELOPE', envelope });
      }
    }
  }
  return { bad, out };
}

const strings = (envelopes: readonly Envelope[]): string[] => envelopes.map(({ raw }) => formatBase64Url(raw));

function content(): object {
  const shapes = all().map((shape) => [
    shape.id,
    shape.type,
    shape.page,
    shape.index,
    shape.x,
    shape.y,
    shape.colour,
    shape.size,
    shape.createdMs,
    shape.erased,
    'ink' in shape && shape.ink ? formatBase64Url(shape.ink) : isWritten(shape) ? shape.text : '',
    shape.rotation,
    ...('w' in shape ? [shape.w, shape.h] : [0, 0]),
    ...(isLine(shape) ? Object.values(shape.ends).map((px) => Math.round(px * 1000)) : []),
  ]);
  const pages = board.pages().map(({ id, index, title }) => [id, index, title]);
  const messages = chat.messages().map(({ id, author, text, at }) => [id, author, text, at]);
  return { shapes, pages, messages };
}

async function answer(question: Question): Promise<object> {
  switch (question.do) {
    case 'begin':
      return begin(question);
    case 'own': {
      const { ticket } = await replica.admitTicket(question.token, question.nowMs);
      replica.setOwn({ ticket, sign: key.sign });
      board.setAuthor(ticket.session);
      chat.setAuthor(ticket.session);
      return {};
    }
    case 'flush':
      await replica.flushLocal(question.nowMs);
      return { envelopes: strings(sealed.splice(0)) };
    case 'receive':
      return receive(question);
    case 'load': {
      const found = question.data.map((text) => decodeEnvelope(parseBase64Url(text)));
      const events = await Promise.all(found.map((envelope) => replica.receive(envelope, 'store', question.nowMs)));
      return { bad: events.flat().flatMap(({ kind }) => (kind === 'applied' ? [] : [kind])) };
    }
    case 'kept':
      return { envelopes: strings(replica.log), tokens: [...replica.tickets.values()].map(({ token }) => token) };
    case 'have':
      return { out: [formatBase64Url(encodeMessage({ type: 'HAVE', replyWanted: true, heads: replica.heads() }))] };
    case 'wants':
      return {
        out: replica.wants(question.nowMs).map((want) => formatBase64Url(encodeMessage({ type: 'WANT', ...want }))),
      };
    case 'expire':
      replica.expire(question.nowMs);
      return {};
    case 'content':
      return content();
    default:
      EDITS[question.do]?.(question);
      return {};
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
