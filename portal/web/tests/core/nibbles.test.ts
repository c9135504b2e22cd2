import { expect, test } from 'vitest';
import { ProtocolError } from '../../src/core/errors';
import { MAX_NIBBLED, NibbleReader, NibbleWriter } from '../../src/core/nibbles';

/** Seeded, so that a failure comes again. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const size = 2 ** (state % 45);
    yield Math.floor((state / 2147483648 - 0.5) * size);
  }
}

test('numbers come back, one by one and as a column', () => {
  const all: number[] = [];
  for (const number of numbers(7)) {
    if (all.push(number) === 5_000) break;
  }
  const writer = new NibbleWriter();
  for (const number of all) writer.zigzag(number);
  const bytes = writer.finish();
  const reader = new NibbleReader(bytes);
  expect(all.map(() => reader.zigzag())).toEqual(all.map((number) => number + 0));
  reader.end();
  const column = new Float64Array(2 * all.length);
  const again = new NibbleReader(bytes);
  again.zigzags(column, 1, 2);
  expect([...column].filter((_, i) => i % 2 === 1)).toEqual(all);
  again.end();
});

test('every byte string is numbers or a ProtocolError, and the column says the same', () => {
  let read = 0;
  for (let seed = 1; seed <= 2_000; seed++) {
    const bytes = Uint8Array.from({ length: seed % 9 }, (_, i) => (seed * 2654435761 * (i + 1)) >>> 13);
    const one = (): number[] => {
      const reader = new NibbleReader(bytes);
      const found = [reader.zigzag(), reader.zigzag(), reader.zigzag()];
      reader.end();
      return found;
    };
    const column = (): number[] => {
      const reader = new NibbleReader(bytes);
      const found = new Float64Array(3);
      reader.zigzags(found, 0, 1);
      reader.end();
      return [...found];
    };
    const [first, second] = [outcome(one), outcome(column)];
    expect(second).toEqual(first);
    read += first === 'refused' ? 0 : 1;
  }
  expect(read).toBeGreaterThan(20);
});

test('what no reader would take is not written', () => {
  for (const number of [-1, 0.5, MAX_NIBBLED + 1, Number.NaN]) {
    expect(() => new NibbleWriter().uint(number)).toThrow(ProtocolError);
  }
});

function outcome(read: () => number[]): number[] | 'refused' {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return 'refused';
    throw error;
  }
}
