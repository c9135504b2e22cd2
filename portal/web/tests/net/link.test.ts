import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bytes, formatBase64Url } from '../../src/core/bytes';
import { fingerprintText, importPoint, type PublicKey, SessionKey } from '../../src/core/keys';
import { encodeMessage, type Message } from '../../src/core/messages';
import type { Agent, SignalData } from '../../src/net/control';
import { Link } from '../../src/net/link';
import { NO_MEDIA, orderCodecs } from '../../src/net/media';
import { ROOM, sessionOf } from '../support/school';

/** Enough of RTCPeerConnection to follow a negotiation. */
class FakePeer {
  static made: FakePeer[] = [];
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  closed = false;
  readonly candidates: unknown[] = [];
  readonly channels: { label: string; init: RTCDataChannelInit; channel: FakeChannel }[] = [];

  constructor() {
    FakePeer.made.push(this);
    queueMicrotask(() => this.onnegotiationneeded?.());
  }
  createDataChannel(label: string, init: RTCDataChannelInit): FakeChannel {
    const channel = new FakeChannel();
    this.channels.push({ label, init, channel });
    return channel;
  }
  addTransceiver(kind: string): object {
    const sender = { replaceTrack: async () => {}, getParameters: () => ({ encodings: [] }) };
    return { receiver: { track: { kind } }, sender, setCodecPreferences: () => {} };
  }
  getTransceivers(): object[] {
    return [];
  }
  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.localDescription = { type, sdp: `v=0\r\na=fingerprint:sha-256 ${type}\r\n` };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  }
  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    this.remoteDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
  }
  async addIceCandidate(candidate: unknown): Promise<void> {
    this.candidates.push(candidate);
  }
  async getStats(): Promise<ReadonlyMap<string, object>> {
    return new Map();
  }
  restartIce(): void {}
  close(): void {
    this.closed = true;
  }
}

class FakeChannel {
  readyState: RTCDataChannelState = 'connecting';
  bufferedAmount = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: Bytes[] = [];
  send(bytes: Bytes): void {
    this.sent.push(bytes);
  }
  open(): void {
    this.readyState = 'open';
    this.onopen?.();
  }
}

const [LOW, HIGH] = [sessionOf(1), sessionOf(2)];
let own: SessionKey;
let other: SessionKey;
let otherKey: PublicKey;

beforeAll(async () => {
  own = await SessionKey.generate();
  other = await SessionKey.generate();
  otherKey = await importPoint(other.point);
});
beforeEach(() => {
  FakePeer.made = [];
});

function link(me = LOW, peer = HIGH, agent: Agent = 'browser') {
  const signals: SignalData[] = [];
  const messages: Message[] = [];
  const made = new Link(
    {
      room: ROOM,
      own: me,
      peer,
      peerKey: otherKey,
      agent,
      sign: own.sign,
      config: {},
      createPeer: () => new FakePeer() as unknown as RTCPeerConnection,
      lastEpoch: 0,
    },
    NO_MEDIA,
    {
      signal: (data) => signals.push(data) > 0,
      message: (message) => void messages.push(message),
      bulk: () => {},
      bulkDrained: () => {},
      opened: () => {},
      changed: () => {},
      track: () => {},
    },
  );
  return { link: made, signals, messages };
}

async function described(
  kind: 'offer' | 'answer',
  epoch: number,
  by = other,
  from = HIGH,
  to = LOW,
): Promise<Extract<SignalData, { sdp: string }>> {
  const sdp = `v=0\r\na=fingerprint:sha-256 ${kind}\r\n`;
  return { epoch, kind, sdp, mids: {}, fp: formatBase64Url(await by.sign(fingerprintText(ROOM, from, to, sdp))) };
}

const peer = (n = -1): FakePeer => {
  const found = FakePeer.made.at(n);
  if (found === undefined) throw new Error('no peer connection');
  return found;
};

test('the smaller id offers, with signed fingerprints and negotiated channels M1–M4', async () => {
  const { link: made, signals } = link();
  made.begin();
  await vi.waitFor(() => expect(signals).toHaveLength(1));
  expect(signals[0]).toMatchObject({ epoch: 1, kind: 'offer' });
  expect(peer().channels.map(({ label, init }) => [label, init.id, init.ordered, init.maxRetransmits])).toEqual([
    ['sync', 0, undefined, undefined],
    ['live', 1, false, 0],
    ['bulk', 2, undefined, undefined],
  ]);
  made.receiveSignal(await described('answer', 1));
  await vi.waitFor(() => expect(peer().signalingState).toBe('stable'));
  made.close();
});

