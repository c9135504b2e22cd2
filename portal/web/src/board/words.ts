/** What colours and forms are called, in the reader's language. */

import type { Colour, Form } from '../core/shape';
import { type Phrase, phrase, t } from '../ui/i18n';

const COLOUR_WORDS: Readonly<Record<Colour, Phrase>> = {
  black: phrase('black'),
  grey: phrase('grey'),
  red: phrase('red'),
  orange: phrase('orange'),
  yellow: phrase('yellow'),
  green: phrase('green'),
  blue: phrase('blue'),
  violet: phrase('violet'),
};

export const FORM_WORDS: Readonly<Record<Form, Phrase>> = {
  rectangle: phrase('Rectangle'),
  ellipse: phrase('Ellipse'),
  triangle: phrase('Triangle'),
  diamond: phrase('Diamond'),
  pentagon: phrase('Pentagon'),
  hexagon: phrase('Hexagon'),
  star: phrase('Star'),
  polygon: phrase('Polygon'),
};

export function colourWord(colour: Colour): string {
  return t(COLOUR_WORDS[colour]);
}
