/** Pages in a lesson over a relay in memory, and over a wire in memory where they need connections to each other. */
import { expect, vi } from 'vitest';
import { MAIN_PAGE, type ShapeId } from '../../src/core/ids';
import { LessonSession } from '../../src/net/session';
import { MemoryPortal } from './portal';
import type { MemoryRelay } from './relay';
import type { School } from './school';

/** A peer connection that never connects. */
class NoPeer extends EventTarget {
  signalingState = 'stable';
  connectionState = 'new';
  localDescription = null;
  createDataChannel = (): object => ({ readyState: 'connecting', bufferedAmount: 0 });
  addTransceiver = (kind: string): object => ({
    receiver: { track: { kind } },
    sender: { replaceTrack: async () => {}, getParameters: () => ({ encodings: [] }) },
    setCodecPreferences: () => {},
  });
  getTransceivers = (): object[] => [];
  setLocalDescription = async (): Promise<void> => {};
  setRemoteDescription = async (): Promise<void> => {};
  restartIce = (): void => {};
  close = (): void => {};
}

/** The pages that are open; `close` at the end of each test. */
export class Pages {
  private readonly open = new Set<LessonSession>();

  constructor(
    public relay: MemoryRelay,
    private readonly createPeer: (config: RTCConfiguration) => RTCPeerConnection = () =>
      new NoPeer() as unknown as RTCPeerConnection,
  ) {}

  async join(portal: MemoryPortal): Promise<LessonSession> {
    const session = await LessonSession.open({
      lesson: 'L1',
      portal,
      connect: this.relay.connect,
      createPeer: this.createPeer,
    });
    this.open.add(session);
    return session;
  }

  /** Tara is the tutor, everybody else a student. */
  joinAs(school: School, user: string): Promise<LessonSession> {
    return this.join(new MemoryPortal(school, user, user === 'tara' ? 'tutor' : 'student'));
  }

  async leave(session: LessonSession): Promise<void> {
    this.open.delete(session);
    await session.close();
  }

  async forget(session: LessonSession): Promise<void> {
    this.open.delete(session);
    await session.forget();
  }

  async close(): Promise<void> {
    for (const session of [...this.open]) await this.leave(session);
  }
}

export const stroke = (session: LessonSession): ShapeId[] =>
  session.board.addStroke({
    page: MAIN_PAGE,
    points: [
      { x: 1, y: 2, pressure: 9, t: 0 },
      { x: 5, y: 2, pressure: 9, t: 9 },
    ],
    kind: 'draw',
    colour: 'blue',
    size: 4,
    nowMs: session.now(),
  });

export const saved = (session: LessonSession): Promise<void> =>
  vi.waitFor(() => expect(session.diagnostics().unacked()).toBe(0), 5_000);

export const online = (session: LessonSession): Promise<void> =>
  vi.waitFor(() => expect(session.connection.relay).toBe('online'), 5_000);
