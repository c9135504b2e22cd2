import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(__dirname, '..');

/** Classes that a file gives a look of their own, wherever they stand. */
function classesOf(file: string): string[] {
  const rules = readFileSync(join(SOURCE, file), 'utf8').matchAll(/^\.([a-z][a-z0-9_-]*)(?=\s*[{,])/gm);
  return [...rules].flatMap(([, name]) => (name ? [name] : []));
}

test('what the pages call one thing, the classroom and the player call no other: their rules would mix', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.css'));
  const ofPages = new Set(files.filter((file) => file.startsWith(`styles${sep}`)).flatMap(classesOf));
  const twice = files
    .filter((file) => !file.startsWith(`styles${sep}`))
    .flatMap((file) => classesOf(file).flatMap((name) => (ofPages.has(name) ? [`${file}: .${name}`] : [])));
  expect(files.length).toBeGreaterThan(10);
  expect(twice).toEqual([]);
});
