/** A PDF file as numbered objects (ISO 32000-1, section 7.5): who writes them, and the table of where they stand. Pure. */

const encoder = new TextEncoder();

export class PdfFile {
  private readonly parts: Uint8Array[] = [];
  /** By object number; 0 is no object. */
  private readonly offsets: number[] = [0];
  private length = 0;

  constructor() {
    // The second line tells programs that this is no text.
    this.write('%PDF-1.5\n');
    this.write(new Uint8Array([37, 226, 227, 207, 211, 10]));
  }

  /** A number for an object that is written later. */
  reserve(): number {
    this.offsets.push(0);
    return this.offsets.length - 1;
  }

  /** Writes an object, under a number reserved before or a new one; its number. */
  put(body: string, number = this.reserve()): number {
    this.begin(number);
    this.write(`${body}\nendobj\n`);
    return number;
  }

  /** Writes a stream, deflated; `entries` are those of its dictionary beside length and filter. */
  async stream(entries: string, data: Uint8Array<ArrayBuffer> | string, number = this.reserve()): Promise<number> {
    const packed = await deflated(typeof data === 'string' ? encoder.encode(data) : data);
    this.begin(number);
    this.write(`<<${entries}/Filter/FlateDecode/Length ${packed.length}>>\nstream\n`);
    this.write(packed);
    this.write('\nendstream\nendobj\n');
    return number;
  }

  finish(root: number): Blob {
    const start = this.length;
    const rows = this.offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
    this.write(`xref\n0 ${this.offsets.length}\n0000000000 65535 f \n${rows.join('')}`);
    this.write(`trailer\n<</Size ${this.offsets.length}/Root ${root} 0 R>>\nstartxref\n${start}\n%%EOF\n`);
    return new Blob(this.parts as BlobPart[], { type: 'application/pdf' });
  }

  private begin(number: number): void {
    this.offsets[number] = this.length;
    this.write(`${number} 0 obj\n`);
  }

  private write(part: string | Uint8Array): void {
    const bytes = typeof part === 'string' ? encoder.encode(part) : part;
    this.parts.push(bytes);
    this.length += bytes.length;
  }
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
