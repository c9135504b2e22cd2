/** Holds the code to the language files: every word is in them, none is there for nothing, and none is left out of `t`. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type ESTree, parseSync } from 'vite';
import { expect, test } from 'vitest';
import es from './languages/es.json';

const SOURCE = join(import.meta.dirname, '..');
const WORDS = new Set(['t', 'tn', 'tx', 'phrase']);
/** Attributes that nobody reads. */
const SILENT = new Set(
  'class id key keys role type name style dir href d points transform viewBox testId class data-testid aria-controls aria-describedby aria-labelledby aria-keyshortcuts autocomplete accept for side tip'.split(
    ' ',
  ),
);
/** Words that are the same in every language, or names. */
const SAME = /LaTeX|PDF|MP4|\d+p\b|Atkinson Hyperlegible/g;
/** Says that a sentence of these errors is for the log and not for a person. */
const INTERNAL = new Set(['Error', 'RangeError', 'TypeError', 'DOMException', 'ManifestError']);
/** What people look at is made here; below are the wire, the documents and the PDF writer. */
const SHOWN = /^(classroom|player|media|alerts|operation|passkeys|board|ui)\/(?!pdf\/)/;

type Node = ESTree.Node;
interface Found {
  readonly at: string;
  readonly text: string;
}
interface Said extends Found {
  readonly call: string;
  readonly values: readonly string[];
  readonly isInFunction: boolean;
}

const said: Said[] = [];
const bare: Found[] = [];
function visit(node: unknown, above: readonly Node[], at: (node: Node) => string, isShown: boolean): void {
  if (Array.isArray(node)) {
    for (const one of node) visit(one, above, at, isShown);
    return;
  }
  if (typeof node !== 'object' || node === null || !('type' in node)) return;
  const here = node as Node;
  if (isTypeOnly(here.type)) return;
  if (here.type === 'CallExpression' && here.callee.type === 'Identifier' && WORDS.has(here.callee.name)) {
    read(here, here.callee.name, above, at);
    // What is no sentence itself may hold some: a value, or a word that was looked up.
    visit(
      here.arguments.filter((one) => literalsIn(one as Node).length === 0),
      [...above, here],
      at,
      isShown,
    );
    return;
  }
  const text = textOf(here);
  if (isShown && text !== null && isVisible(here, text, above)) bare.push({ at: at(here), text });
  for (const [key, value] of Object.entries(here)) if (key !== 'type') visit(value, [...above, here], at, isShown);
}

function isTypeOnly(type: string): boolean {
  const isValue = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(type);
  return type === 'ImportDeclaration' || (type.startsWith('TS') && !isValue);
}

function textOf(node: Node): string | null {
  if (node.type === 'JSXText') return node.value;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  return node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.cooked).join('…') : null;
}

function read(call: ESTree.CallExpression, name: string, above: readonly Node[], at: (node: Node) => string): void {
  const [english, values] = name === 'tn' ? call.arguments.slice(2) : call.arguments;
  const names = [...(name === 'tn' ? ['n'] : [])];
  if (values?.type === 'ObjectExpression') {
    for (const property of values.properties) {
      if (property.type === 'Property' && property.key.type === 'Identifier') names.push(property.key.name);
    }
  }
  const isInFunction = above.some(({ type }) => /Function|MethodDefinition|PropertyDefinition/.test(type));
  for (const text of literalsIn(english)) {
    said.push({ at: at(call), text, call: name, values: names, isInFunction });
  }
}

/** A literal, either side of a choice between some, or none: a `Phrase` that was read before. */
function literalsIn(node: Node | undefined): string[] {
  if (node?.type === 'Literal' && typeof node.value === 'string') return [node.value];
  return node?.type === 'ConditionalExpression' ? [...literalsIn(node.consequent), ...literalsIn(node.alternate)] : [];
}

