/** Audio and video of a link: codecs in our order, bitrates for thin lines, tracks swapped without renegotiation. */
import { AUDIO_BPS, type Rung } from './ladder';

export interface LocalMedia {
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
}

export const NO_MEDIA: LocalMedia = { audio: null, video: null };
export type MediaKind = 'audio' | 'video';

/** RED repeats the Opus frame before: 26 of 27 lost packets come back. The recorder keeps VP8 as it is. */
const FIRST: Readonly<Record<MediaKind, readonly string[]>> = {
  audio: ['audio/red', 'audio/opus'],
  video: ['video/vp8'],
};

interface Codec {
  readonly mimeType: string;
}

/** Stable: codecs that we do not name keep their order behind the named ones. */
export function orderCodecs<C extends Codec>(codecs: readonly C[], kind: MediaKind): C[] {
  const rank = ({ mimeType }: C): number => {
    const at = FIRST[kind].indexOf(mimeType.toLowerCase());
    return at < 0 ? FIRST[kind].length : at;
  };
  return codecs.toSorted((a, b) => rank(a) - rank(b));
}

export const kindOf = (transceiver: RTCRtpTransceiver): MediaKind =>
  transceiver.receiver.track.kind === 'audio' ? 'audio' : 'video';

/** Before the description is made: direction, codecs and whatever track there is. */
export async function prepare(transceiver: RTCRtpTransceiver, local: LocalMedia): Promise<void> {
  const kind = kindOf(transceiver);
  transceiver.direction = 'sendrecv';
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.(kind)?.codecs ?? [];
  if (codecs.length > 0) transceiver.setCodecPreferences(orderCodecs(codecs, kind));
  await transceiver.sender.replaceTrack(local[kind]);
}

/**
 * Once negotiated: before that a sender has no encodings to set. `video` null: no picture is sent; the track stays,
 * so that the picture comes back without renegotiation.
 */
export async function applyRung(sender: RTCRtpSender, kind: MediaKind, video: Rung | null): Promise<void> {
  const parameters = sender.getParameters();
  if (parameters.encodings === undefined || parameters.encodings.length === 0) return;
  for (const encoding of parameters.encodings) {
    if (kind === 'audio') {
      encoding.maxBitrate = AUDIO_BPS;
      encoding.priority = 'high';
      encoding.networkPriority = 'high';
    } else {
      encoding.active = video !== null;
      if (video === null) continue;
      encoding.maxBitrate = video.bitrateBps;
      encoding.scaleResolutionDownBy = video.scaleDownBy;
      encoding.maxFramerate = video.framesPerSecond;
    }
  }
  await sender.setParameters(parameters);
}
