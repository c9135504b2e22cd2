/** References of failures that no server has named. Twin of `portal/references.py`. */

const LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The largest multiple of the letters' number that a byte holds: above it a letter would come more often. */
const EVEN = Math.floor(256 / LETTERS.length) * LETTERS.length;

/** Such as `7K3M-Q2XD`: what a person can read out, and the form on the help page takes along. */
export function newReference(): string {
  let letters = '';
  while (letters.length < 8) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      if (byte < EVEN && letters.length < 8) letters += LETTERS[byte % LETTERS.length];
    }
  }
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** The help page with its form, which needs neither script nor a log-in. */
export function helpAddress(reference: string, lesson: string): string {
  const asked = new URLSearchParams({ reference, lesson, place: `/lessons/${lesson}/room` });
  return `/help?${asked.toString()}#ask`;
}
