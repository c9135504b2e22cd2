/** Formulas, plots and number lines are written in a dialog: which one is open, and what becomes of it. */

import { signal } from '@preact/signals';
import things from '@spec/things.json';
import type { Board, ShapeFields } from '../core/board';
import type { PageId, ShapeId } from '../core/ids';
import type { MathShape, PlotForm, PlotShape, Shape } from '../core/shape';
import { t } from '../ui/i18n';
import type { Box, Point } from './camera';
import type { SetFormula } from './formula/latex';
import { enlarged, type ToolStyle } from './tools/tool';
import { middleOfBox } from './transform';

export type BoardDialog =
  | { readonly kind: 'formula'; readonly shape: MathShape | null }
  | { readonly kind: 'plot'; readonly form: PlotForm; readonly shape: PlotShape | null };

export interface DialogHost {
  readonly board: Board;
  readonly page: PageId;
  readonly view: { readonly visible: Box; readonly camera: { readonly zoom: number } };
  readonly hands: { placeFor(w: number, h: number): Point };
  now(): number;
  style(tool: 'text'): ToolStyle;
  attempt(run: () => unknown): void;
  made(id: ShapeId): void;
}

/** Fields of a plot that its dialog writes. */
export type PlotFields = Pick<
  ShapeFields,
  'form' | 'x_from' | 'x_to' | 'y_from' | 'y_to' | 'x_step' | 'y_step' | 'grid' | 'reduced' | 'entries'
>;

const [, FORMULA_SIZE = 36] = things.formula.sizes;
const [, PLOT_SIZE = 18, LINE_SIZE = 24] = things.plot.sizes;
/** Board px. */
const AXES = { w: 480, h: 400, size: PLOT_SIZE };
const LINE = { w: 800, h: 140, size: LINE_SIZE };
/** Of a new frame, where nothing was chosen that it could stand around. */
const FRAME = { w: 640, h: 400 };
const FRAME_MARGIN_PX = 24;
const [, FRAME_SIZE = 20] = things.frame.sizes;

export class Dialogs {
  readonly open = signal<BoardDialog | null>(null);

  constructor(private readonly host: DialogHost) {}

  newFormula(): void {
    this.open.value = { kind: 'formula', shape: null };
  }

  newPlot(form: PlotForm): void {
    this.open.value = { kind: 'plot', form, shape: null };
  }

  /** Opens what was written once. Returns whether there is a dialog for it. */
  edit(shape: Shape): boolean {
    if (shape.locked) {
      return false;
    }
    if (shape.type === 'math') {
      this.open.value = { kind: 'formula', shape };
    } else if (shape.type === 'plot') {
      this.open.value = { kind: 'plot', form: shape.form, shape };
    }
    return shape.type === 'math' || shape.type === 'plot';
  }

  close(): void {
    this.open.value = null;
  }

  /** `before`: the formula that is written anew, which keeps its place and scale. */
  saveFormula({ formula, width, height }: SetFormula, before: MathShape | null): void {
    const { board, page } = this.host;
    this.host.attempt(() => {
      const now = before ? board.shape(before.id) : null;
      if (now?.type === 'math' && !now.erased) {
        board.setFields([now.id], { formula, ...scaled(now, width, height) });
      } else {
        const { colour } = this.host.style('text');
        const size = FORMULA_SIZE * enlarged(this.host.view.camera.zoom);
        const fields = { ...this.placed(width * size, height * size), formula, colour, size };
        this.host.made(board.addThing({ type: 'math', page, fields, nowMs: this.host.now() }));
      }
    });
    this.close();
  }

  savePlot(fields: PlotFields, before: PlotShape | null): void {
    const { board, page } = this.host;
    this.host.attempt(() => {
      const now = before ? board.shape(before.id) : null;
      if (now?.type === 'plot' && !now.erased) {
        board.setFields([now.id], fields);
      } else {
        const { w, h, size } = fields.form === 'line' ? LINE : AXES;
        const { visible } = this.host.view;
        const larger = enlarged(this.host.view.camera.zoom);
        // On a small screen it is as wide as what is seen of the page; a number line stays as high as its letters are.
        const share = Math.min(larger, (0.9 * (visible.maxX - visible.minX)) / w);
        const high = fields.form === 'line' ? larger : share;
        const made = { ...fields, ...this.placed(w * share, h * high), colour: 'black', size: size * larger };
        this.host.made(board.addThing({ type: 'plot', page, fields: made, nowMs: this.host.now() }));
      }
    });
    this.close();
  }

  /** A frame around `box`, or in the middle of what is seen. */
  addFrame(box: Box | null): void {
    const { board, page } = this.host;
    const place = box
      ? {
          x: box.minX - FRAME_MARGIN_PX,
          y: box.minY - FRAME_MARGIN_PX,
          w: box.maxX - box.minX + 2 * FRAME_MARGIN_PX,
          h: box.maxY - box.minY + 2 * FRAME_MARGIN_PX,
        }
      : around(middleOfBox(this.host.view.visible), FRAME.w, FRAME.h);
    this.host.attempt(() => {
      const fields = { ...place, colour: 'grey', size: FRAME_SIZE, text: t('Frame') };
      this.host.made(board.addThing({ type: 'frame', page, fields, nowMs: this.host.now() }));
    });
  }

  private placed(w: number, h: number): Placed {
    return around(this.host.hands.placeFor(w, h), w, h);
  }
}

type Placed = Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
const around = ({ x, y }: Point, w: number, h: number): Placed => ({ x: x - w / 2, y: y - h / 2, w, h });

/** The box for another formula at the scale of this one. */
function scaled(shape: MathShape, width: number, height: number): { w: number; h: number } {
  const [, box = ''] = shape.formula.split('\n', 2);
  const [oldWidth = 1, oldHeight = 1] = box.split(' ').map((side) => Number(side) / 1000);
  const { largest } = things;
  return {
    w: Math.min(largest, (shape.w * width) / oldWidth),
    h: Math.min(largest, (shape.h * height) / oldHeight),
  };
}
