/** Reads the golden vectors that Python writes (tests/vectors/README.md). */
import { readFileSync } from 'node:fs';
import { parseHex } from '../../src/core/bytes';

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../tests/vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

export const hex = parseHex;
