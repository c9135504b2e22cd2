import { afterEach, expect, test } from 'vitest';
import { currentLanguage, locale, phrase, speak, t, tn, tx } from './i18n';

afterEach(() => speak('en'));

test('English is what stands in the code', () => {
  expect(t('Something that no language file has')).toBe('Something that no language file has');
  expect(t('{a} before {b}', { a: 'x', b: 2_000 })).toBe('x before 2,000');
  expect(tn(1, '{n} page', '{n} pages')).toBe('1 page');
  expect(tn(0, '{n} page', '{n} pages')).toBe('0 pages');
});

test('another language is spoken once its file is there, and what it lacks stays English', async () => {
  expect(await speak('es')).toBe(true);
  expect(currentLanguage()).toBe('es');
  expect(locale()).toBe('es-US');
  expect(t('Close')).toBe('Cerrar');
  expect(t(phrase('Close'))).toBe('Cerrar');
  expect(t('Something that no language file has')).toBe('Something that no language file has');
});

test('a value is put in as it is: braces and pieces of patterns in a name are only text', () => {
  expect(t('Remove {name}', { name: '{name} $1 <b>' })).toBe('Remove {name} $1 <b>');
});

test('elements may stand among the words', () => {
  const key = { type: 'kbd' } as unknown as string;
  expect(tx('Press {key} to stop', { key })).toEqual(['Press ', key, ' to stop']);
});
