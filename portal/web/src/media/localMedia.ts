import { type ReadonlySignal, signal } from '@preact/signals';
import { constraintsOf, type DeviceOption, type DeviceState, type LocalState } from './devices';
import { faultOf, type MediaFault, type MediaKind } from './faults';

export type { DeviceOption, DeviceState, LocalState } from './devices';

/** The part of `navigator.mediaDevices` that is used, so that tests can stand in for it. */
export interface MediaSource {
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  enumerateDevices(): Promise<MediaDeviceInfo[]>;
  addEventListener(type: 'devicechange', listener: () => void): void;
  removeEventListener(type: 'devicechange', listener: () => void): void;
}

export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export interface LocalMediaParts {
  /** `null` where the browser offers none: an insecure page. */
  readonly source: MediaSource | null;
  readonly memory: Memory | null;
  readonly newStream: () => MediaStream;
}

export type TrackListener = (kind: 'audio' | 'video', track: MediaStreamTrack | null) => void;

type Choice = Record<MediaKind | 'speaker', string> & { originalSound: boolean };

const MEMORY_KEY = 'chalkmesh.devices';
const ABSENT: DeviceState = { present: false, on: false, fault: null, id: '' };

function storageOfPage(): Memory | null {
  try {
    return globalThis.localStorage;
  } catch {
    // Storage is blocked by policy in some schools' browsers: devices are then simply not remembered.
    return null;
  }
}

function partsOfPage(): LocalMediaParts {
  return {
    source: globalThis.navigator?.mediaDevices ?? null,
    memory: storageOfPage(),
    newStream: () => new MediaStream(),
  };
}

const trackKind = (kind: MediaKind): 'audio' | 'video' => (kind === 'microphone' ? 'audio' : 'video');

