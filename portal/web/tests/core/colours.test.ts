import { expect, test } from 'vitest';
import { PARTICIPANT_COLOURS, personColour } from '../../src/core/colours';
import { vectors } from './vectors';

interface Case {
  readonly user: string;
  readonly number: number | null;
  readonly colour: string;
}

test('people’s colours are those that Python gives', () => {
  for (const { user, number, colour } of vectors<Case[]>('colours')) expect(personColour(user, number)).toBe(colour);
});

test('as many people as there are colours are told apart', () => {
  const given = PARTICIPANT_COLOURS.map((_, number) => personColour('anybody', number));
  expect(new Set(given).size).toBe(PARTICIPANT_COLOURS.length);
});
