/** Fields of a shared map read one by one: a wrong value is none, or the default. Twin of `whiteboard_crdt/fields.py`. */
import things from '@spec/things.json';
import { Text as YText } from 'yjs';

/** Fields by their name: a shared map has them, and so has a file that is read in. */
export interface FieldSource {
  get(field: string): unknown;
}

export const finite = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
export const string = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A string of at most so many characters; '' for anything else. Counted as Python does. */
export function shortString(value: unknown, most: number): string {
  return typeof value === 'string' && countChars(value) <= most ? value : '';
}

/** Characters as Unicode counts them. */
export function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export const identifier = (value: unknown): string =>
  typeof value === 'string' && value.length <= things.id_chars ? value : '';

export function oneOf<T extends string>(value: unknown, known: readonly T[]): T {
  return known.includes(value as T) ? (value as T) : (known[0] as T);
}

/** A length in board px, above 0 and no longer than the longest. */
export function length(value: unknown): number | null {
  const px = finite(value);
  return px !== null && px > 0 && px <= things.largest ? px : null;
}

/** Whether x and y are not beyond the farthest. */
export const isNear = (record: FieldSource): boolean =>
  [record.get('x'), record.get('y')].every((px) => Math.abs(finite(px) ?? 0) <= things.farthest);

/** `w` and `h` of a box that stands where it can be seen. */
export function sides(record: FieldSource): { w: number; h: number } | null {
  const w = length(record.get('w'));
  const h = length(record.get('h'));
  return w === null || h === null || !isNear(record) ? null : { w, h };
}

/** Letters of a shared text, or of a file. */
export const letters = (value: unknown): string | null =>
  typeof value === 'string' ? value : value instanceof YText ? value.toString() : null;
