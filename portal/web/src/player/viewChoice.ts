/** What of a lesson is on screen; remembered on this device. */
export interface ViewChoice {
  /** Cameras and names of the people. Hidden cameras are not loaded. */
  readonly tiles: boolean;
  /** Voices alone: neither board nor cameras are painted or loaded. */
  readonly soundOnly: boolean;
  /** What is spoken, in words over the board; for lessons that have captions. */
  readonly captions: boolean;
}

export const WHOLE_VIEW: ViewChoice = { tiles: true, soundOnly: false, captions: false };

const KEY = 'chalkmesh.player.view';

export function loadViewChoice(storage: Pick<Storage, 'getItem'>): ViewChoice {
  const words = storage.getItem(KEY)?.split(' ') ?? [];
  return {
    tiles: !words.includes('no-tiles'),
    soundOnly: words.includes('sound-only'),
    captions: words.includes('captions'),
  };
}

export function saveViewChoice(choice: ViewChoice, storage: Pick<Storage, 'setItem' | 'removeItem'>): void {
  const words = [
    choice.tiles ? '' : 'no-tiles',
    choice.soundOnly ? 'sound-only' : '',
    choice.captions ? 'captions' : '',
  ].filter(Boolean);
  if (words.length === 0) {
    storage.removeItem(KEY);
    return;
  }
  try {
    storage.setItem(KEY, words.join(' '));
  } catch (error) {
    // Storage is full: the choice holds for this page.
    if (!(error instanceof DOMException)) {
      throw error;
    }
  }
}
