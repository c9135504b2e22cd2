import { type Phrase, phrase, t } from '../ui/i18n';
import { type Manifest, ManifestError, parseManifest } from './manifest';
import { readTimeline, type TimelineEnd, type TimelineRecord } from './timeline';

/** Fetching what a recording is made of. Every failure is a `LoadError` with a sentence for a person. */
export class LoadError extends Error {
  override name = 'LoadError';
  constructor(
    message: string,
    /** Trying again may help. */
    readonly isPassing: boolean,
    /** There is nothing to watch yet, but there will be. */
    readonly isEarly = false,
    /** Nobody answered, or the answer broke off: the line is gone. */
    readonly isLineGone = false,
  ) {
    super(message);
  }
}

const SENTENCES: Readonly<Record<number, Phrase>> = {
  401: phrase('You are not logged in any more. Log in, then open the recording again.'),
  403: phrase('You may not watch this recording.'),
  404: phrase('There is no such recording.'),
  410: phrase('This recording was deleted.'),
};

const lineGone = (): LoadError =>
  new LoadError(t('The recording could not be reached. Check that you are online.'), true, false, true);

async function get(url: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    if (signal.aborted) {
      throw error;
    }
    throw lineGone();
  }
  if (!response.ok) {
    if (response.status === 409) {
      throw new LoadError(t('This page opens the recording as soon as there is one.'), true, true);
    }
    const sentence = SENTENCES[response.status];
    throw new LoadError(t(sentence ?? phrase('The server could not give the recording.')), sentence === undefined);
  }
  return response;
}

export async function loadManifest(url: string, signal: AbortSignal): Promise<Manifest> {
  const response = await get(url, signal);
  let json: unknown;
  try {
    json = await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new LoadError(t('The recording’s description could not be read.'), false);
    }
    throw error;
  }
  try {
    return parseManifest(json);
  } catch (error) {
    if (error instanceof ManifestError) {
      throw new LoadError(t('This recording was made by another version and cannot be played here.'), false);
    }
    throw error;
  }
}

/** Streams the timeline, or with `after` what was written since that token. */
export async function loadTimeline(
  url: string,
  after: string,
  signal: AbortSignal,
  onRecords: (records: TimelineRecord[]) => void | Promise<void>,
): Promise<TimelineEnd> {
  const response = await get(after ? `${url}?after=${encodeURIComponent(after)}` : url, signal);
  if (!response.body) {
    throw new LoadError(t('The server could not give the recording.'), true);
  }
  try {
    return await readTimeline(response.body, onRecords);
  } catch (error) {
    if (signal.aborted || !(error instanceof TypeError)) {
      throw error;
    }
    throw lineGone();
  }
}