/** Whether a person would read this text as it stands: in an element, or a sentence anywhere. */
function isVisible(node: Node, text: string, above: readonly Node[]): boolean {
  const words = text.replace(SAME, '').trim();
  if (!/\p{L}{2}/u.test(words)) return false;
  if (node.type === 'JSXText') return true;
  const attribute = above.findLast((one) => one.type === 'JSXAttribute');
  if (attribute?.type === 'JSXAttribute') {
    const { name } = attribute.name;
    if (SILENT.has(String(name)) || /^on[A-Z]/.test(String(name))) return false;
  }
  const parent = above.at(-1);
  if (parent?.type === 'BinaryExpression' || parent?.type === 'SwitchCase' || parent?.type === 'ImportExpression')
    return false;
  const made = above.findLast((one) => one.type === 'NewExpression');
  if (made?.type === 'NewExpression' && made.callee.type === 'Identifier' && INTERNAL.has(made.callee.name))
    return false;
  if (attribute && /^\p{Lu}\p{Ll}/u.test(words) && !isKeyOrClass(words)) return true;
  return /^\p{Lu}[\p{Ll}’]* \p{L}/u.test(words) && !isKeyOrClass(words);
}

const isKeyOrClass = (words: string): boolean =>
  /--|^Ctrl|^Shift|^(Enter|Space|Del|Delete|Escape|Home|End|Tab)$/.test(words);

const holesIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
for (const entry of readdirSync(SOURCE, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  const name = relative(SOURCE, path);
  if (/\.tsx?$/.test(name) && !/\.test\.tsx?$|\/test[A-Z]\w*\.ts$|^ui\/i18n\.ts$/.test(name)) {
    const code = readFileSync(path, 'utf8');
    const { program } = parseSync(path, code);
    visit(program, [], (node) => `${name}:${code.slice(0, node.start).split('\n').length}`, SHOWN.test(name));
  }
}

const spanish: Readonly<Record<string, string | Readonly<Record<string, string>>>> = es;

test('the scan sees the code', () => {
  expect(said.length).toBeGreaterThan(500);
});

test('everything that is said has its Spanish', () => {
  const missing = said.filter(({ text }) => !Object.hasOwn(spanish, text)).map(({ at, text }) => `${at} ${text}`);
  expect(missing).toEqual([]);
});

test('nothing is translated that nobody says', () => {
  const english = new Set(said.map(({ text }) => text));
  expect(Object.keys(spanish).filter((text) => !english.has(text))).toEqual([]);
});

test('a translation has the values of its English, and plurals where English has them', () => {
  const wrong: string[] = [];
  for (const { at, text, call, values } of said) {
    const translated = spanish[text];
    if (translated === undefined) continue;
    const isPlural = typeof translated === 'object';
    const forms = isPlural ? translated : { other: translated };
    if (isPlural !== (call === 'tn')) wrong.push(`${at} ${text}: plural on one side only`);
    if (isPlural && !(translated.one && translated.other)) wrong.push(`${at} ${text}: Spanish needs "one" and "other"`);
    for (const [category, form] of Object.entries(forms)) {
      const holes = holesIn(form);
      const wanted = holesIn(text).filter((name) => category !== 'one' || name !== 'n' || holes.includes('n'));
      if (holes.join() !== wanted.join()) wrong.push(`${at} ${text}: {${wanted}} but {${holes}}`);
    }
    if (call !== 'phrase' && holesIn(text).some((name) => !values.includes(name)))
      wrong.push(`${at} ${text}: a value is missing`);
  }
  expect(wrong).toEqual([]);
});

test('words are said while drawing, so that they follow the language', () => {
  expect(said.filter(({ call, isInFunction }) => call !== 'phrase' && !isInFunction).map(({ at }) => at)).toEqual([]);
});

test('no English stands bare where people read it', () => {
  expect(bare.map(({ at, text }) => `${at} ${text.trim()}`)).toEqual([]);
});
