/** One text for one content: equal boards give equal texts, whatever order things arrived in. */
import type { Doc } from 'yjs';
import { formatBase64Url } from './bytes';
import type { DocRef } from './ids';

/** JSON with sorted keys; bytes as `{"$bytes": base64url}`; what JSON cannot say becomes a string. */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
  if (typeof value === 'bigint') return `"${value}n"`;
  if (value instanceof Uint8Array) return `{"$bytes":${JSON.stringify(formatBase64Url(value))}}`;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

const ROOTS = {
  board: ['meta', 'pages', 'shapes', 'bindings', 'assets'],
  stage: ['stage'],
  chat: ['messages'],
  desk: ['meta', 'pages', 'shapes', 'bindings', 'assets'],
} as const;

/** The content of one document by root; empty roots are left out. */
export function docContent(ref: DocRef, doc: Doc): Record<string, unknown> {
  const content: Record<string, unknown> = {};
  for (const root of ROOTS[ref.kind]) {
    const json: unknown = doc.getMap(root).toJSON();
    if (Object.keys(json as object).length > 0) content[root] = json;
  }
  return content;
}
