/** One text being written: from the click that opens the editor until it closes, one undo step. */

import ink from '@spec/ink.json';
import type { Board } from '../core/board';
import type { PageId, ShapeId } from '../core/ids';
import { type Colour, type FrameShape, type GeoShape, isWritten, type NoteShape, THINGS } from '../core/shape';
import type { TextTarget, ToolStyle } from './tools/tool';

export interface TextHost {
  readonly board: Board;
  readonly page: PageId;
  readonly view: { setLifted(ids: ReadonlySet<ShapeId>): void };
  now(): number;
  style(tool: 'text'): ToolStyle;
  attempt(run: () => unknown): void;
}

export interface TextLook {
  readonly x: number;
  readonly y: number;
  readonly colour: Colour;
  readonly size: number;
}

export const LINE_HEIGHT = ink.text.line_height;

export class TextSession {
  private shape: ShapeId | null;
  private readonly closeStep: () => void;
  private readonly page: PageId;

  constructor(
    private readonly host: TextHost,
    private readonly target: TextTarget,
  ) {
    this.shape = target.id;
    this.page = host.page;
    this.closeStep = host.board.openStep();
    this.lift();
  }

  /** The shape written to; null until there is a first letter. */
  get id(): ShapeId | null {
    return this.shape;
  }

  /** What the board holds. */
  get text(): string {
    const shape = this.shape ? this.host.board.shape(this.shape) : null;
    return shape && isWritten(shape) ? shape.text : '';
  }

  /** The frame whose title is written. */
  get titled(): FrameShape | null {
    const shape = this.shape ? this.host.board.shape(this.shape) : null;
    return shape?.type === 'frame' ? shape : null;
  }

  /** The box that the letters stand in the middle of; null for a text, which stands free. */
  get frame(): GeoShape | NoteShape | null {
    const shape = this.shape ? this.host.board.shape(this.shape) : null;
    return shape?.type === 'geo' || shape?.type === 'note' ? shape : null;
  }

  get isBold(): boolean {
    const shape = this.shape ? this.host.board.shape(this.shape) : null;
    return shape !== null && isWritten(shape) && shape.bold;
  }

  /** Where and how it stands now; another may move or recolour it meanwhile. */
  get look(): TextLook {
    const shape = this.shape ? this.host.board.shape(this.shape) : null;
    if (shape?.type === 'frame') {
      // Its title stands above it.
      return { ...shape, y: shape.y - THINGS.frame.gap - shape.size * LINE_HEIGHT };
    }
    return shape ?? { ...this.host.style('text'), x: this.target.x, y: this.target.y };
  }

  write(text: string): void {
    const { board } = this.host;
    this.host.attempt(() => {
      if (this.shape) {
        board.editText(this.shape, text);
      } else if (text !== '') {
        this.shape = board.addText({ ...this.look, page: this.page, text, nowMs: this.host.now() });
        this.lift();
      }
    });
  }

  /** A text left blank goes. */
  close(): void {
    const { board, view } = this.host;
    const { shape } = this;
    const isText = shape !== null && board.shape(shape)?.type === 'text';
    if (shape && isText && board.writable && board.shape(shape)?.erased === false && this.text.trim() === '') {
      this.host.attempt(() => board.erase([shape]));
    }
    this.closeStep();
    view.setLifted(new Set());
  }

  /** The editor shows a text instead of the page; letters in a box stay where they are, under the editor's caret. */
  private lift(): void {
    if (this.shape && !this.frame && !this.titled) {
      this.host.view.setLifted(new Set([this.shape]));
    }
  }
}
