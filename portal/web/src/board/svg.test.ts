import { expect, test } from 'vitest';
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
  const svg = svgOf({ items: [letters], box, theme: 'light', ruling: '', fonts: [], pictureUrl: () => null });
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; </tspan>');
  expect(svg).toContain('fill="#1f2328"');
});
