/** A PDF of pictures, one a page: the smallest file format that every printer takes. Pure. */

export interface PdfPage {
  /** Rows of red, green, blue, deflated (zlib). */
  readonly rgb: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Size on paper, points of 1/72 inch. */
  readonly width: number;
  readonly height: number;
}

const encoder = new TextEncoder();

/** PDF 1.4 (ISO 32000-1, sections 7.5 and 8.9). */
export function pdfOf(pages: readonly PdfPage[]): Blob {
  const parts: Uint8Array[] = [];
  const offsets: number[] = [];
  let length = 0;
  const put = (part: string | Uint8Array): void => {
    const bytes = typeof part === 'string' ? encoder.encode(part) : part;
    parts.push(bytes);
    length += bytes.length;
  };
  const object = (number: number, body: () => void): void => {
    offsets[number] = length;
    put(`${number} 0 obj\n`);
    body();
    put('\nendobj\n');
  };
  const stream = (dictionary: string, data: Uint8Array): void => {
    put(`<<${dictionary}/Length ${data.length}>>\nstream\n`);
    put(data);
    put('\nendstream');
  };
  put('%PDF-1.4\n');
  const kids = pages.map((_, i) => `${3 + 3 * i} 0 R`).join(' ');
  object(1, () => put('<</Type/Catalog/Pages 2 0 R>>'));
  object(2, () => put(`<</Type/Pages/Count ${pages.length}/Kids[${kids}]>>`));
  for (const [i, page] of pages.entries()) {
    const [own, content, image] = [3 + 3 * i, 4 + 3 * i, 5 + 3 * i];
    const [width, height] = [page.width.toFixed(2), page.height.toFixed(2)];
    object(own, () =>
      put(
        `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${width} ${height}]/Contents ${content} 0 R` +
          `/Resources<</XObject<</P ${image} 0 R>>>>>>`,
      ),
    );
    object(content, () => stream('', encoder.encode(`${width} 0 0 ${height} 0 0 cm /P Do`)));
    object(image, () =>
      stream(
        `/Type/XObject/Subtype/Image/Width ${page.widthPx}/Height ${page.heightPx}` +
          '/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode',
        page.rgb,
      ),
    );
  }
  const start = length;
  const rows = offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  put(`xref\n0 ${offsets.length}\n0000000000 65535 f \n${rows.join('')}`);
  put(`trailer\n<</Size ${offsets.length}/Root 1 0 R>>\nstartxref\n${start}\n%%EOF\n`);
  return new Blob(parts as BlobPart[], { type: 'application/pdf' });
}
