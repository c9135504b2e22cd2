/**
 * MathJax, in a chunk of its own that is fetched when the first formula is written: LaTeX in, a tree of SVG out. It runs
 * on a document of its own (no DOM, no styles in the page), so the pages' content security policy stays as it is.
 */

import { liteAdaptor } from '@mathjax/src/js/adaptors/liteAdaptor.js';
import { RegisterHTMLHandler } from '@mathjax/src/js/handlers/html.js';
import { TeX } from '@mathjax/src/js/input/tex.js';
import { mathjax } from '@mathjax/src/js/mathjax.js';
import { SVG } from '@mathjax/src/js/output/svg.js';
import '@mathjax/src/js/input/tex/base/BaseConfiguration.js';
import '@mathjax/src/js/input/tex/ams/AmsConfiguration.js';
import '@mathjax/src/js/input/tex/cancel/CancelConfiguration.js';
import { MathJaxNewcmFont } from '@mathjax/mathjax-newcm-font/js/svg.js';
import type { SvgNode } from './outline';

/** Letters beyond those of mathematics come when a formula needs them: `\text{Größe}`, `\mathbb{R}`. */
const RANGES = import.meta.glob(
  '../../../node_modules/@mathjax/mathjax-newcm-font/mjs/svg/dynamic/{accents,accents-b-i,arrows,calligraphic,double-struck,fraktur,latin,latin-b,latin-i,marrows,math,mshapes,script,shapes,symbols,symbols-b-i,variants}.js',
);

mathjax.asyncLoad = async (name: string): Promise<unknown> => {
  const file = name.slice(name.lastIndexOf('/') + 1);
  const range = Object.entries(RANGES).find(([path]) => path.endsWith(`/${file}`));
  if (!range) {
    throw new Error(`no letters of ${file}`);
  }
  return range[1]();
};

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
/** Only what sets mathematics: no links, no ids, no loading of more, no macros of one's own. */
const tex = new TeX({
  packages: ['base', 'ams', 'cancel'],
  formatError: (_jax: unknown, error: Error) => {
    throw error;
  },
});
const svg = new SVG({ fontCache: 'local', fontData: MathJaxNewcmFont, linebreaks: { inline: false } });
const page = mathjax.document('', { InputJax: tex, OutputJax: svg });
/** Px; only shares of it come out. */
const EM = 16;

/** The `<svg>` of a formula. Rejects with an error whose `id` MathJax's own, or with any other where letters are missing. */
export async function svgTree(latex: string): Promise<SvgNode> {
  const node = await mathjax.handleRetriesFor(() =>
    page.convert(latex, { display: true, em: EM, ex: EM / 2, containerWidth: 1e6 }),
  );
  return adaptor.firstChild(node) as SvgNode;
}