/** One's own camera and microphone: opening, falling back to less, muting and switching. */
export class LocalMedia {
  readonly #parts: LocalMediaParts;
  readonly #listeners = new Set<TrackListener>();
  readonly #state = signal<LocalState>({
    stream: null,
    microphone: ABSENT,
    camera: ABSENT,
    devices: { microphones: [], cameras: [], speakers: [] },
    speaker: '',
    originalSound: false,
    asking: false,
  });
  readonly #choice: Choice;
  #watching = false;

  constructor(parts: LocalMediaParts = partsOfPage()) {
    this.#parts = parts;
    this.#choice = this.#loadChoice();
    this.#set({ speaker: this.#choice.speaker, originalSound: this.#choice.originalSound });
  }

  get state(): ReadonlySignal<LocalState> {
    return this.#state;
  }

  /** Asks for camera and microphone together, then for what there is. `null`: neither, the person only listens. */
  async open(): Promise<MediaStream | null> {
    const { source } = this.#parts;
    if (!source) {
      const fault = { ...ABSENT, fault: 'insecure' as const };
      this.#set({ microphone: fault, camera: fault });
      return null;
    }
    this.#watchDevices(source);
    this.#set({ asking: true });
    try {
      await this.#openBoth(source);
    } finally {
      this.#set({ asking: false });
    }
    await this.#listDevices(source);
    return this.#state.value.stream;
  }

  async setMicrophone(on: boolean): Promise<void> {
    await this.#turn('microphone', on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#turn('camera', on);
  }

  /** Switches to another device; the old one is let go only when the new one has started. */
  async choose(kind: MediaKind | 'speaker', id: string): Promise<void> {
    this.#choice[kind] = id;
    this.#remember();
    if (kind === 'speaker') {
      this.#set({ speaker: id });
      return;
    }
    const before = this.#state.value[kind];
    if (kind === 'camera' && !before.on && before.fault === null) {
      // Chosen for later: a camera that is off stays off.
      this.#set({ camera: { ...before, id } });
      return;
    }
    await this.#reopen(kind);
  }

  /** Without echo cancellation and noise suppression, for an instrument or a recording; a headset is then needed. */
  async setOriginalSound(on: boolean): Promise<void> {
    this.#choice.originalSound = on;
    this.#remember();
    this.#set({ originalSound: on });
    if (this.#state.value.microphone.present) {
      await this.#reopen('microphone');
    }
  }

  /** Tells the mesh that the track of a kind is another one now, or gone. */
  onTrack(listener: TrackListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops every track, so that the camera's light goes out. */
  close(): void {
    for (const kind of ['microphone', 'camera'] as const) {
      this.#replace(kind, null);
      this.#set({ [kind]: ABSENT });
    }
    this.#parts.source?.removeEventListener('devicechange', this.#onDeviceChange);
    this.#watching = false;
  }

  async #openBoth(source: MediaSource): Promise<void> {
    try {
      const stream = await source.getUserMedia({
        audio: constraintsOf('microphone', this.#choice.microphone, this.#choice.originalSound),
        video: constraintsOf('camera', this.#choice.camera),
      });
      this.#take('microphone', stream);
      this.#take('camera', stream);
    } catch (error) {
      // Asked together, the browser does not say which of the two failed: each is tried alone.
      const heard = await this.#ask('microphone');
      if (heard) {
        const fault = faultOf(error);
        this.#fail('camera', fault);
        // With a microphone granted, only an absent or busy camera can be at fault; a refusal may be of either.
        if (fault === 'denied') {
          await this.#ask('camera');
        }
      } else {
        await this.#ask('camera');
      }
    }
  }

  /** Asks for one device. Returns whether it runs now. */
  async #ask(kind: MediaKind): Promise<boolean> {
    const { source } = this.#parts;
    if (!source) {
      this.#fail(kind, 'insecure');
      return false;
    }
    const constraints = constraintsOf(kind, this.#choice[kind], this.#choice.originalSound);
    try {
      const stream = await source.getUserMedia({ [trackKind(kind)]: constraints });
      this.#take(kind, stream);
      return true;
    } catch (error) {
      this.#fail(kind, faultOf(error));
      return false;
    }
  }

  /** Opens a device anew; one that was switched off stays off. */
  async #reopen(kind: MediaKind): Promise<void> {
    const { present, on } = this.#state.value[kind];
    await this.#ask(kind);
    if (present && !on) {
      await this.#turn(kind, false);
    }
  }

  #remember(): void {
    this.#parts.memory?.setItem(MEMORY_KEY, JSON.stringify(this.#choice));
  }

  async #turn(kind: MediaKind, on: boolean): Promise<void> {
    const track = this.#track(kind);
    if (!track) {
      if (on) {
        await this.#ask(kind);
        if (this.#parts.source) {
          await this.#listDevices(this.#parts.source);
        }
      }
      return;
    }
    if (kind === 'camera' && !on) {
      // Let go of, not only blackened: its light goes out, and nothing is sent.
      this.#replace(kind, null);
      this.#set({ camera: { ...this.#state.value.camera, present: false, on: false } });
      return;
    }
    track.enabled = on;
    this.#set({ [kind]: { ...this.#state.value[kind], on } });
  }

  #track(kind: MediaKind): MediaStreamTrack | null {
    const stream = this.#state.value.stream;
    const tracks = kind === 'microphone' ? stream?.getAudioTracks() : stream?.getVideoTracks();
    return tracks?.[0] ?? null;
  }

  #take(kind: MediaKind, granted: MediaStream): void {
    const track = (kind === 'microphone' ? granted.getAudioTracks() : granted.getVideoTracks())[0];
    if (!track) {
      this.#fail(kind, 'missing');
      return;
    }
    track.addEventListener('ended', () => {
      if (this.#track(kind) === track) {
        this.#replace(kind, null);
        this.#fail(kind, 'missing');
      }
    });
    this.#replace(kind, track);
    const id = track.getSettings().deviceId ?? '';
    this.#set({ [kind]: { present: true, on: track.enabled, fault: null, id } });
  }

  #fail(kind: MediaKind, fault: MediaFault): void {
    // A failed switch leaves the running device in place.
    const present = this.#track(kind) !== null;
    this.#set({ [kind]: { ...this.#state.value[kind], present, on: present && this.#state.value[kind].on, fault } });
  }

  #replace(kind: MediaKind, track: MediaStreamTrack | null): void {
    const stream = this.#state.value.stream ?? (track ? this.#parts.newStream() : null);
    if (!stream) {
      return;
    }
    const old = this.#track(kind);
    if (old) {
      stream.removeTrack(old);
      old.stop();
    }
    if (track) {
      stream.addTrack(track);
    }
    this.#set({ stream });
    for (const listener of this.#listeners) {
      listener(trackKind(kind), track);
    }
  }

  readonly #onDeviceChange = (): void => {
    if (this.#parts.source) {
      void this.#listDevices(this.#parts.source);
    }
  };

  #watchDevices(source: MediaSource): void {
    if (!this.#watching) {
      this.#watching = true;
      source.addEventListener('devicechange', this.#onDeviceChange);
    }
  }

  async #listDevices(source: MediaSource): Promise<void> {
    let found: MediaDeviceInfo[];
    try {
      found = await source.enumerateDevices();
    } catch (error) {
      // Firefox rejects while its own permission sheet is open; the list simply stays as it was.
      if (error instanceof DOMException) {
        return;
      }
      throw error;
    }
    const of = (kind: MediaDeviceKind): DeviceOption[] =>
      found
        .filter((device) => device.kind === kind && device.deviceId)
        .map((d) => ({ id: d.deviceId, label: d.label }));
    this.#set({ devices: { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') } });
  }

  #loadChoice(): Choice {
    const choice: Choice = { microphone: '', camera: '', speaker: '', originalSound: false };
    let stored: unknown = null;
    try {
      stored = JSON.parse(this.#parts.memory?.getItem(MEMORY_KEY) ?? 'null');
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
    }
    if (typeof stored === 'object' && stored !== null) {
      const fields = stored as Record<string, unknown>;
      for (const key of ['microphone', 'camera', 'speaker'] as const) {
        const id = fields[key];
        choice[key] = typeof id === 'string' ? id : '';
      }
      choice.originalSound = fields.originalSound === true;
    }
    return choice;
  }

  #set(change: Partial<LocalState>): void {
    this.#state.value = { ...this.#state.value, ...change };
  }
}
