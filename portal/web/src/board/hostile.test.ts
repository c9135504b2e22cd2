/** What strangers put into files: taken as letters, left out, or refused with a sentence that says what to do. */

import { describe, expect, it } from 'vitest';
import { bringPicture, PictureRefused } from './bringPicture';
import { isExcalidraw, readExcalidraw } from './excalidraw';
import { OpenJsonError, readOpen } from './openJson';

const board = (pages: string, more = ''): string =>
  `{"format":"chalkmesh-board","version":1,"__proto__":{"isPolluted":true},"pages":${pages}${more}}`;
const BOX = '"x":0,"y":0,"w":9,"h":9,"colour":"red","size":4';
const noPicture = (): Promise<string> => Promise.reject(new Error('no picture was expected'));

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(OpenJsonError);
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('a board in a file', () => {
  it('keeps a script as letters, and reads nothing from prototypes', () => {
    const script = '<img src=x onerror=alert(1)><script>alert(1)</script>';
    const shape = `{"type":"text",${BOX},"text":${JSON.stringify(script)},"__proto__":{"locked":true}}`;
    const [page] = readOpen(board(`[{"title":"${'<b>'.repeat(40)}","shapes":[${shape}],"__proto__":{"a":1}}]`));
    expect(page?.shapes[0]).toMatchObject({ type: 'text', text: script, locked: false });
    expect(page?.title).toHaveLength(60);
    expect(({} as Record<string, unknown>).isPolluted).toBeUndefined();
  });

  it('leaves out shapes of no known kind', () => {
    const kinds = ['__proto__', 'constructor', 'script', 'toString', ''];
    const shapes = kinds.map((type) => `{"type":"${type}",${BOX}}`).join();
    expect(readOpen(board(`[{"shapes":[${shapes},null,7,[],{"type":"geo","x":"NaN","w":1e999}]}]`))[0]?.shapes).toEqual(
      [],
    );
  });

  it('is refused in words when it is none, or too much', () => {
    const many = `[${Array(201).fill('{}').join()}]`;
    const crowded = `[{"shapes":[${Array(20_001).fill('{}').join()}]}]`;
    expect(refusal(() => readOpen('%PDF-1.7'))).toBe('This file is not a board: it cannot be read.');
    expect(refusal(() => readOpen('['.repeat(200_000)))).toBe('This file is not a board: it cannot be read.');
    expect(refusal(() => readOpen('{"format":"other"}'))).toBe('This file is not a board of Chalkmesh.');
    expect(refusal(() => readOpen(board(many)))).toBe('A board of more than 200 pages cannot be brought in.');
    expect(refusal(() => readOpen(board(crowded)))).toBe('A board of more than 20,000 shapes cannot be brought in.');
    expect(refusal(() => readOpen(' '.repeat(33 * 1024 * 1024)))).toBe('This file is too large to be a board.');
  });
});

describe('an Excalidraw file', () => {
  it('keeps a script as letters and leaves out what is not known', async () => {
    const text = JSON.stringify({
      type: 'excalidraw',
      elements: [
        { type: 'text', x: 0, y: 0, width: 9, height: 9, text: '<script>alert(1)</script>', fontSize: 20 },
        { type: '__proto__', x: 0, y: 0 },
        { type: 'iframe', x: 0, y: 0, link: 'javascript:alert(1)' },
        null,
      ],
      files: { x: { mimeType: 'image/svg+xml', dataURL: 'data:image/svg+xml,<svg onload=alert(1)>' } },
    }).replace('"files"', '"__proto__":{"isPolluted":true},"files"');
    expect(isExcalidraw(text)).toBe(true);
    const { pages } = await readExcalidraw(text, noPicture);
    expect(pages.flatMap(({ shapes }) => shapes.map(({ type }) => type))).toEqual(['text']);
    expect(({} as Record<string, unknown>).isPolluted).toBeUndefined();
  });
});

describe('a picture', () => {
  const sentence = async (content: BlobPart, type: string): Promise<string> => {
    const refused = await bringPicture(new File([content], 'picture', { type })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PictureRefused);
    return (refused as Error).message;
  };
  /** A few bytes that say they are a picture of this size. */
  const png = (width: number, height: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(64);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    const view = new DataView(bytes.buffer);
    view.setUint32(16, width);
    view.setUint32(20, height);
    return bytes;
  };
  const TOO_MUCH = 'This picture is damaged, or has too many pixels. Save it anew in a smaller size, and try again.';

  it('that could run something is refused', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>';
    expect(await sentence(svg, 'image/svg+xml')).toBe(
      'Only PNG, JPEG and WebP pictures can be put on the board. Save it as one of these first.',
    );
    expect(await sentence(svg, 'image/png')).toBe(TOO_MUCH);
  });

  it('that would fill the memory is refused before it is decoded', async () => {
    expect(await sentence(png(60_000, 60_000), 'image/png')).toBe(TOO_MUCH);
    expect(await sentence(png(0xffffffff, 1), 'image/png')).toBe(TOO_MUCH);
    expect(await sentence(new Uint8Array(31 * 1024 * 1024), 'image/jpeg')).toBe(
      'This picture is larger than 30 MB. Make it smaller, and try again.',
    );
  });
});
