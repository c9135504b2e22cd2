/**
 * Loudness of sound tracks, for the ring around whoever speaks. One AudioContext for the page: browsers allow few of them.
 * Sound is never played from here; it comes from the tiles' own elements, so that a suspended context silences nobody.
 */

/** Root mean square of samples in −1…1, mapped to 0…1 over the 45 dB that speech covers. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) {
    sum += sample * sample;
  }
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms <= 0) {
    return 0;
  }
  const decibel = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, (decibel + 55) / 45));
}

/** Level from which a voice counts as speaking, and how long the ring stays after it (ms): pauses between words. */
export const SPEAKING_LEVEL = 0.25;
const SPEAKING_HOLD_MS = 400;

/** Turns levels into a steady "speaks now" without flicker. Pure: the caller brings the time. */
export class SpeakingGate {
  #until_ms = Number.NEGATIVE_INFINITY;

  update(level: number, now_ms: number): boolean {
    if (level >= SPEAKING_LEVEL) {
      this.#until_ms = now_ms + SPEAKING_HOLD_MS;
    }
    return now_ms < this.#until_ms;
  }
}

interface Meter {
  readonly analyser: AnalyserNode;
  readonly source: MediaStreamAudioSourceNode;
  readonly samples: Float32Array<ArrayBuffer>;
  users: number;
}

class AudioLevels {
  readonly #meters = new Map<MediaStreamTrack, Meter>();
  #context: AudioContext | null = null;

  /** Starts measuring a track. Returns the function that ends it. */
  watch(track: MediaStreamTrack): () => void {
    const meter = this.#meters.get(track) ?? this.#open(track);
    meter.users += 1;
    return () => {
      meter.users -= 1;
      if (meter.users === 0) {
        meter.source.disconnect();
        this.#meters.delete(track);
      }
    };
  }

  /** 0…1; 0 for a track that nobody watches. */
  levelOf(track: MediaStreamTrack): number {
    const meter = this.#meters.get(track);
    if (!meter) {
      return 0;
    }
    meter.analyser.getFloatTimeDomainData(meter.samples);
    return loudness(meter.samples);
  }

  /** Browsers start an AudioContext suspended until the person has pressed something. */
  async resume(): Promise<void> {
    if (this.#context?.state === 'suspended') {
      await this.#context.resume();
    }
  }

  /** The page's context, made on first use. */
  context(): AudioContext {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' });
    return this.#context;
  }

  #open(track: MediaStreamTrack): Meter {
    const context = this.context();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const meter: Meter = { analyser, source, samples: new Float32Array(analyser.fftSize), users: 0 };
    this.#meters.set(track, meter);
    return meter;
  }
}

/** The page's one instance. */
export const levels = new AudioLevels();
