/** Everything to draw with that is no pen: shapes, lines, notes; and the tools that are wanted now and then. */

import {
  ChartSpline,
  Circle,
  Diamond,
  DraftingCompass,
  Flashlight,
  Frame,
  Gauge,
  Hand,
  Hexagon,
  Image,
  Lasso,
  Minus,
  MoveUpRight,
  Pentagon,
  Ruler,
  RulerDimensionLine,
  Shapes,
  Sigma,
  Square,
  Star,
  StickyNote,
  Triangle,
  TriangleRight,
  VectorPolygon,
} from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { placePicture } from '../board/clipboard';
import type { BoardController } from '../board/controller';
import { GUIDE_WORDS } from '../board/guides/GuideLayer';
import type { GuideKind } from '../board/guides/guide';
import type { Maker } from '../board/keyboard';
import { letterKeys, setLetterKeys } from '../board/letterKeys';
import type { ThingForm } from '../board/tools/shape';
import type { ToolName } from '../board/tools/tool';
import { IconButton } from '../ui/IconButton';
import { type Phrase, phrase, t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { LookFields } from './LookFields';

interface FormEntry {
  readonly form: ThingForm;
  readonly label: Phrase;
  readonly keys?: string;
  readonly icon: ComponentChildren;
}

const FORMS: readonly FormEntry[] = [
  { form: 'rectangle', label: phrase('Rectangle'), keys: 'R', icon: <Square class="icon" aria-hidden="true" /> },
  { form: 'ellipse', label: phrase('Ellipse'), keys: 'O', icon: <Circle class="icon" aria-hidden="true" /> },
  { form: 'triangle', label: phrase('Triangle'), icon: <Triangle class="icon" aria-hidden="true" /> },
  { form: 'diamond', label: phrase('Diamond'), icon: <Diamond class="icon" aria-hidden="true" /> },
  { form: 'pentagon', label: phrase('Pentagon'), icon: <Pentagon class="icon" aria-hidden="true" /> },
  { form: 'hexagon', label: phrase('Hexagon'), icon: <Hexagon class="icon" aria-hidden="true" /> },
  { form: 'star', label: phrase('Star'), icon: <Star class="icon" aria-hidden="true" /> },
  { form: 'line', label: phrase('Line'), keys: 'L', icon: <Minus class="icon" aria-hidden="true" /> },
  { form: 'arrow', label: phrase('Arrow'), keys: 'A', icon: <MoveUpRight class="icon" aria-hidden="true" /> },
];

/** Drawn corner by corner, so it is a tool and no form; it stands among the forms. */
const POLYGON: FormEntry = {
  form: 'polygon',
  label: phrase('Polygon, corner by corner'),
  keys: 'G',
  icon: <VectorPolygon class="icon" aria-hidden="true" />,
};

const TOOLS: readonly { name: ToolName; label: Phrase; keys?: string; icon: ComponentChildren }[] = [
  { name: 'note', label: phrase('Sticky note'), keys: 'N', icon: <StickyNote class="icon" aria-hidden="true" /> },
  { name: 'lasso', label: phrase('Lasso'), keys: 'Q', icon: <Lasso class="icon" aria-hidden="true" /> },
  { name: 'laser', label: phrase('Laser pointer'), keys: 'K', icon: <Flashlight class="icon" aria-hidden="true" /> },
  { name: 'pan', label: phrase('Move the page'), keys: 'Space', icon: <Hand class="icon" aria-hidden="true" /> },
];

const MAKERS: readonly {
  name: Maker;
  label: Phrase;
  keys: string;
  icon: ComponentChildren;
}[] = [
  {
    name: 'formula',
    label: phrase('Formula'),
    icon: <Sigma class="icon" aria-hidden="true" />,
    keys: 'M',
  },
  {
    name: 'axes',
    label: phrase('Axes, functions'),
    icon: <ChartSpline class="icon" aria-hidden="true" />,
    keys: 'X',
  },
  {
    name: 'line',
    label: phrase('Number line'),
    icon: <RulerDimensionLine class="icon" aria-hidden="true" />,
    keys: 'U',
  },
  {
    name: 'frame',
    label: phrase('Frame'),
    icon: <Frame class="icon" aria-hidden="true" />,
    keys: 'F',
  },
];

const GUIDES: readonly { kind: GuideKind; icon: ComponentChildren }[] = [
  { kind: 'ruler', icon: <Ruler class="icon" aria-hidden="true" /> },
  { kind: 'protractor', icon: <Gauge class="icon" aria-hidden="true" /> },
  { kind: 'square', icon: <TriangleRight class="icon" aria-hidden="true" /> },
  { kind: 'compass', icon: <DraftingCompass class="icon" aria-hidden="true" /> },
];

/** The key that does the same; said to screen readers by the button itself. */
function Keys({ keys }: { keys: string }) {
  return (
    <span class="shapes__keys" aria-hidden="true">
      {keys === 'Space' ? t('Space') : keys}
    </span>
  );
}

export function ShapeMenu({ controller }: { controller: BoardController }) {
  const { tool, forms, isWritable } = controller;
  // What is taken is used on the board: the focus goes there.
  const take = (run: () => void): void => {
    run();
    controller.view.focusQuietly();
  };
  const held =
    tool.value === 'polygon' ? POLYGON : FORMS.find((entry) => tool.value === 'shape' && entry.form === forms.value);
  const other = TOOLS.find((entry) => entry.name === tool.value && entry.name !== 'pan');
  return (
    <Popover
      label={t('Shapes and more')}
      side="beside"
      testId="shape-panel"
      button={{
        label: t(held?.label ?? other?.label ?? phrase('Shapes and more')),
        testId: 'tool-shapes',
        tip: 'right',
        class: 'button--quiet rail__tool',
        pressed: held !== undefined || other !== undefined,
        disabled: !isWritable.value,
        children: held?.icon ?? other?.icon ?? <Shapes class="icon" aria-hidden="true" />,
      }}
    >
      <fieldset class="shapes" aria-label={t('Shapes')} data-closes="elsewhere">
        {FORMS.map((entry) => (
          <IconButton
            key={entry.form}
            label={t(entry.label)}
            {...(entry.keys ? { keys: entry.keys } : {})}
            testId={`form-${entry.form}`}
            class="button--quiet rail__tool"
            pressed={tool.value === 'shape' && forms.value === entry.form}
            onPress={() => take(() => controller.chooseForm(entry.form))}
          >
            {entry.icon}
          </IconButton>
        ))}
        <IconButton
          label={t(POLYGON.label)}
          keys="G"
          testId="form-polygon"
          class="button--quiet rail__tool"
          pressed={tool.value === 'polygon'}
          onPress={() => take(() => controller.choose('polygon'))}
        >
          {POLYGON.icon}
        </IconButton>
      </fieldset>
      <fieldset class="shapes shapes--tools" aria-label={t('More tools')} data-closes="elsewhere">
        {TOOLS.map((entry) => (
          <button
            key={entry.name}
            type="button"
            class="shapes__tool"
            aria-pressed={tool.value === entry.name}
            aria-keyshortcuts={entry.keys}
            data-testid={`more-${entry.name}`}
            onClick={() => take(() => controller.choose(entry.name))}
          >
            {entry.icon}
            {t(entry.label)}
            {entry.keys && <Keys keys={entry.keys} />}
          </button>
        ))}
      </fieldset>
      <fieldset class="shapes shapes--tools" aria-label={t('Mathematics and frames')}>
        {MAKERS.map(({ name, label, keys, icon }) => (
          <button
            key={name}
            type="button"
            class="shapes__tool"
            aria-keyshortcuts={keys}
            data-testid={`make-${name}`}
            data-closes
            onClick={() => controller.make(name)}
          >
            {icon}
            {t(label)}
            <Keys keys={keys} />
          </button>
        ))}
      </fieldset>
      <fieldset class="shapes shapes--tools" aria-label={t('Instruments')} data-closes="elsewhere">
        {GUIDES.map(({ kind, icon }) => (
          <button
            key={kind}
            type="button"
            class="shapes__tool"
            aria-pressed={controller.guides.shown.value?.kind === kind}
            data-testid={`guide-${kind}`}
            onClick={() => take(() => controller.guides.toggle(kind))}
          >
            {icon}
            {t(GUIDE_WORDS[kind])}
          </button>
        ))}
      </fieldset>
      <label class="shapes__tool shapes__file">
        <Image class="icon" aria-hidden="true" />
        {t('Picture from this device…')}
        <input
          type="file"
          class="visually-hidden"
          accept="image/png,image/jpeg,image/webp"
          data-testid="picture-file"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            event.currentTarget.value = '';
            if (file) {
              take(() => void placePicture(controller, file));
            }
          }}
        />
      </label>
      <LookFields controller={controller} shapes={[]} />
      <label class="look__switch">
        <input
          type="checkbox"
          checked={controller.snaps.value}
          data-testid="snaps"
          onChange={(event) => {
            controller.snaps.value = event.currentTarget.checked;
          }}
        />
        {t('Things snap to each other and the grid (not with Ctrl)')}
      </label>
      <label class="look__switch">
        <input
          type="checkbox"
          checked={controller.penOnly.value}
          data-testid="pen-only"
          onChange={(event) => {
            controller.penOnly.value = event.currentTarget.checked;
          }}
        />
        {t('Only a pen draws, fingers move the page')}
      </label>
      <label class="look__switch">
        <input
          type="checkbox"
          checked={letterKeys.value}
          data-testid="letter-keys"
          onChange={(event) => setLetterKeys(event.currentTarget.checked)}
        />
        {t('Letters are keys: P takes the pen')}
      </label>
    </Popover>
  );
}
