/** Tools, colours, sizes and undo. A column beside the board; under it, on small screens, a row. */

import { Eraser, Hand, Highlighter, MousePointer2, Pencil, PencilOff, Redo2, Type, Undo2 } from 'lucide-preact';
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import type { BoardController } from '../board/controller';
import { cssColour } from '../board/scene';
import { nextTool, type ToolName } from '../board/tools/tool';
import { colourWord } from '../board/words';
import { COLOURS } from '../core/shape';
import { IconButton } from '../ui/IconButton';
import { type Phrase, phrase, t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { ShapeMenu } from './ShapeMenu';

interface ToolEntry {
  readonly name: ToolName;
  readonly label: Phrase;
  readonly keys: string;
  readonly icon: ComponentChildren;
}

const TOOLS: readonly ToolEntry[] = [
  {
    name: 'select',
    label: phrase('Select and move'),
    keys: 'V',
    icon: <MousePointer2 class="icon" aria-hidden="true" />,
  },
  { name: 'pen', label: phrase('Pen'), keys: 'P', icon: <Pencil class="icon" aria-hidden="true" /> },
  {
    name: 'highlighter',
    label: phrase('Highlighter'),
    keys: 'H',
    icon: <Highlighter class="icon" aria-hidden="true" />,
  },
  { name: 'eraser', label: phrase('Eraser'), keys: 'E', icon: <Eraser class="icon" aria-hidden="true" /> },
  { name: 'text', label: phrase('Text'), keys: 'T', icon: <Type class="icon" aria-hidden="true" /> },
];

const RUBBER = <PencilOff class="icon" aria-hidden="true" />;

const isHeld = (name: ToolName, held: ToolName): boolean => name === held || (name === 'eraser' && held === 'rubber');

function eraserWords(held: ToolName): string {
  if (held === 'eraser') {
    return t('Eraser: whole strokes. Press again for parts of them');
  }
  return held === 'rubber' ? t('Eraser: parts of strokes. Press again for whole ones') : t('Eraser');
}

export function ToolRail({ controller }: { controller: BoardController }) {
  const { tool, canUndo, canRedo, isWritable } = controller;
  return (
    <div class="rail" role="toolbar" aria-label={t('Drawing tools')} aria-orientation="vertical">
      <div class="rail__group">
        {TOOLS.map((entry) => (
          <IconButton
            key={entry.name}
            label={entry.name === 'eraser' ? eraserWords(tool.value) : t(entry.label)}
            keys={entry.keys}
            testId={`tool-${entry.name}`}
            tip="right"
            class="button--quiet rail__tool"
            pressed={isHeld(entry.name, tool.value)}
            disabled={!isWritable.value}
            onPress={() => controller.choose(nextTool(entry.name, tool.value))}
          >
            {entry.name === 'eraser' && tool.value === 'rubber' ? RUBBER : entry.icon}
          </IconButton>
        ))}
        <ShapeMenu controller={controller} />
        <IconButton
          label={t('Move the page')}
          keys="Space"
          testId="tool-pan"
          tip="right"
          class="button--quiet rail__tool rail__pan"
          pressed={tool.value === 'pan'}
          onPress={() => controller.choose('pan')}
        >
          <Hand class="icon" aria-hidden="true" />
        </IconButton>
      </div>
      <div class="rail__group rail__styles">
        <Styles controller={controller} />
      </div>
      <div class="rail__compact">
        <Popover
          label={t('Colour and size')}
          side="above-end"
          button={{
            label: t('Colour and size'),
            testId: 'styles',
            disabled: !isWritable.value,
            children: <StyleDot controller={controller} />,
          }}
        >
          <Styles controller={controller} />
        </Popover>
      </div>
      <div class="rail__group rail__history">
        <IconButton
          label={t('Undo')}
          keys="Ctrl+Z"
          testId="undo"
          tip="right"
          disabled={!canUndo.value || !isWritable.value}
          onPress={() => controller.undo()}
        >
          <Undo2 class="icon" aria-hidden="true" />
        </IconButton>
        <IconButton
          label={t('Redo')}
          keys="Ctrl+Shift+Z"
          testId="redo"
          tip="right"
          disabled={!canRedo.value || !isWritable.value}
          onPress={() => controller.redo()}
        >
          <Redo2 class="icon" aria-hidden="true" />
        </IconButton>
      </div>
    </div>
  );
}

const SIZE_WORDS = [phrase('Thin'), phrase('Medium'), phrase('Thick'), phrase('Very thick')] as const;
const TEXT_WORDS = [phrase('Small'), phrase('Medium'), phrase('Large'), phrase('Very large')] as const;

function sizeWords(names: readonly Phrase[], step: number, size: number): string {
  const name = names[step];
  return name ? t(name) : t('{size} px', { size });
}

const DOT_PX = [5, 8, 12, 17] as const;
const LETTER_PX = [12, 15, 18, 21] as const;

function Styles({ controller }: { controller: BoardController }) {
  const tool = controller.styledTool.value;
  const style = controller.styles.value[tool];
  const isDisabled = !controller.isWritable.value;
  return (
    <>
      <div class="swatches" role="radiogroup" aria-label={t('Colour')} onKeyDown={walkRadios}>
        {COLOURS.map((colour) => (
          // biome-ignore lint/a11y/useSemanticElements: a swatch is a button that shows its colour, not a form's radio.
          <button
            key={colour}
            type="button"
            role="radio"
            class="swatch"
            aria-checked={style.colour === colour}
            tabIndex={style.colour === colour ? 0 : -1}
            aria-label={colourWord(colour)}
            data-testid={`color-${colour}`}
            disabled={isDisabled}
            style={{ '--swatch': cssColour(colour, controller.view.paper.value) }}
            onClick={() => controller.setColour(colour)}
          />
        ))}
      </div>
      <div class="sizes" role="radiogroup" aria-label={t('Size')} onKeyDown={walkRadios}>
        {controller.sizes(tool).map((size, step) => (
          // biome-ignore lint/a11y/useSemanticElements: as above.
          <button
            key={size}
            type="button"
            role="radio"
            class="size"
            aria-checked={style.step === step}
            tabIndex={style.step === step ? 0 : -1}
            aria-label={sizeWords(tool === 'text' ? TEXT_WORDS : SIZE_WORDS, step, size)}
            data-testid={`size-${step + 1}`}
            disabled={isDisabled}
            onClick={() => controller.setSize(step)}
          >
            {tool === 'text' ? (
              <span style={{ fontSize: `${LETTER_PX[step] ?? 15}px` }}>A</span>
            ) : (
              <span class="size__dot" style={{ width: `${DOT_PX[step] ?? 8}px`, height: `${DOT_PX[step] ?? 8}px` }} />
            )}
          </button>
        ))}
      </div>
    </>
  );
}

/** Arrows choose the neighbour, as in any group of radio buttons; the group is one stop for Tab. */
function walkRadios(event: TargetedKeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const radios = [...event.currentTarget.querySelectorAll('button')];
  const at = radios.findIndex((radio) => radio.matches(':focus'));
  if (step === undefined || at < 0) {
    return;
  }
  event.preventDefault();
  const next = radios[(at + step + radios.length) % radios.length];
  next?.click();
  next?.focus();
}

function StyleDot({ controller }: { controller: BoardController }) {
  const { colour, step } = controller.styles.value[controller.styledTool.value];
  const side = `${(DOT_PX[step] ?? 8) + 5}px`;
  return (
    <span
      class="style-dot"
      aria-hidden="true"
      style={{ '--swatch': cssColour(colour, controller.view.paper.value), width: side, height: side }}
    />
  );
}
