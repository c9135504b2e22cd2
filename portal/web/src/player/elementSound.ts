/**
 * The sound of a playing element as a track that can be measured. Chromium only: Firefox's `mozCaptureStream` silences the
 * element, so there the player shows no ring around the speaker.
 */
interface Capturing extends HTMLMediaElement {
  captureStream?: () => MediaStream;
}

const streams = new WeakMap<HTMLMediaElement, MediaStream>();

export function soundTrackOf(element: HTMLMediaElement): MediaStreamTrack | null {
  if (element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
    return null;
  }
  let stream = streams.get(element);
  if (!stream) {
    const { captureStream } = element as Capturing;
    if (!captureStream) {
      return null;
    }
    stream = captureStream.call(element);
    streams.set(element, stream);
  }
  return stream.getAudioTracks().find((track) => track.readyState === 'live') ?? null;
}
