import { type Phrase, phrase, t } from '../ui/i18n';

/** Why a camera or a microphone cannot be used, in the few kinds that a person can act on. */
export type MediaFault = 'denied' | 'missing' | 'busy' | 'insecure' | 'failed';

export type MediaKind = 'microphone' | 'camera';

/** Sorts what `getUserMedia` throws (W3C Media Capture, section 10.3) into the kinds above. */
export function faultOf(error: unknown): MediaFault {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
    case 'PermissionDeniedError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
    case 'DevicesNotFoundError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
    case 'TrackStartError':
      return 'busy';
    default:
      return 'failed';
  }
}

const WORDS: Readonly<Record<MediaKind, Readonly<Record<MediaFault, Phrase>>>> = {
  microphone: {
    denied: phrase('The browser may not use your microphone. Allow it beside the address bar, then try again.'),
    missing: phrase('No microphone was found.'),
    busy: phrase('Your microphone is in use by another program. Close it there, then try again.'),
    insecure: phrase('Browsers allow the microphone only on secure pages (https).'),
    failed: phrase('Your microphone did not start.'),
  },
  camera: {
    denied: phrase('The browser may not use your camera. Allow it beside the address bar, then try again.'),
    missing: phrase('No camera was found.'),
    busy: phrase('Your camera is in use by another program. Close it there, then try again.'),
    insecure: phrase('Browsers allow the camera only on secure pages (https).'),
    failed: phrase('Your camera did not start.'),
  },
};

/** One sentence for a person: what is wrong, and what to do about it. */
export function faultSentence(kind: MediaKind, fault: MediaFault): string {
  return t(WORDS[kind][fault]);
}

/** What is wrong with either, in one sentence where both have the same. */
export function faultSentences(microphone: MediaFault | null, camera: MediaFault | null): string[] {
  if (microphone && microphone === camera) {
    return [t(BOTH[microphone])];
  }
  return [
    ...(microphone ? [faultSentence('microphone', microphone)] : []),
    ...(camera ? [faultSentence('camera', camera)] : []),
  ];
}

const BOTH: Readonly<Record<MediaFault, Phrase>> = {
  denied: phrase(
    'The browser may not use your camera and microphone. Allow both beside the address bar, then try again.',
  ),
  missing: phrase('No camera and no microphone were found. You can join and listen.'),
  busy: phrase('Your camera and microphone are in use by another program. Close it, then try again.'),
  insecure: phrase('Browsers allow camera and microphone only on secure pages (https). You can join and listen.'),
  failed: phrase('Your camera and microphone did not start.'),
};
