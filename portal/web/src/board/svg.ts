/** A page as SVG: the same paths and letters that the canvas gets, with the board's font inside. */

import type { Box } from './camera';
import { hasRightToLeft, isRightToLeft } from './direction';
import type { FontFile } from './fonts';
import {
  cssColour,
  type FigureItem,
  FONT_FAMILY,
  type ImageItem,
  paperColour,
  type SceneItem,
  type StrokeItem,
  type TextItem,
  type Theme,
} from './scene';

export interface SvgParts {
  readonly items: readonly SceneItem[];
  readonly box: Box;
  readonly theme: Theme;
  /** The ruling as SVG, painted by the caller; '' for plain paper. */
  readonly ruling: string;
  /** Font files as data URLs; none: the letters are set in what the reader has. */
  readonly fonts: readonly FontFile[];
  /** A picture as a data URL; null leaves its frame empty. */
  readonly pictureUrl: (asset: string) => string | null;
}

export function svgOf({ items, box, theme, ruling, fonts, pictureUrl }: SvgParts): string {
  const [x, y, w, h] = [box.minX, box.minY, box.maxX - box.minX, box.maxY - box.minY].map(short);
  const rules = fonts.map(
    ({ url, weight, range }) =>
      `@font-face{font-family:"${FONT_FAMILY}";font-weight:${weight};src:url(${url})${range ? `;unicode-range:${range}` : ''}}`,
  );
  const faces = rules.length > 0 ? `<style>${rules.join('')}</style>` : '';
  const body = items.map((item) => itemOf(item, theme, pictureUrl)).join('\n');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${x} ${y} ${w} ${h}">\n${faces}` +
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${paperColour(theme)}"/>\n${ruling}${body}\n</svg>\n`
  );
}

function itemOf(item: SceneItem, theme: Theme, pictureUrl: SvgParts['pictureUrl']): string {
  switch (item.kind) {
    case 'stroke':
      return strokeOf(item, theme);
    case 'text':
      return lettersOf(item, theme);
    case 'figure':
      return figureOf(item, theme);
    case 'image':
      return imageOf(item, pictureUrl(item.asset));
  }
}

const short = (value: number): string => String(Math.round(value * 1000) / 1000);
const opacityOf = (opacity: number): string => (opacity < 1 ? ` opacity="${short(opacity)}"` : '');
const degrees = (angle: number): string => short((angle * 180) / Math.PI);

function strokeOf({ outline, x, y, colour, opacity }: StrokeItem, theme: Theme): string {
  const count = outline.length / 2;
  if (count < 2) {
    return '';
  }
  const at = (i: number): [number, number] => [
    x + (outline[2 * (i % count)] ?? 0),
    y + (outline[2 * (i % count) + 1] ?? 0),
  ];
  const middle = (i: number): string => {
    const [[ax, ay], [bx, by]] = [at(i), at(i + 1)];
    return `${short((ax + bx) / 2)} ${short((ay + by) / 2)}`;
  };
  let d = `M${middle(count - 1)}`;
  for (let i = 0; i < count; i += 1) {
    const [px, py] = at(i);
    d += `Q${short(px)} ${short(py)} ${middle(i)}`;
  }
  return `<path d="${d}Z" fill="${cssColour(colour, theme)}"${opacityOf(opacity)}/>`;
}

function figureOf(item: FigureItem, theme: Theme): string {
  const paths = item.paths.map(({ verbs, coords, colour, fill, width, dash }) => {
    let [d, i] = ['', 0];
    const css = cssColour(colour, theme);
    for (const verb of verbs) {
      const count = verb === 'C' ? 6 : verb === 'Z' ? 0 : 2;
      d += verb + [...coords.slice(i, i + count)].map(short).join(' ');
      i += count;
    }
    if (fill > 0) {
      return `<path d="${d}" fill="${css}"${opacityOf(fill * item.opacity)}/>`;
    }
    const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.map(short).join(' ')}"` : '';
    const pen = `stroke="${css}" stroke-width="${short(width)}" stroke-linecap="round" stroke-linejoin="round"`;
    return `<path d="${d}" fill="none" ${pen}${dashes}${opacityOf(item.opacity)}/>`;
  });
  return paths.join('') + (item.label ? lettersOf(item.label, theme) : '');
}

function lettersOf(item: TextItem, theme: Theme): string {
  const { x, y, rotation, size, bold, colour, opacity } = item;
  const turn = rotation === 0 ? '' : ` transform="rotate(${degrees(rotation)} ${short(x)} ${short(y)})"`;
  const font = `font-family="${FONT_FAMILY}, sans-serif" font-size="${short(size)}"${bold ? ' font-weight="bold"' : ''}`;
  const kerning = item.lines.some((line) => hasRightToLeft(line.text)) ? 'normal' : 'none';
  const lines = item.lines.map(
    ({ text, x: left, baseline }) =>
      `<tspan x="${short(left)}" y="${short(baseline)}"${isRightToLeft(text) ? RIGHT_TO_LEFT : ''}>${escapeXml(text)}</tspan>`,
  );
  return (
    `<text ${font} fill="${cssColour(colour, theme)}" xml:space="preserve" style="font-kerning:${kerning}"` +
    `${opacityOf(opacity)}${turn}>${lines.join('')}</text>`
  );
}

function imageOf({ x, y, w, h, rotation, opacity }: ImageItem, url: string | null): string {
  const turn =
    rotation === 0 ? '' : ` transform="rotate(${degrees(rotation)} ${short(x + w / 2)} ${short(y + h / 2)})"`;
  const place = `x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"${opacityOf(opacity)}${turn}`;
  return url ? `<image href="${url}" preserveAspectRatio="none" ${place}/>` : `<rect fill="#e9e7df" ${place}/>`;
}

/** The end of such a line is its left edge, which is where `x` is. */
const RIGHT_TO_LEFT = ' direction="rtl" unicode-bidi="embed" text-anchor="end"';
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Control characters and halves of letters have no place in XML at all. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

function escapeXml(text: string): string {
  return text.replace(FORBIDDEN, '').replace(/[&<>"]/g, (letter) => ENTITIES[letter] ?? letter);
}
