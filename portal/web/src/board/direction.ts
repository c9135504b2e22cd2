/** Which way a line of letters runs. Pure, and the twin of `recorder/direction.py`. */

/** Hebrew, Arabic and their kin, their forms for presentation, and what Unicode keeps for more of them. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_LETTER = /\p{L}/u;

/** Whether any of it runs from right to left. */
export const hasRightToLeft = (text: string): boolean => RIGHT_TO_LEFT.test(text);

/** Whether a line as a whole does so: by its first letter, whatever stands before it. */
export function isRightToLeft(line: string): boolean {
  const first = FIRST_LETTER.exec(line)?.[0];
  return first !== undefined && RIGHT_TO_LEFT.test(first);
}
