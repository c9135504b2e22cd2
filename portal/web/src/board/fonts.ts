/** The one font of boards, shipped with the project so that every browser and the recorder set the same glyphs. */

import regular from '../../../../whiteboard_crdt/fonts/AtkinsonHyperlegible-Regular.ttf?url';
import { FONT_FAMILY } from './scene';

let ready: Promise<void> | undefined;

/** Loads the font once. Resolves as well when it cannot be loaded: text then shows in the system's font. */
export function whenFontReady(): Promise<void> {
  ready ??= load();
  return ready;
}

async function load(): Promise<void> {
  if (typeof FontFace === 'undefined') {
    return;
  }
  const face = new FontFace(FONT_FAMILY, `url("${regular}") format("truetype")`);
  try {
    document.fonts.add(await face.load());
  } catch (error) {
    // Blocked or unreachable: the board stays readable without it.
    if (!(error instanceof DOMException)) {
      throw error;
    }
  }
}
