import { expect, test } from 'vitest';
import { type Box, boxesMeet } from './camera';
import { Grid } from './grid';

/** Numbers from 0 to 1, the same each time. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

test('what meets a box is found, whatever its size and however far out, and nothing twice', () => {
  const chance = chances(3);
  const grid = new Grid<Box>();
  const entries: Box[] = [];
  const boxOf = (reach: number, side: number): Box => {
    const [minX, minY] = [(chance() - 0.5) * reach, (chance() - 0.5) * reach];
    return { minX, minY, maxX: minX + chance() * side, maxY: minY + chance() * side };
  };
  for (let round = 0; round < 1500; round += 1) {
    const reach = 10 ** (2 + Math.floor(chance() * 9));
    const entry = boxOf(reach, 10 ** Math.floor(chance() * 6));
    entries.push(entry);
    grid.put(entry);
    if (chance() < 0.3) {
      const [gone] = entries.splice(Math.floor(chance() * entries.length), 1);
      if (gone) {
        grid.remove(gone);
      }
    }
    if (round % 10 === 0) {
      const box = boxOf(reach, reach / 2);
      const found = grid.search(box);
      expect(new Set(found)).toEqual(new Set(entries.filter((each) => boxesMeet(each, box))));
      expect(new Set(found).size).toBe(found.length);
    }
  }
});
