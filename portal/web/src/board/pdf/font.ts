/** The board's font inside a PDF: whole, with its glyphs named by number (ISO 32000-1, sections 9.7 and 9.10). */

import type { PdfFile } from './file';
import type { TrueType } from './trueType';

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

/** One style of the font, as far as a document's letters need it. */
export class PdfFont {
  readonly number: number;
  private readonly used = new Map<number, number>();

  constructor(
    private readonly file: PdfFile,
    private readonly font: TrueType,
    /** As PDF readers show it. */
    private readonly name: string,
  ) {
    this.number = file.reserve();
  }

  /** The letters as a string of glyph numbers; null where the font lacks one of them. */
  encode(text: string): string | null {
    let glyphs = '';
    for (const letter of text) {
      const char = letter.codePointAt(0) ?? 0;
      const glyph = this.font.glyph(char);
      if (glyph === 0) {
        return null;
      }
      this.used.set(glyph, char);
      glyphs += hex4(glyph);
    }
    return `<${glyphs}>`;
  }

  async write(): Promise<void> {
    const { file, font, name } = this;
    const per1000 = (units: number): number => Math.round((units * 1000) / font.unitsPerEm);
    const data = await file.stream(`/Length1 ${font.data.length}`, font.data);
    const box = font.box.map(per1000).join(' ');
    const descriptor = file.put(
      `<</Type/FontDescriptor/FontName/${name}/Flags 4/FontBBox[${box}]/ItalicAngle 0/Ascent ${per1000(font.ascent)}` +
        `/Descent ${per1000(font.descent)}/CapHeight 668/StemV 80/FontFile2 ${data} 0 R>>`,
    );
    const widths = [...this.used.keys()].map((glyph) => `${glyph}[${per1000(font.advance(glyph))}]`).join('');
    const letters = file.put(
      `<</Type/Font/Subtype/CIDFontType2/BaseFont/${name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)` +
        `/Supplement 0>>/CIDToGIDMap/Identity/FontDescriptor ${descriptor} 0 R/W[${widths}]>>`,
    );
    const meaning = await file.stream('', this.meaning());
    file.put(
      `<</Type/Font/Subtype/Type0/BaseFont/${name}/Encoding/Identity-H/DescendantFonts[${letters} 0 R]` +
        `/ToUnicode ${meaning} 0 R>>`,
      this.number,
    );
  }

  /** Which characters the glyphs stand for, so that text can be searched and copied. */
  private meaning(): string {
    const rows = [...this.used].map(([glyph, char]) => {
      const units = [...String.fromCodePoint(char)].flatMap((each) => each.split('').map((unit) => unit.charCodeAt(0)));
      return `<${hex4(glyph)}> <${units.map(hex4).join('')}>`;
    });
    const blocks: string[] = [];
    for (let from = 0; from < rows.length; from += 100) {
      const block = rows.slice(from, from + 100);
      blocks.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`);
    }
    return (
      '/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n' +
      '/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n' +
      '/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n' +
      '1 begincodespacerange <0000> <ffff> endcodespacerange\n' +
      `${blocks.join('\n')}\nendcmap CMapName currentdict /CMap defineresource pop end end`
    );
  }
}
