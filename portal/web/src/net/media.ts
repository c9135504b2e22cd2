/** Audio and video of a link: codecs in our order, bitrates for thin lines, tracks swapped without renegotiation. */

export interface LocalMedia {
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
}

export const NO_MEDIA: LocalMedia = { audio: null, video: null };
export type MediaKind = 'audio' | 'video';

/** 320×240 at 15 frames a second; audio goes first on a thin line. */
const MAX_BITRATE: Readonly<Record<MediaKind, number>> = { audio: 48_000, video: 300_000 };
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

/** Once negotiated: before that a sender has no encodings to set. */
export async function limitBitrate(transceiver: RTCRtpTransceiver): Promise<void> {
  const { sender } = transceiver;
  const parameters = sender.getParameters();
  if (parameters.encodings === undefined || parameters.encodings.length === 0) return;
  for (const encoding of parameters.encodings) encoding.maxBitrate = MAX_BITRATE[kindOf(transceiver)];
  await sender.setParameters(parameters);
}
