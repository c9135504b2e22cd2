/** A board as a PDF: every page, its paths and letters as such, each picture once. A chunk of its own: few ask for it. */

import type { Board } from '../../core/board';
import type { PageId } from '../../core/ids';
import { rulingMarks } from '../backgrounds';
import type { Box } from '../camera';
import { fontUrls } from '../fonts';
import { measureText } from '../measure';
import { enterBoard, type Pictures, paintItem } from '../painter';
import { paperOf } from '../paper';
import { sceneItem, type TextItem, type Theme } from '../scene';
import { PdfFile } from './file';
import { PdfFont } from './font';
import { PdfPainter, type PdfResources, POINTS_A_PX } from './page';
import { readTrueType } from './trueType';

/** Sharpness of text that has to be a picture, px a board px. */
const TEXT_SHARPNESS = 4;
const LONGEST_SIDE_PX = 4_000;

export interface PdfOptions {
  readonly board: Pick<Board, 'pages' | 'shapes'>;
  readonly theme: Theme;
  readonly pictures: Pictures;
  /** Resolves when the pictures of a page are there to be painted. */
  readonly whenPictures?: (page: PageId) => Promise<unknown>;
  /** What of a page goes on paper. */
  readonly boxOf: (page: PageId) => Box;
}

/** Rejects where the font cannot be fetched. */
export async function pdfOfBoard({ board, theme, pictures, whenPictures, boxOf }: PdfOptions): Promise<Blob> {
  const file = new PdfFile();
  const shared = new Shared(file, await loadFonts(file), pictures, theme);
  const tree = file.reserve();
  const pages: number[] = [];
  const resources = file.reserve();
  for (const { id, background } of board.pages()) {
    const box = boxOf(id);
    await whenPictures?.(id);
    const paper = paperOf(board, id, theme);
    shared.theme = paper;
    const painter = new PdfPainter(box, paper, shared);
    painter.ruling(rulingMarks(background, box, paper));
    for (const shape of board.shapes(id)) {
      const item = sceneItem(shape, measureText);
      if (item) {
        painter.item(item);
      }
    }
    await shared.writePictures();
    const content = await file.stream('', painter.content);
    const size = [(box.maxX - box.minX) * POINTS_A_PX, (box.maxY - box.minY) * POINTS_A_PX];
    const [width, height] = size.map((points) => points.toFixed(2));
    pages.push(
      file.put(
        `<</Type/Page/Parent ${tree} 0 R/MediaBox[0 0 ${width} ${height}]/Contents ${content} 0 R` +
          `/Resources ${resources} 0 R/Group<</S/Transparency/CS/DeviceRGB>>>>`,
      ),
    );
  }
  await shared.write(resources);
  file.put(`<</Type/Pages/Count ${pages.length}/Kids[${pages.map((page) => `${page} 0 R`).join(' ')}]>>`, tree);
  return file.finish(file.put(`<</Type/Catalog/Pages ${tree} 0 R>>`));
}

interface Fonts {
  readonly regular: PdfFont;
  readonly bold: PdfFont;
}

async function loadFonts(file: PdfFile): Promise<Fonts> {
  const load = async (url: string, name: string): Promise<PdfFont> => {
    const answer = await fetch(url);
    if (!answer.ok) {
      throw new Error('the font of the board could not be loaded');
    }
    return new PdfFont(file, readTrueType(new Uint8Array(await answer.arrayBuffer())), name);
  };
  const [regular, bold] = await Promise.all([
    load(fontUrls.regular, 'AtkinsonHyperlegible-Regular'),
    load(fontUrls.bold, 'AtkinsonHyperlegible-Bold'),
  ]);
  return { regular, bold };
}

/** Fonts, opacities and pictures of all pages; what a page asked for is written at the end. */
class Shared implements PdfResources {
  private readonly alphas = new Map<string, string>();
  private readonly byAsset = new Map<string, string | null>();
  /** Of the page at hand; written with it, since those of a whole book are more than a tab may hold. */
  private readonly canvases = new Map<string, HTMLCanvasElement>();
  private readonly images = new Map<string, number>();
  private readonly styles = new Set<keyof Fonts>();

