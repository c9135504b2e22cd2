/** LaTeX with a live preview: a formula for the board, or one that is written anew. */

import things from '@spec/things.json';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ShapeId } from '../../core/ids';
import type { MathShape, Shape } from '../../core/shape';
import { readFields } from '../../core/shape';
import { Dialog } from '../../ui/Dialog';
import type { BoardController } from '../controller';
import { ItemPreview } from '../ItemPreview';
import { measureText } from '../measure';
import { type SceneItem, sceneItem } from '../scene';
import { LatexError, type SetFormula, setLatex } from './latex';
import '../dialogs.css';
import { type Phrase, phrase, t } from '../../ui/i18n';

/** What a press puts in; `|` is where the caret goes. */
const PIECES: readonly { readonly label: Phrase; readonly shown: string; readonly latex: string }[] = [
  { label: phrase('Fraction'), shown: 'a⁄b', latex: '\\frac{|}{}' },
  { label: phrase('Power'), shown: 'xⁿ', latex: '^{|}' },
  { label: phrase('Index'), shown: 'xₙ', latex: '_{|}' },
  { label: phrase('Root'), shown: '√', latex: '\\sqrt{|}' },
  { label: phrase('Times'), shown: '·', latex: '\\cdot |' },
  { label: phrase('Plus or minus'), shown: '±', latex: '\\pm |' },
  { label: phrase('At most'), shown: '≤', latex: '\\le |' },
  { label: phrase('At least'), shown: '≥', latex: '\\ge |' },
  { label: phrase('Not equal'), shown: '≠', latex: '\\ne |' },
  { label: phrase('Pi'), shown: 'π', latex: '\\pi |' },
  { label: phrase('Angle'), shown: '∠', latex: '\\angle |' },
  { label: phrase('Degrees'), shown: '°', latex: '^\\circ |' },
  { label: phrase('Struck out'), shown: 'x̸', latex: '\\cancel{|}' },
  { label: phrase('Brackets that grow'), shown: '( )', latex: '\\left(|\\right)' },
  { label: phrase('Matrix'), shown: '[ ]', latex: '\\begin{pmatrix}| & \\\\ & \\end{pmatrix}' },
  { label: phrase('Sum'), shown: 'Σ', latex: '\\sum_{|}^{}' },
  { label: phrase('Integral'), shown: '∫', latex: '\\int_{|}^{}' },
  { label: phrase('Words'), shown: 'Abc', latex: '\\text{|}' },
];
const PREVIEW_PX = 130;
/** Typing rests this long before the formula is set. */
const REST_MS = 120;
const DRAFT = '0000000000000000-1' as ShapeId;
const [, SIZE = 36] = things.formula.sizes;

export function FormulaDialog({ controller, shape }: { controller: BoardController; shape: MathShape | null }) {
  const [latex, setSource] = useState(shape?.latex ?? '');
  const [set, setSet] = useState<SetFormula | null>(null);
  const [problem, setProblem] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const { colour } = shape ?? controller.style('text');

  useEffect(() => {
    let isStale = false;
    const timer = setTimeout(() => {
      setLatex(latex).then(
        (found) => {
          if (!isStale) {
            setSet(found);
            setProblem('');
          }
        },
        (error: unknown) => {
          if (!(error instanceof LatexError)) {
            throw error;
          }
          if (!isStale) {
            setSet(null);
            setProblem(latex.trim() === '' ? '' : error.message);
          }
        },
      );
    }, REST_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [latex]);
  useEffect(() => field.current?.focus(), []);

  const item = useMemo(() => (set ? previewOf(set, colour) : null), [set, colour]);
  const put = (piece: string): void => {
    const element = field.current;
    if (element) {
      insertPiece(element, piece);
      setSource(element.value);
    }
  };
  const save = async (): Promise<void> => {
    try {
      controller.dialogs.saveFormula(await setLatex(latex), shape);
    } catch (error) {
      if (!(error instanceof LatexError)) {
        throw error;
      }
      setProblem(error.message);
    }
  };

  return (
    <Dialog
      title={shape ? t('Change the formula') : t('Formula')}
      onClose={() => controller.dialogs.close()}
      actions={
        <>
          <button type="button" class="button" onClick={() => controller.dialogs.close()}>
            {t('Cancel')}
          </button>
          <button
            type="button"
            class="button button--primary"
            data-testid="formula-save"
            disabled={latex.trim() === '' || problem !== ''}
            onClick={() => void save()}
          >
            {shape ? t('Change it') : t('Put it on the board')}
          </button>
        </>
      }
    >
      <fieldset class="pieces" aria-label={t('Pieces')}>
        {PIECES.map((piece) => (
          <button
            key={piece.latex}
            type="button"
            class="pieces__piece"
            title={t(piece.label)}
            onClick={() => put(piece.latex)}
          >
            <span class="visually-hidden">{t(piece.label)}</span>
            <span aria-hidden="true">{piece.shown}</span>
          </button>
        ))}
      </fieldset>
      <label class="field">
        <span class="field__label">LaTeX</span>
        <textarea
          ref={field}
          class="input pieces__source"
          rows={3}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          value={latex}
          maxLength={things.formula.latex_chars}
          aria-invalid={problem !== ''}
          aria-describedby="formula-problem"
          placeholder="\frac{1}{3} + \frac{3}{8}"
          data-testid="formula-source"
          onInput={(event) => setSource(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              void save();
            }
          }}
        />
      </label>
      <p class="pieces__problem" id="formula-problem" role="status" data-testid="formula-problem">
        {problem}
      </p>
      <ItemPreview item={item} height={PREVIEW_PX} label={t('The formula: {latex}', { latex })} />
    </Dialog>
  );
}

function previewOf({ formula, width, height }: SetFormula, colour: string): SceneItem | null {
  const fields = { type: 'math', page: 'main', x: 0, y: 0, w: width * SIZE, h: height * SIZE, formula, colour };
  const draft: Shape | null = readFields(DRAFT, new Map<string, unknown>(Object.entries(fields)));
  return draft ? sceneItem(draft, measureText) : null;
}

/** What is chosen in the field goes where the caret would. */
function insertPiece(element: HTMLTextAreaElement, piece: string): void {
  const { selectionStart: from, selectionEnd: to, value } = element;
  const chosen = value.slice(from, to);
  const caret = piece.indexOf('|');
  element.setRangeText(piece.replace('|', chosen), from, to, 'end');
  const place = from + caret + chosen.length;
  element.focus();
  element.setSelectionRange(place, place);
}
