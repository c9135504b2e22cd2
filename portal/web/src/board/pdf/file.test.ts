import { expect, test } from 'vitest';
import { PdfFile } from './file';

test('a PDF’s table of contents points at its objects, in whatever order they were written', async () => {
  const file = new PdfFile();
  const later = file.reserve();
  await file.stream('/Kind/One', 'q Q');
  file.put('<</Type/Pages/Count 0/Kids[]>>', later);
  const root = file.put(`<</Type/Catalog/Pages ${later} 0 R>>`);
  const bytes = new TextDecoder('latin1').decode(await file.finish(root).arrayBuffer());
  expect(bytes.startsWith('%PDF-1.5\n')).toBe(true);
  const start = Number(/startxref\n(\d+)\n%%EOF/.exec(bytes)?.[1]);
  const rows = bytes.slice(start).split('\n').slice(3, 6);
  for (const [i, row] of rows.entries()) {
    expect(bytes.slice(Number(row.slice(0, 10))).startsWith(`${i + 1} 0 obj`)).toBe(true);
  }
  expect(bytes).toContain('/Root 3 0 R');
});
