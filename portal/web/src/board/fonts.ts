/**
 * The one font of boards, regular and bold, shipped with the project so that every browser and the recorder set the same
 * glyphs. Hebrew and Arabic letters are put beside it under its name; their files come when such a letter is first painted.
 */

import bold from '../../../../whiteboard_crdt/fonts/AtkinsonHyperlegible-Bold.ttf?url';
import regular from '../../../../whiteboard_crdt/fonts/AtkinsonHyperlegible-Regular.ttf?url';
import arabicBold from '../../../../whiteboard_crdt/fonts/NotoSansArabic-Bold.ttf?url';
import arabic from '../../../../whiteboard_crdt/fonts/NotoSansArabic-Regular.ttf?url';
import hebrewBold from '../../../../whiteboard_crdt/fonts/NotoSansHebrew-Bold.ttf?url';
import hebrew from '../../../../whiteboard_crdt/fonts/NotoSansHebrew-Regular.ttf?url';
import { FONT_FAMILY } from './scene';

export const fontUrls = { regular, bold } as const;
const HEBREW = 'U+0590-05FF, U+FB1D-FB4F';
const ARABIC = 'U+0600-06FF, U+0750-077F, U+0870-08FF, U+FB50-FDFF, U+FE70-FEFE';
const HEBREW_LETTER = /[\u0590-\u05ff\ufb1d-\ufb4f]/u;
const ARABIC_LETTER = /[\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefe]/u;
const scriptFonts = [
  { url: hebrew, weight: '400', range: HEBREW, letter: HEBREW_LETTER },
  { url: hebrewBold, weight: '700', range: HEBREW, letter: HEBREW_LETTER },
  { url: arabic, weight: '400', range: ARABIC, letter: ARABIC_LETTER },
  { url: arabicBold, weight: '700', range: ARABIC, letter: ARABIC_LETTER },
] as const;

/** A font file and the letters that it is for; '' for all. */
export interface FontFile {
  readonly url: string;
  readonly weight: '400' | '700';
  readonly range: string;
}

/** The files that some lines of text are set with. */
export function filesFor(texts: readonly { readonly text: string; readonly bold: boolean }[]): FontFile[] {
  const asked = scriptFonts.filter(({ weight, letter }) =>
    texts.some(({ text, bold }) => bold === (weight === '700') && letter.test(text)),
  );
  return [{ url: regular, weight: '400', range: '' }, { url: bold, weight: '700', range: '' }, ...asked];
}
let ready: Promise<void> | undefined;

/**
 * Loads it once, and waits for the letters of other scripts that were asked for meanwhile. Resolves as well when it cannot
 * be loaded: text then shows in the system's font.
 */
export async function whenFontReady(): Promise<void> {
  ready ??= load();
  await ready;
  if (typeof document !== 'undefined') {
    await document.fonts?.ready;
  }
}

/** More letters are there than before, so widths have changed. Returns what ends it. */
export function onLetters(changed: () => void): () => void {
  document.fonts?.addEventListener('loadingdone', changed);
  return () => document.fonts?.removeEventListener('loadingdone', changed);
}

async function load(): Promise<void> {
  if (typeof FontFace === 'undefined') {
    return;
  }
  const faces = [
    new FontFace(FONT_FAMILY, `url("${regular}") format("truetype")`),
    new FontFace(FONT_FAMILY, `url("${bold}") format("truetype")`, { weight: '700' }),
  ];
  for (const { url, weight, range } of scriptFonts) {
    document.fonts.add(new FontFace(FONT_FAMILY, `url("${url}") format("truetype")`, { weight, unicodeRange: range }));
  }
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
