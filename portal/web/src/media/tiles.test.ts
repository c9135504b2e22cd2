import { describe, expect, it, vi } from 'vitest';
import { checkRelay, checkTurn, connectionWords, measureRelay, serversOver } from './connectionCheck';
import { faultSentences } from './faults';
import { loudness, SpeakingGate } from './speaking';
import { initialsOf, roleWord } from './Tile';
import { tileGrid } from './tileGrid';

describe('the grid of tiles', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('shows %i people whole in a wide area', (count) => {
    const grid = tileGrid(count, { width: 1_200, height: 640 });
    const rows = Math.ceil(count / grid.columns);
    expect(grid.columns * grid.width_px + (grid.columns - 1) * 8).toBeLessThanOrEqual(1_200);
    expect(rows * grid.height_px + (rows - 1) * 8).toBeLessThanOrEqual(641);
  });

  it('is one column in a narrow box and one row in a strip', () => {
    expect(tileGrid(3, { width: 150, height: 600 }).columns).toBe(1);
    expect(tileGrid(4, { width: 700, height: 100 }).columns).toBe(4);
  });

  it('scrolls at the smallest width rather than shrink to nothing', () => {
    const grid = tileGrid(8, { width: 240, height: 90 });
    expect(grid).toMatchObject({ columns: 2, width_px: 116 });
  });

  it('survives a box that has no size yet', () => {
    expect(tileGrid(4, { width: 0, height: 0 })).toMatchObject({ columns: 1, width_px: 1 });
  });
});

describe('what a tile says', () => {
  it.each([
    ['Ada Okafor', 'AO'],
    ['  Zoë ', 'Z'],
    ['Samira Haddad Lindqvist', 'SL'],
    ['李 小龍', '李小'],
    ['', ''],
  ])('has the initials of %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });

  it('calls an unknown role a guest', () => {
    expect(roleWord('tutor')).toBe('Tutor');
    expect(roleWord('wizard')).toBe('Guest');
  });

  it('puts the same fault of both devices into one sentence', () => {
    expect(faultSentences('denied', 'denied')).toHaveLength(1);
    expect(faultSentences('missing', 'busy')).toHaveLength(2);
    expect(faultSentences(null, null)).toEqual([]);
  });
});

describe('who speaks', () => {
  it('measures silence as nothing and a full tone as everything', () => {
    expect(loudness(new Float32Array(512))).toBe(0);
    expect(loudness(Float32Array.from({ length: 512 }, (_, i) => Math.sin(i / 3)))).toBe(1);
  });

  it('holds the ring through the pauses between words', () => {
    const gate = new SpeakingGate();
    expect(gate.update(0.6, 1_000)).toBe(true);
    expect(gate.update(0, 1_300)).toBe(true);
    expect(gate.update(0, 1_500)).toBe(false);
  });
});

class FakeSocket {
  onmessage: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  close(): void {
    this.closed = true;
  }
}

describe('the connection check', () => {
  it.each([
    ['onmessage', true],
    ['onerror', false],
    ['onclose', false],
  ] as const)('takes %s as %s', async (event, reached) => {
    const socket = new FakeSocket();
    const result = checkRelay('ws://relay.example/v1/session', () => socket as unknown as WebSocket);
    socket[event]?.();
    expect(await result).toBe(reached);
    expect(socket.closed).toBe(true);
  });

  it('takes an address that the browser refuses as unreachable', async () => {
    const refuse = (): WebSocket => {
      throw new DOMException('bad address', 'SyntaxError');
    };
    expect(await checkRelay('nonsense', refuse)).toBe(false);
  });

  it('tells the ways to a TURN server apart', () => {
    const servers = [{ urls: ['turn:a:3478', 'turn:a:3478?transport=tcp', 'turns:a:443'], username: 'u' }];
    expect(serversOver(false, servers)).toEqual([{ urls: ['turn:a:3478'], username: 'u' }]);
    expect(serversOver(true, servers)[0]?.urls).toHaveLength(2);
    expect(serversOver(true, [{ urls: 'turn:a:3478' }])).toEqual([]);
  });

  it('asks no TURN server where the school has none', async () => {
    expect(await checkTurn([])).toBeNull();
  });

  it('says that UDP is blocked', () => {
    const blocked = { relay: true, direct: true, udp: false };
    expect(connectionWords({ ...blocked, tcp: true }).text).toBe(
      'Your network blocks UDP: using TCP through the server',
    );
    expect(connectionWords({ ...blocked, tcp: false }).text).toContain('the board works');
    expect(connectionWords({ relay: true, direct: true, udp: true, tcp: true }).tone).toBe('good');
  });

  it('measures the way to the relay without the request that makes the connection', async () => {
    const asked: string[] = [];
    const tripsMs = [80, 30, 20, 25];
    const ask = (url: string): Promise<unknown> => {
      const tookMs = tripsMs[asked.push(url) - 1] ?? 0;
      return new Promise((resolve) => setTimeout(resolve, tookMs));
    };
    vi.useFakeTimers();
    const found = measureRelay('wss://relay.example/v1/session', ask);
    await vi.runAllTimersAsync();
    expect(Math.round((await found) ?? 0)).toBe(20);
    vi.useRealTimers();
    expect(asked[0]).toBe('https://relay.example/v1/session');
    expect(await measureRelay('ws://relay.example/v1/session', () => Promise.reject(new TypeError()))).toBeNull();
  });

  it('tells how far the relay is', () => {
    const ready = { relay: true, direct: true };
    expect(connectionWords({ ...ready, relayRttMs: 44.6 }).text).toBe(
      'Your connection is ready · 45 ms to the lesson server',
    );
    const slow = connectionWords({ ...ready, relayRttMs: 620 });
    expect([slow.tone, slow.text.endsWith('which is slow')]).toEqual(['fair', true]);
    expect(connectionWords({ relay: false, direct: true, relayRttMs: 30 }).text).not.toContain('ms');
  });

  it('says it in plain words', () => {
    expect(connectionWords({ relay: true, direct: true }).text).toBe('Your connection is ready');
    expect(connectionWords({ relay: true, direct: false }).text).toBe(
      'Your network blocks direct connections: using the server',
    );
    expect(connectionWords({ relay: false, direct: true }).tone).toBe('bad');
    expect(connectionWords({ relay: null, direct: true }).tone).toBe('good');
  });
});
