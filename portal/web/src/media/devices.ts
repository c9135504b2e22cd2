import type { MediaFault, MediaKind } from './faults';

/** A device as a select offers it. Labels are empty until the browser has given permission. */
export interface DeviceOption {
  readonly id: string;
  readonly label: string;
}

export interface DeviceState {
  readonly present: boolean;
  readonly on: boolean;
  readonly fault: MediaFault | null;
  readonly id: string;
}

export interface LocalState {
  /** Keeps its identity for the life of the page once it exists; tracks come and go in it. */
  readonly stream: MediaStream | null;
  readonly microphone: DeviceState;
  readonly camera: DeviceState;
  readonly devices: {
    readonly microphones: readonly DeviceOption[];
    readonly cameras: readonly DeviceOption[];
    readonly speakers: readonly DeviceOption[];
  };
  /** Sink id of the chosen speaker; empty is the system's default. */
  readonly speaker: string;
  /** The microphone is sent as it is: for music, whose notes speech processing takes for noise. */
  readonly originalSound: boolean;
  /** The browser is asking the person right now. */
  readonly asking: boolean;
}

/**
 * What is asked of each device. 320×240 at 15 frames a second is what a full mesh of six holds on two cores without a
 * freeze; `ideal` everywhere, so that an odd camera gives what it has instead of failing.
 */
export function constraintsOf(kind: MediaKind, id: string, originalSound = false): MediaTrackConstraints {
  const device: MediaTrackConstraints = id ? { deviceId: { ideal: id } } : {};
  const clean = !originalSound;
  return kind === 'microphone'
    ? {
        ...device,
        echoCancellation: clean,
        noiseSuppression: clean,
        autoGainControl: clean,
        channelCount: { ideal: 1 },
      }
    : { ...device, width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { ideal: 15, max: 30 } };
}
