/** The one font of boards, regular and bold, shipped with the project so that every browser and the recorder set the same glyphs. */

import bold from '../../../../whiteboard_crdt/fonts/AtkinsonHyperlegible-Bold.ttf?url';
import regular from '../../../../whiteboard_crdt/fonts/AtkinsonHyperlegible-Regular.ttf?url';
import { FONT_FAMILY } from './scene';

export const fontUrls = { regular, bold } as const;
let ready: Promise<void> | undefined;

/** Loads it once. Resolves as well when it cannot be loaded: text then shows in the system's font. */
export function whenFontReady(): Promise<void> {
  ready ??= load();
  return ready;
}

async function load(): Promise<void> {
  if (typeof FontFace === 'undefined') {
    return;
  }
  const faces = [
    new FontFace(FONT_FAMILY, `url("${regular}") format("truetype")`),
    new FontFace(FONT_FAMILY, `url("${bold}") format("truetype")`, { weight: '700' }),
  ];
  try {
    for (const face of await Promise.all(faces.map((each) => each.load()))) {
      document.fonts.add(face);
    }
  } catch (error) {
    // Blocked or unreachable: the board stays readable without it.
    if (!(error instanceof DOMException)) {
      throw error;
    }
  }
}
