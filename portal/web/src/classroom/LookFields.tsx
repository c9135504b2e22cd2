/** Fill, line, arrow heads, letters and opacity: of what is chosen, or of what is drawn next. */

import type { BoardController } from '../board/controller';
import type { ThingLook } from '../board/tools/tool';
import { DASHES, type Dash, FILLS, type Fill, isWritten, type Shape } from '../core/shape';
import { type Phrase, phrase, t } from '../ui/i18n';

const FILL_WORDS: Readonly<Record<Fill, Phrase>> = {
  none: phrase('Empty'),
  soft: phrase('Soft'),
  solid: phrase('Full'),
};
const DASH_WORDS: Readonly<Record<Dash, Phrase>> = {
  solid: phrase('Solid'),
  dashed: phrase('Dashes'),
  dotted: phrase('Dots'),
};
const HEAD_WORDS = { end: phrase('One'), both: phrase('Both') } as const;
const PER_CENT = 100;

export function LookFields({ controller, shapes }: { controller: BoardController; shapes: readonly Shape[] }) {
  const { hands } = controller;
  const isNext = shapes.length === 0;
  const look = isNext ? controller.looks.value : lookOf(shapes, controller.looks.value);
  const has = (test: (shape: Shape) => boolean): boolean => isNext || shapes.some(test);
  const letters = shapes.filter(isWritten);
  return (
    <div class="look">
      {has((shape) => shape.type === 'geo') && (
        <Options
          label={t('Fill')}
          words={FILL_WORDS}
          value={look.fill}
          onPick={(fill) => controller.setLook({ fill })}
          keys={FILLS}
        />
      )}
      {has((shape) => shape.type === 'geo' || shape.type === 'line' || shape.type === 'arrow') && (
        <Options
          label={t('Line')}
          words={DASH_WORDS}
          value={look.dash}
          onPick={(dash) => controller.setLook({ dash })}
          keys={DASHES}
        />
      )}
      {has((shape) => shape.type === 'arrow') && (
        <Options
          label={t('Arrow heads')}
          words={HEAD_WORDS}
          value={look.head === 'both' ? 'both' : 'end'}
          onPick={(head) => controller.setLook({ head })}
          keys={['end', 'both']}
        />
      )}
      {letters.length > 0 && (
        <Options
          label={t('Letters')}
          words={{ plain: phrase('Normal'), bold: phrase('Bold') }}
          value={letters.every((shape) => shape.bold) ? 'bold' : 'plain'}
          onPick={(weight) => hands.set({ bold: weight === 'bold' ? true : null })}
          keys={['plain', 'bold']}
        />
      )}
      <label class="look__range">
        <span>{t('Opacity')}</span>
        <input
          type="range"
          min="10"
          max="100"
          step="10"
          value={Math.round(look.opacity * PER_CENT)}
          data-testid="opacity"
          onChange={(event) => controller.setLook({ opacity: Number(event.currentTarget.value) / PER_CENT })}
        />
      </label>
    </div>
  );
}

function lookOf(shapes: readonly Shape[], otherwise: ThingLook): ThingLook {
  const geo = shapes.find((shape) => shape.type === 'geo');
  const line = shapes.find((shape) => shape.type === 'line' || shape.type === 'arrow');
  return {
    fill: geo?.type === 'geo' ? geo.fill : otherwise.fill,
    dash: geo?.type === 'geo' ? geo.dash : line && 'dash' in line ? line.dash : otherwise.dash,
    head: line && 'head' in line ? line.head : otherwise.head,
    opacity: shapes[0]?.opacity ?? 1,
  };
}

interface OptionsProps<T extends string> {
  label: string;
  words: Readonly<Record<T, Phrase>>;
  keys: readonly T[];
  value: T;
  onPick: (value: T) => void;
}

function Options<T extends string>({ label, words, keys, value, onPick }: OptionsProps<T>) {
  return (
    <fieldset class="look__options">
      <legend>{label}</legend>
      {keys.map((key) => (
        <button
          key={key}
          type="button"
          class="look__option"
          aria-pressed={key === value}
          data-testid={`look-${key}`}
          onClick={() => onPick(key)}
        >
          {t(words[key])}
        </button>
      ))}
    </fieldset>
  );
}