test('the larger id waits for the offer and answers it; a Python peer is always offered to M1', async () => {
  const { link: waits, signals } = link(HIGH, LOW);
  waits.begin();
  expect(FakePeer.made).toHaveLength(0);
  waits.receiveSignal(await described('offer', 1, other, LOW, HIGH));
  await vi.waitFor(() => expect(signals).toMatchObject([{ epoch: 1, kind: 'answer' }]));
  const { link: offers, signals: offered } = link(HIGH, LOW, 'python');
  offers.begin();
  await vi.waitFor(() => expect(offered).toMatchObject([{ epoch: 1, kind: 'offer' }]));
});

test('a description without a good signature is dropped M4', async () => {
  const { link: made } = link();
  made.begin();
  await vi.waitFor(() => expect(peer().signalingState).toBe('have-local-offer'));
  const good = await described('answer', 1);
  made.receiveSignal({ ...good, sdp: good.sdp.replace('answer', 'stolen') });
  made.receiveSignal({ ...good, fp: '*' });
  made.receiveSignal(await described('answer', 1, own));
  made.receiveSignal(await described('answer', 1, other, LOW, HIGH));
  made.receiveSignal({ epoch: 1, kind: 'candidate', candidate: 'x', mid: '0', line: 0 });
  made.receiveSignal(good);
  await vi.waitFor(() => expect(peer().remoteDescription).toEqual({ type: 'answer', sdp: good.sdp }));
  expect(peer().candidates).toEqual([]);
});

test('a hello with the next epoch gets a new offer, and older epochs are not heard M5', async () => {
  const { link: made, signals } = link(LOW, HIGH, 'python');
  made.begin();
  await vi.waitFor(() => expect(signals).toHaveLength(1));
  made.receiveSignal({ epoch: 2, kind: 'hello' });
  await vi.waitFor(() => expect(signals.at(-1)).toMatchObject({ epoch: 2, kind: 'offer' }));
  expect([FakePeer.made.length, peer(0).closed]).toEqual([2, true]);
  made.receiveSignal(await described('answer', 1));
  made.receiveSignal(await described('answer', 2));
  await vi.waitFor(() => expect(peer().signalingState).toBe('stable'));
});

test('on glare the offering side does not listen, the other yields M1', async () => {
  const { link: firm } = link();
  firm.begin();
  await vi.waitFor(() => expect(peer().signalingState).toBe('have-local-offer'));
  firm.receiveSignal(await described('offer', 1));
  firm.receiveSignal(await described('answer', 1));
  await vi.waitFor(() => expect(peer().remoteDescription?.type).toBe('answer'));
});

describe('messages', () => {
  async function open() {
    const made = link();
    made.link.begin();
    const sync = peer().channels[0]?.channel;
    if (sync === undefined) throw new Error('no channel');
    sync.open();
    return { ...made, sync, hear: (message: Message) => sync.onmessage?.({ data: encodeMessage(message).buffer }) };
  }

  test('pings are answered, round trips measured, silence is down and speech is up again M6', async () => {
    const { link: made, sync, hear } = await open();
    const now = Date.now();
    made.beat(now, true);
    hear({ type: 'PING', nonce: 3n });
    expect(sync.sent).toHaveLength(2);
    hear({ type: 'PONG', nonce: 1n });
    expect(made.rttMs).not.toBeNull();
    made.beat(now + 4_000, true);
    expect(made.state).toBe('down');
    hear({ type: 'PING', nonce: 4n });
    expect(made.state).toBe('up');
  });

  test.each<Message>([
    { type: 'ACK', entries: [] },
    { type: 'SYNCED', docs: [] },
  ])('$type on a data channel closes the link M9', async (message) => {
    const { link: made, hear, messages } = await open();
    hear(message);
    expect([made.state, messages]).toEqual(['closed', []]);
  });

  test.each([new Uint8Array([99]).buffer, 'text', new ArrayBuffer(70_000)])(
    'garbage closes the link W6',
    async (data) => {
      const { link: made, sync } = await open();
      sync.onmessage?.({ data });
      expect(made.state).toBe('closed');
    },
  );

  test('a full queue is not fed', async () => {
    const { link: made, sync } = await open();
    sync.bufferedAmount = 2_000_000;
    expect(made.sendSync({ type: 'TICKET', token: 'x' })).toBe(false);
    sync.bufferedAmount = 0;
    expect(made.sendSync({ type: 'TICKET', token: 'x' })).toBe(true);
  });
});

test('RED goes before Opus and VP8 before the rest', () => {
  const named = (...names: string[]) => names.map((mimeType) => ({ mimeType }));
  expect(orderCodecs(named('audio/opus', 'audio/G722', 'audio/red'), 'audio')).toEqual(
    named('audio/red', 'audio/opus', 'audio/G722'),
  );
  expect(orderCodecs(named('video/AV1', 'video/rtx', 'video/VP8'), 'video')[0]?.mimeType).toBe('video/VP8');
});
