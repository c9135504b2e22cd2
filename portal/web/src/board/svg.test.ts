import { expect, test } from 'vitest';
import { pdfOf } from './pdf';
import type { TextItem } from './scene';
import { svgOf } from './svg';

const box = { minX: 0, minY: 0, maxX: 100, maxY: 50 };
const letters: TextItem = {
  kind: 'text',
  x: 0,
  y: 0,
  rotation: 0,
  lines: [{ text: '<script>alert("1")</script> & \u0000\u0007', x: 1, baseline: 20 }],
  colour: '"><script>',
  opacity: 1,
  bold: false,
  size: 20,
  box,
};

test('letters and colours of others are only ever letters and colours in SVG', () => {
  const svg = svgOf({ items: [letters], box, theme: 'light', ruling: '', fonts: null, pictureUrl: () => null });
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; </tspan>');
  expect(svg).toContain('fill="#1f2328"');
});

test('a PDF’s table of contents points at its objects', async () => {
  const page = { rgb: new Uint8Array([1, 2, 3]), widthPx: 1, heightPx: 1, width: 75, height: 37.5 };
  const bytes = new TextDecoder('latin1').decode(await pdfOf([page, page]).arrayBuffer());
  expect(bytes.startsWith('%PDF-1.4\n')).toBe(true);
  const start = Number(/startxref\n(\d+)\n%%EOF/.exec(bytes)?.[1]);
  const rows = bytes.slice(start).split('\n').slice(3, 11);
  expect(rows.length).toBe(8);
  for (const [i, row] of rows.entries()) {
    expect(bytes.slice(Number(row.slice(0, 10))).startsWith(`${i + 1} 0 obj`)).toBe(true);
  }
  expect(bytes).toContain('/Count 2/Kids[3 0 R 6 0 R]');
});
