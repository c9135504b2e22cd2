import { describe, expect, it } from 'vitest';
import { LocalMedia, type MediaSource, type Memory } from './localMedia';

class FakeTrack extends EventTarget {
  enabled = true;
  readyState: 'live' | 'ended' = 'live';
  constructor(
    readonly kind: 'audio' | 'video',
    readonly id: string,
  ) {
    super();
  }
  getSettings(): MediaTrackSettings {
    return { deviceId: this.id };
  }
  stop(): void {
    this.readyState = 'ended';
  }
}

class FakeStream {
  tracks: FakeTrack[];
  constructor(tracks: FakeTrack[] = []) {
    this.tracks = tracks;
  }
  getAudioTracks(): FakeTrack[] {
    return this.tracks.filter(({ kind }) => kind === 'audio');
  }
  getVideoTracks(): FakeTrack[] {
    return this.tracks.filter(({ kind }) => kind === 'video');
  }
  addTrack(track: FakeTrack): void {
    this.tracks.push(track);
  }
  removeTrack(track: FakeTrack): void {
    this.tracks = this.tracks.filter((other) => other !== track);
  }
}

/** A browser with these devices; a fault makes asking for that device fail by that name. */
function browser(faults: { audio?: string; video?: string } = {}) {
  const asked: MediaStreamConstraints[] = [];
  const tracks: FakeTrack[] = [];
  const memory = new Map<string, string>();
  const source: MediaSource = {
    async getUserMedia(constraints) {
      asked.push(constraints);
      const stream = new FakeStream();
      for (const kind of ['audio', 'video'] as const) {
        const wanted = constraints[kind];
        if (!wanted) {
          continue;
        }
        const fault = faults[kind];
        if (fault) {
          throw new DOMException('no', fault);
        }
        const ideal =
          typeof wanted === 'object' ? (wanted.deviceId as ConstrainDOMStringParameters | undefined) : undefined;
        const track = new FakeTrack(kind, String(ideal?.ideal ?? `${kind}-1`));
        tracks.push(track);
        stream.addTrack(track);
      }
      return stream as unknown as MediaStream;
    },
    enumerateDevices: async () => [
      { kind: 'audioinput', deviceId: 'audio-1', label: 'Microphone', groupId: '', toJSON: () => null },
      { kind: 'videoinput', deviceId: 'video-1', label: 'Camera', groupId: '', toJSON: () => null },
    ],
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  };
  const storage: Memory = {
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => memory.set(key, value),
  };
  const newStream = () => new FakeStream() as unknown as MediaStream;
  const media = new LocalMedia({ source, memory: storage, newStream });
  return { media, asked, tracks, storage, source, newStream };
}

describe('opening camera and microphone', () => {
  it('asks once for both, small and with echo cancellation', async () => {
    const { media, asked } = browser();
    const stream = await media.open();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ audio: { echoCancellation: true }, video: { width: { ideal: 320 } } });
    expect(stream).not.toBeNull();
    expect(media.state.value.microphone).toMatchObject({ present: true, on: true, fault: null });
    expect(media.state.value.devices.cameras).toEqual([{ id: 'video-1', label: 'Camera' }]);
  });

  it.each([
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
    ['NotAllowedError', 'denied'],
    ['TypeError', 'failed'],
  ])('goes on with the voice alone when the camera fails with %s', async (name, fault) => {
    const { media } = browser({ video: name });
    await media.open();
    expect(media.state.value.microphone).toMatchObject({ present: true, fault: null });
    expect(media.state.value.camera).toMatchObject({ present: false, fault });
  });

  it('goes on with the camera alone when there is no microphone', async () => {
    const { media } = browser({ audio: 'NotFoundError' });
    expect(await media.open()).not.toBeNull();
    expect(media.state.value.camera.present).toBe(true);
    expect(media.state.value.microphone.fault).toBe('missing');
  });

  it('lets one only listen when both are refused', async () => {
    const { media } = browser({ audio: 'NotAllowedError', video: 'NotAllowedError' });
    expect(await media.open()).toBeNull();
    expect(media.state.value).toMatchObject({
      asking: false,
      microphone: { fault: 'denied' },
      camera: { fault: 'denied' },
    });
  });

  it('says that the page is not secure where the browser has no media devices', async () => {
    const media = new LocalMedia({ source: null, memory: null, newStream: () => new MediaStream() });
    expect(await media.open()).toBeNull();
    expect(media.state.value.microphone.fault).toBe('insecure');
  });
});

describe('switching devices on and off', () => {
  it('mutes the microphone without letting go of it', async () => {
    const { media, tracks } = browser();
    await media.open();
    await media.setMicrophone(false);
    expect(tracks[0]).toMatchObject({ enabled: false, readyState: 'live' });
    await media.setMicrophone(true);
    expect(media.state.value.microphone.on).toBe(true);
  });

  it('lets go of the camera when it is switched off, and tells the mesh', async () => {
    const { media, tracks, asked } = browser();
    await media.open();
    const heard: [string, boolean][] = [];
    media.onTrack((kind, track) => heard.push([kind, track !== null]));
    await media.setCamera(false);
    expect(tracks[1]?.readyState).toBe('ended');
    await media.setCamera(true);
    expect(heard).toEqual([
      ['video', false],
      ['video', true],
    ]);
    expect(asked.at(-1)).not.toHaveProperty('audio');
  });

  it('keeps the stream when another microphone is chosen, stays muted, and remembers the choice', async () => {
    const { media, storage, source, newStream } = browser();
    const stream = await media.open();
    await media.setMicrophone(false);
    await media.choose('microphone', 'audio-2');
    expect(media.state.value.stream).toBe(stream);
    expect(media.state.value.microphone).toMatchObject({ id: 'audio-2', on: false });
    expect(stream?.getAudioTracks()).toHaveLength(1);
    const next = new LocalMedia({ source, memory: storage, newStream });
    await next.open();
    expect(next.state.value.microphone.id).toBe('audio-2');
  });

  it('notices a device that was pulled out', async () => {
    const { media, tracks } = browser();
    await media.open();
    tracks[1]?.dispatchEvent(new Event('ended'));
    expect(media.state.value.camera).toMatchObject({ present: false, on: false, fault: 'missing' });
  });

  it('ignores a broken memory', () => {
    const memory: Memory = { getItem: () => '{nonsense', setItem: () => undefined };
    const media = new LocalMedia({ source: null, memory, newStream: () => new MediaStream() });
    expect(media.state.value.speaker).toBe('');
  });
});