  constructor(
    private readonly file: PdfFile,
    private readonly fonts: Fonts,
    private readonly pictures: Pictures,
    /** Of the page at hand. */
    public theme: Theme,
  ) {}

  alpha(opacity: number): string {
    const value = opacity.toFixed(3);
    const name = this.alphas.get(value) ?? `A${this.alphas.size}`;
    this.alphas.set(value, name);
    return name;
  }

  letters(text: string, bold: boolean): { font: string; glyphs: string } | null {
    const style = bold ? 'bold' : 'regular';
    const glyphs = this.fonts[style].encode(text);
    if (glyphs === null) {
      return null;
    }
    this.styles.add(style);
    return { font: style, glyphs };
  }

  picture(asset: string): string | null {
    let name = this.byAsset.get(asset);
    if (name === undefined) {
      const canvas = canvasOf(this.pictures(asset));
      name = canvas && this.keep(canvas);
      this.byAsset.set(asset, name);
    }
    return name;
  }

  textPicture(item: TextItem): string | null {
    const { minX, minY, maxX, maxY } = item.box;
    const longest = Math.max(maxX - minX, maxY - minY);
    const scale = Math.min(TEXT_SHARPNESS, LONGEST_SIDE_PX / longest);
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil((maxX - minX) * scale);
    canvas.height = Math.ceil((maxY - minY) * scale);
    const context = canvas.getContext('2d');
    if (!context || canvas.width === 0 || canvas.height === 0) {
      return null;
    }
    enterBoard(context, scale, -minX * scale, -minY * scale);
    paintItem(context, item, scale, this.theme);
    return this.keep(canvas);
  }

  async writePictures(): Promise<void> {
    for (const [name, canvas] of this.canvases) {
      this.images.set(name, await writeImage(this.file, canvas));
    }
    this.canvases.clear();
  }

  async write(number: number): Promise<void> {
    const { file } = this;
    const states = [...this.alphas].map(([value, name]) => `/${name}<</ca ${value}/CA ${value}>>`);
    const fonts: string[] = [];
    for (const style of this.styles) {
      await this.fonts[style].write();
      fonts.push(`/${style} ${this.fonts[style].number} 0 R`);
    }
    // A number that is reserved has to be an object: a style that nobody uses is an empty one.
    for (const style of ['regular', 'bold'] as const) {
      if (!this.styles.has(style)) {
        file.put('null', this.fonts[style].number);
      }
    }
    const images = [...this.images].map(([name, image]) => `/${name} ${image} 0 R`);
    file.put(`<</ExtGState<<${states.join('')}>>/Font<<${fonts.join('')}>>/XObject<<${images.join('')}>>>>`, number);
  }

  private keep(canvas: HTMLCanvasElement): string {
    const name = `P${this.images.size + this.canvases.size}`;
    this.canvases.set(name, canvas);
    return name;
  }
}

function canvasOf(picture: CanvasImageSource | null): HTMLCanvasElement | null {
  if (!picture || !('width' in picture) || typeof picture.width !== 'number' || typeof picture.height !== 'number') {
    return null;
  }
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  return canvas;
}

/** The picture's colours, and its transparency beside them where it has any. */
async function writeImage(file: PdfFile, canvas: HTMLCanvasElement): Promise<number> {
  const { width, height } = canvas;
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
  const colours = new Uint8Array((pixels.length / 4) * 3);
  const alphas = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < alphas.length; i += 1) {
    colours[3 * i] = pixels[4 * i] ?? 0;
    colours[3 * i + 1] = pixels[4 * i + 1] ?? 0;
    colours[3 * i + 2] = pixels[4 * i + 2] ?? 0;
    alphas[i] = pixels[4 * i + 3] ?? 0;
  }
  const size = `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}/BitsPerComponent 8`;
  const isOpaque = alphas.every((alpha) => alpha === 255);
  const mask = isOpaque ? null : await file.stream(`${size}/ColorSpace/DeviceGray`, alphas);
  return file.stream(`${size}/ColorSpace/DeviceRGB${mask === null ? '' : `/SMask ${mask} 0 R`}`, colours);
}
