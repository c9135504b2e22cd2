/** Axes with functions, or a number line with values marked on it, with a live preview. */

import things from '@spec/things.json';
import { useMemo, useState } from 'preact/hooks';
import { ExpressionError, parseExpression } from '../../core/expression';
import type { ShapeId } from '../../core/ids';
import { type PlotForm, type PlotShape, readFields } from '../../core/shape';
import { Dialog } from '../../ui/Dialog';
import type { BoardController } from '../controller';
import type { PlotFields } from '../dialogs';
import { ItemPreview } from '../ItemPreview';
import { measureText } from '../measure';
import { entriesOf } from '../plots';
import { type SceneItem, sceneItem } from '../scene';
import { parseStep } from '../ticks';
import '../dialogs.css';
import { t } from '../../ui/i18n';
import { expressionWords, PlotProblem } from './words';

/** What stands in the fields, as it is typed. */
interface Written {
  readonly xFrom: string;
  readonly xTo: string;
  readonly yFrom: string;
  readonly yTo: string;
  readonly xStep: string;
  readonly yStep: string;
  readonly isGrid: boolean;
  readonly isReduced: boolean;
  readonly entries: string;
}

const FIRST: Readonly<Record<PlotForm, Written>> = {
  axes: {
    ...{ xFrom: '-5', xTo: '5', yFrom: '-4', yTo: '4', xStep: '', yStep: '' },
    ...{ isGrid: true, isReduced: false, entries: '' },
  },
  line: {
    ...{ xFrom: '0', xTo: '2', yFrom: '', yTo: '', xStep: '1/4', yStep: '' },
    ...{ isGrid: false, isReduced: false, entries: '' },
  },
};
const PREVIEW_PX: Readonly<Record<PlotForm, number>> = { axes: 160, line: 100 };
const MOST_PARTS_OF_PI = 12;
const DRAFT = '0000000000000000-1' as ShapeId;

