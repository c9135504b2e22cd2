import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bytes, formatBase64Url } from '../../src/core/bytes';
import { CloseCode, ProtocolError } from '../../src/core/errors';
import { decodeMessage, encodeMessage } from '../../src/core/messages';
import { decodeRelayControl } from '../../src/net/control';
import { PortalError } from '../../src/net/portal';
import { SessionSocket, type SocketHooks, type SocketLike } from '../../src/net/socket';

class FakeSocket implements SocketLike {
  binaryType: BinaryType = 'blob';
  bufferedAmount = 0;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  readonly sent: (string | Bytes)[] = [];
  closed = false;
  send(data: string | Bytes): void {
    this.sent.push(data);
  }
  close(): void {
    this.closed = true;
  }
  say(control: object): void {
    this.onmessage?.({ data: JSON.stringify(control) } as MessageEvent);
  }
  types(): string[] {
    return this.sent.flatMap((data) => (typeof data === 'string' ? [] : [decodeMessage(data, 1e6).type]));
  }
}

const WELCOME = {
  t: 'welcome',
  room: 'r',
  session: 's',
  now_ms: 0,
  room_ms: 0,
  participants: [],
  sessions: [],
  revocations: [],
  frozen: [],
};

function relay(hooks: Partial<SocketHooks> = {}) {
  const sockets: FakeSocket[] = [];
  const states: string[] = [];
  const stopped = vi.fn();
  const credentials = vi.fn(async (_renew: boolean) => ({
    url: 'ws://x',
    ticket: 'token',
    sign: async () => new Uint8Array(64),
  }));
  const socket = new SessionSocket({
    credentials,
    have: () => new Uint8Array([3, 0, 0]),
    control: () => {},
    message: () => {},
    state: (state) => void states.push(state),
    stopped,
    connect: () => {
      const made = new FakeSocket();
      sockets.push(made);
      return made;
    },
    ...hooks,
  });
  const last = (): FakeSocket => {
    const found = sockets.at(-1);
    if (found === undefined) throw new Error('no socket');
    return found;
  };
  const welcome = async (): Promise<FakeSocket> => {
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(0));
    last().say({ t: 'challenge', nonce: formatBase64Url(new Uint8Array(32)) });
    await vi.waitFor(() => expect(last().sent).toHaveLength(1));
    last().say({ ...WELCOME, now_ms: Date.now() + 60_000 });
    return last();
  };
  return { socket, sockets, states, stopped, credentials, last, welcome };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('challenge, hello, welcome: online, with the room’s clock S1–S3, E10', async () => {
  const { socket, states, welcome } = relay();
  socket.start();
  const made = await welcome();
  const hello = JSON.parse(made.sent[0] as string);
  expect(hello).toMatchObject({ t: 'hello', ticket: 'token', agent: 'browser', mode: 'live', have: 'AwAA' });
  expect(states).toEqual(['connecting', 'online']);
  expect(Math.abs(socket.offsetMs - 60_000)).toBeLessThan(100);
  socket.stop();
});

test('pings, answers pings, and is replaced when nothing is heard for 8 s S9', async () => {
  const { socket, sockets, welcome } = relay();
  socket.start();
  const made = await welcome();
  made.onmessage?.({ data: encodeMessage({ type: 'PING', nonce: 5n }).buffer } as MessageEvent);
  expect(made.types()).toEqual(['PONG']);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(made.types()).toEqual(['PONG', 'PING']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(made.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sockets).toHaveLength(2);
  socket.stop();
});

describe('closing', () => {
  test.each([CloseCode.try_later, CloseCode.restarting, CloseCode.too_slow, 1006, CloseCode.hello_timeout])(
    '%i is tried again, ever more slowly up to 5 s X',
    async (code) => {
      const { socket, sockets, welcome } = relay();
      socket.start();
      await welcome();
      const waits: number[] = [];
      for (let i = 0; i < 8; i++) {
        const before = Date.now();
        const { length } = sockets;
        sockets.at(-1)?.onclose?.({ code, reason: '' });
        while (sockets.length === length) await vi.advanceTimersByTimeAsync(10);
        waits.push(Date.now() - before);
      }
      expect(waits[0]).toBeLessThanOrEqual(310);
      expect(Math.max(...waits)).toBeGreaterThan(2_000);
      expect(Math.max(...waits)).toBeLessThanOrEqual(5_010);
      socket.stop();
    },
  );

  test.each([
    CloseCode.malformed,
    CloseCode.revoked,
    CloseCode.replaced,
    CloseCode.room_closed,
    CloseCode.rate_limited,
  ])('%i stops until somebody asks X', async (code) => {
    const { socket, sockets, stopped, welcome } = relay();
    socket.start();
    const made = await welcome();
    made.onclose?.({ code, reason: 'no' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sockets.length, socket.state]).toEqual([1, 'stopped']);
    expect(stopped).toHaveBeenCalledWith(code, 'no');
    socket.retry();
    await vi.advanceTimersByTimeAsync(10);
    expect(sockets).toHaveLength(2);
    socket.stop();
  });

  test('4402 asks for a renewed ticket', async () => {
    const { socket, credentials, welcome } = relay();
    socket.start();
    const made = await welcome();
    made.onclose?.({ code: CloseCode.ticket_expired, reason: '' });
    await vi.advanceTimersByTimeAsync(400);
    expect(credentials.mock.calls).toEqual([[false], [true]]);
    socket.stop();
  });

  test('a portal that says no stops it; one that is away is asked again', async () => {
    let error = new PortalError(0, 'unreachable', 'away');
    const credentials = vi.fn(() => Promise.reject(error));
    const { socket, stopped } = relay({ credentials });
    socket.start();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(credentials.mock.calls.length).toBeGreaterThan(1);
    error = new PortalError(403, 'forbidden', 'Not your lesson.');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stopped).toHaveBeenCalledWith(403, 'Not your lesson.');
    const { length } = credentials.mock.calls;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(credentials.mock.calls).toHaveLength(length);
    socket.stop();
  });
});

test('a relay that talks nonsense is left W6', async () => {
  const { socket, welcome } = relay();
  socket.start();
  const made = await welcome();
  made.onmessage?.({ data: new Uint8Array([99]).buffer } as MessageEvent);
  expect([made.closed, socket.state]).toEqual([true, 'offline']);
  socket.stop();
});

test('a line that does not drain is not fed', async () => {
  const { socket, welcome } = relay();
  socket.start();
  const made = await welcome();
  made.bufferedAmount = 100_000;
  const live = { session: '0000000000000001', tick: 1, page: 'main', cursor: null, laser: false, ink: null } as never;
  expect(socket.send({ type: 'LIVE', live })).toBe(false);
  expect(socket.send({ type: 'TICKET', token: 'x' })).toBe(true);
  made.bufferedAmount = 10_000_000;
  expect(socket.send({ type: 'TICKET', token: 'x' })).toBe(false);
  socket.stop();
});

test.each([
  'x',
  '[]',
  '{"t":"welcome"}',
  '{"t":"signal","from":"zz","data":{}}',
  '{"t":"left"}',
  '{"t":"signal","from":"0000000000000001","data":{"epoch":1,"kind":"offer"}}',
])('hostile control %s is a ProtocolError W6', (text) => {
  expect(() => decodeRelayControl(text)).toThrow(ProtocolError);
});

test('a control object of a later version is passed over', () => {
  expect(decodeRelayControl('{"t":"fireworks","x":1}')).toEqual({ t: 'unknown' });
});
