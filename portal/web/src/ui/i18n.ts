/**
 * Words in the reader's language. English stands in the code and is the key: `t('Page {n}', { n: 3 })` is what
 * `languages/<language>.json` says for "Page {n}", or English where it says nothing. Only the file of the chosen
 * language is loaded. Call these while drawing and not once at import: what a component shows follows the language.
 */

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

export type Language = 'en' | 'es';

/** What each language calls itself. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', es: 'Español' };

/** How numbers and dates are written. Spanish as in schools of the United States: 1,234.5 and November 30. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-US', es: 'es-US' };

/** How `a, b and c` is written; in English without a comma before "and". */
const LISTS: Readonly<Record<Language, string>> = { en: 'en-GB', es: 'es-US' };

/** A sentence, or one for each plural category of the language (`one`, `other`). By the English one. */
type Words = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

const FILES: Readonly<Record<Exclude<Language, 'en'>, () => Promise<{ default: Words }>>> = {
  es: () => import('./languages/es.json'),
};

interface Spoken {
  readonly language: Language;
  readonly words: Words;
  readonly plural: Intl.PluralRules;
  readonly number: Intl.NumberFormat;
  readonly list: Intl.ListFormat;
}

const english = spokenIn('en', {});
const spoken = signal<Spoken>(english);

function spokenIn(language: Language, words: Words): Spoken {
  const locale = LOCALES[language];
  return {
    language,
    words,
    plural: new Intl.PluralRules(locale),
    number: new Intl.NumberFormat(locale),
    list: new Intl.ListFormat(LISTS[language]),
  };
}

/** English words that are translated where they are shown, by `t`: for tables. No string, so that none is shown as it is. */
export interface Phrase {
  readonly english: string;
}

/** The names in braces. */
type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
type Values<S extends string, V> = [Holes<S>] extends [never] ? [] : [values: Readonly<Record<Holes<S>, V>>];
/** A text written down in the code, so that a test can find it; refuses what is put together at run time. */
type Written<S extends string> = string extends S ? never : S;

/** Marks English words in a table as words to translate; `t` does it where they are shown. */
export function phrase<const S extends string>(source: Written<S>): Phrase {
  return { english: source };
}

/** The words in the reader's language, with the values in the places of `{name}`; numbers as it writes them. */
export function t(source: Phrase): string;
export function t<const S extends string>(source: Written<S>, ...[values]: Values<S, string | number>): string;
export function t(source: string | Phrase, values?: Readonly<Record<string, string | number>>): string {
  return fill(said(typeof source === 'string' ? source : source.english), values).join('');
}

/** As `t`, with elements among the words: `tx('Press {key}', { key: <kbd>Esc</kbd> })`. */
export function tx<const S extends string>(
  source: Written<S>,
  ...[values]: Values<S, ComponentChildren>
): ComponentChildren[] {
  return fill(said(source), values);
}

/** Words that go by a number: `tn(n, '{n} page', '{n} pages')`. The second is the key; `{n}` is the number. */
export function tn<const S extends string>(
  n: number,
  one: string,
  many: Written<S>,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const { words, plural } = spoken.value;
  const found = words[many];
  const english = n === 1 ? one : many;
  const source = typeof found === 'object' ? (found[plural.select(n)] ?? found.other ?? english) : english;
  return fill(source, { ...values, n }).join('');
}

/** `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return spoken.value.list.format(parts);
}

function said(source: string): string {
  const found = spoken.value.words[source];
  return typeof found === 'string' ? found : source;
}

const HOLE = /\{(\w+)\}/;

function fill<V>(source: string, values: Readonly<Record<string, V>> | undefined): (V | string)[] {
  if (values === undefined) return [source];
  const known = new Map(Object.entries(values));
  // Split by a pattern with one group: texts at even places, names at odd ones.
  return source.split(HOLE).map((part, i) => {
    if (i % 2 === 0) return part;
    const value = known.get(part);
    return typeof value === 'number' ? spoken.value.number.format(value) : (value ?? `{${part}}`);
  });
}

/** The language in force, also for whoever follows it in a component. */
export function currentLanguage(): Language {
  return spoken.value.language;
}

/** For `Intl`: how dates and times are written, by the browser's own region where it speaks this language. */
export function locale(): string {
  const { language } = spoken.value;
  const own = globalThis.navigator?.language ?? '';
  return own.split('-')[0] === language ? own : LOCALES[language];
}

function isLanguage(value: string): value is Language {
  return Object.hasOwn(LANGUAGES, value);
}

/** Loads and speaks a language. False, and all stays as it is, where its file cannot be had. */
export async function speak(language: Language): Promise<boolean> {
  if (language === 'en') {
    spoken.value = english;
    return true;
  }
  try {
    spoken.value = spokenIn(language, (await FILES[language]()).default);
    return true;
  } catch (error) {
    // No line: a dynamic import fails with a TypeError in every browser.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Before a page draws for the first time: the language that the server wrote into it. */
export async function speakAsThePage(): Promise<void> {
  const language = document.documentElement.lang;
  if (isLanguage(language)) await speak(language);
}

/** Changes this page at once and has the server remember it for the next ones. `csrf` from the page's meta element. */
export async function setLanguage(language: Language, csrf: string): Promise<boolean> {
  if (!(await speak(language))) return false;
  document.documentElement.lang = language;
  try {
    await fetch('/language', { method: 'POST', body: new URLSearchParams({ language, csrf }), redirect: 'manual' });
  } catch (error) {
    // Offline: the choice holds for this page.
    if (!(error instanceof TypeError)) throw error;
  }
  return true;
}