export function PlotDialog({
  controller,
  form,
  shape,
}: {
  controller: BoardController;
  form: PlotForm;
  shape: PlotShape | null;
}) {
  const [written, setWritten] = useState<Written>(shape ? writtenOf(shape) : FIRST[form]);
  const change = (part: Partial<Written>): void => setWritten({ ...written, ...part });
  const { fields, problem } = useMemo(() => readWritten(written, form), [written, form]);
  const item = useMemo(() => (fields ? previewOf(fields, shape, form) : null), [fields, shape, form]);
  const isLine = form === 'line';
  return (
    <Dialog
      title={isLine ? t('Number line') : t('Axes and functions')}
      onClose={() => controller.dialogs.close()}
      actions={
        <>
          <button type="button" class="button" onClick={() => controller.dialogs.close()}>
            {t('Cancel')}
          </button>
          <button
            type="button"
            class="button button--primary"
            data-testid="plot-save"
            disabled={fields === null}
            onClick={() => fields && controller.dialogs.savePlot(fields, shape)}
          >
            {shape ? t('Change it') : t('Put it on the board')}
          </button>
        </>
      }
    >
      <div class="plot__ranges">
        <Span
          label={isLine ? t('From') : t('x from')}
          from={written.xFrom}
          to={written.xTo}
          step={written.xStep}
          testId="x"
          onChange={(from, to, step) => change({ xFrom: from, xTo: to, xStep: step })}
        />
        {!isLine && (
          <Span
            label={t('y from')}
            from={written.yFrom}
            to={written.yTo}
            step={written.yStep}
            testId="y"
            onChange={(from, to, step) => change({ yFrom: from, yTo: to, yStep: step })}
          />
        )}
      </div>
      <label class="field">
        <span class="field__label">{isLine ? t('Marked values, one a line') : t('Functions of x, one a line')}</span>
        <textarea
          class="input pieces__source"
          rows={3}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          maxLength={things.plot.entries_chars}
          value={written.entries}
          placeholder={isLine ? '3/8' : 'x^2 - 2'}
          aria-describedby="plot-problem"
          data-testid="plot-entries"
          onInput={(event) => change({ entries: event.currentTarget.value })}
        />
      </label>
      <div class="plot__switches">
        {!isLine && (
          <label class="check">
            <input
              type="checkbox"
              checked={written.isGrid}
              onChange={(event) => change({ isGrid: event.currentTarget.checked })}
            />
            {t('Grid')}
          </label>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={written.isReduced}
            data-testid="plot-reduced"
            onChange={(event) => change({ isReduced: event.currentTarget.checked })}
          />
          {t('Fractions in lowest terms')}
        </label>
      </div>
      <p class="pieces__problem" id="plot-problem" role="status" data-testid="plot-problem">
        {problem}
      </p>
      <ItemPreview item={item} height={PREVIEW_PX[form]} label={t('Preview')} />
    </Dialog>
  );
}

interface SpanProps {
  label: string;
  from: string;
  to: string;
  step: string;
  testId: string;
  onChange: (from: string, to: string, step: string) => void;
}

function Span({ label, from, to, step, testId, onChange }: SpanProps) {
  const field = (words: string, name: string, value: string, write: (next: string) => void, hint = '') => (
    <label class="field">
      <span class="field__label">{words}</span>
      <input
        class="input"
        inputMode="text"
        autocomplete="off"
        maxLength={things.plot.step_chars}
        value={value}
        placeholder={hint}
        data-testid={`plot-${testId}-${name}`}
        onInput={(event) => write(event.currentTarget.value)}
      />
    </label>
  );
  return (
    <>
      {field(label, 'from', from, (next) => onChange(next, to, step))}
      {field(t('to'), 'to', to, (next) => onChange(from, next, step))}
      {field(t('steps of'), 'step', step, (next) => onChange(from, to, next), t('by itself'))}
    </>
  );
}

function writtenOf({ range, xStep, yStep, grid, reduced, entries }: PlotShape): Written {
  const { xFrom, xTo, yFrom, yTo } = range;
  return {
    ...{ xFrom: endText(xFrom), xTo: endText(xTo), yFrom: endText(yFrom), yTo: endText(yTo), xStep, yStep },
    ...{ isGrid: grid, isReduced: reduced, entries },
  };
}

/** An end as it was meant: parts of π were written as such. */
function endText(value: number): string {
  for (let bottom = 1; bottom <= MOST_PARTS_OF_PI && value !== 0; bottom++) {
    const top = (value / Math.PI) * bottom;
    if (Math.abs(top - Math.round(top)) < 1e-9 && Math.round(top) !== 0) {
      const count = Math.round(top);
      const times = Math.abs(count) === 1 ? (count < 0 ? '-' : '') : String(count);
      return bottom === 1 ? `${times}π` : `${times}π/${bottom}`;
    }
  }
  return String(value);
}

/** Ends may be written as anything that has a value: -2π, 1/3. */
function numberIn(text: string): number {
  const expression = parseExpression(text);
  const value = expression.isConstant ? expression.at(0) : Number.NaN;
  if (!(Math.abs(value) <= things.plot.farthest)) {
    throw new PlotProblem(t('“{text}” is no number that fits here.', { text }));
  }
  return value;
}

/** `fields` null: it cannot be drawn so. A function that cannot be read is left out, and said. */
function readWritten(written: Written, form: PlotForm): { fields: PlotFields | null; problem: string } {
  try {
    const [x_from, x_to] = spanOf(written.xFrom, written.xTo);
    const y = form === 'axes' ? spanOf(written.yFrom, written.yTo) : null;
    const { xStep: x_step, yStep: y_step, isGrid, isReduced, entries } = written;
    const fields = {
      ...{ form, x_from, x_to, x_step, entries },
      ...(y ? { y_from: y[0], y_to: y[1], y_step } : {}),
      ...{ grid: isGrid ? true : null, reduced: isReduced ? true : null },
    };
    return { fields, problem: stepProblem([x_step, y_step]) || entryProblem(entries, form) };
  } catch (error) {
    return { fields: null, problem: problemOf(error) };
  }
}

/** Passes on what is no problem of whoever wrote it. */
function problemOf(error: unknown): string {
  if (error instanceof ExpressionError) {
    return expressionWords(error);
  }
  if (error instanceof PlotProblem) {
    return error.message;
  }
  throw error;
}

function spanOf(from: string, to: string): [number, number] {
  const [low, high] = [numberIn(from), numberIn(to)];
  if (high - low < things.plot.least_span) {
    throw new PlotProblem(t('“{from}” is not less than “{to}”.', { from, to }));
  }
  return [low, high];
}

function stepProblem(steps: readonly string[]): string {
  const wrong = steps.find((step) => step.trim() !== '' && !parseStep(step));
  return wrong === undefined ? '' : t('“{wrong}” is no step: write 2, 0.5, 1/3 or π/2.', { wrong });
}

function entryProblem(text: string, form: PlotForm): string {
  const entries = entriesOf(text);
  for (const entry of entries) {
    try {
      const expression = parseExpression(entry);
      if (form === 'line' && !(expression.isConstant && Number.isFinite(expression.at(0)))) {
        return t('{entry}: this is no number.', { entry });
      }
    } catch (error) {
      return `${entry}: ${problemOf(error)}`;
    }
  }
  const written = text.split('\n').filter((line) => line.trim() !== '').length;
  return written > entries.length ? t('Only the first {n} lines are drawn.', { n: things.plot.entries }) : '';
}

function previewOf(fields: PlotFields, shape: PlotShape | null, form: PlotForm): SceneItem | null {
  const { sizes } = things.plot;
  const own =
    form === 'line'
      ? { w: 420, h: 90, size: sizes[0], colour: 'black' }
      : { w: 360, h: 260, size: sizes[0], colour: 'black' };
  const place = shape ? { w: shape.w, h: shape.h, size: shape.size, colour: shape.colour } : own;
  const all = { ...fields, ...place, type: 'plot', page: 'main', x: 0, y: 0 };
  const draft = readFields(DRAFT, new Map<string, unknown>(Object.entries(all)));
  return draft ? sceneItem(draft, measureText) : null;
}
