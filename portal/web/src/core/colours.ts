/** The colour by which a person is told from the others of a room (board.md, "People's colours"). */
import palette from '@spec/palette.json';
import { encodeUtf8 } from './bytes';

export const PARTICIPANT_COLOURS: readonly string[] = palette.participants;

/** FNV-1a, 32 bits, of the UTF-8 bytes. */
function hash(user: string): number {
  let value = 0x811c9dc5;
  for (const byte of encodeUtf8(user)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** A css colour `#rrggbb`. `number`: the claim `colour` of the person's tickets; null where they have none. */
export function personColour(user: string, number: number | null): string {
  const slot = (number ?? hash(user)) % PARTICIPANT_COLOURS.length;
  const colour = PARTICIPANT_COLOURS[slot];
  if (colour === undefined) throw new Error('the palette has no colours for people');
  return colour;
}
