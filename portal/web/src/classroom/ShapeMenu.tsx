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
} from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { placePicture } from '../board/clipboard';
import type { BoardController } from '../board/controller';
import { GUIDE_WORDS } from '../board/guides/GuideLayer';
import type { GuideKind } from '../board/guides/guide';
import type { ThingForm } from '../board/tools/shape';
import type { ToolName } from '../board/tools/tool';
import { IconButton } from '../ui/IconButton';
import { Popover } from '../ui/Popover';
import { LookFields } from './LookFields';

interface FormEntry {
  readonly form: ThingForm;
  readonly label: string;
  readonly keys?: string;
  readonly icon: ComponentChildren;
}

const FORMS: readonly FormEntry[] = [
  { form: 'rectangle', label: 'Rectangle', keys: 'R', icon: <Square class="icon" aria-hidden="true" /> },
  { form: 'ellipse', label: 'Ellipse', keys: 'O', icon: <Circle class="icon" aria-hidden="true" /> },
  { form: 'triangle', label: 'Triangle', icon: <Triangle class="icon" aria-hidden="true" /> },
  { form: 'diamond', label: 'Diamond', icon: <Diamond class="icon" aria-hidden="true" /> },
  { form: 'pentagon', label: 'Pentagon', icon: <Pentagon class="icon" aria-hidden="true" /> },
  { form: 'hexagon', label: 'Hexagon', icon: <Hexagon class="icon" aria-hidden="true" /> },
  { form: 'star', label: 'Star', icon: <Star class="icon" aria-hidden="true" /> },
  { form: 'line', label: 'Line', keys: 'L', icon: <Minus class="icon" aria-hidden="true" /> },
  { form: 'arrow', label: 'Arrow', keys: 'A', icon: <MoveUpRight class="icon" aria-hidden="true" /> },
];

const TOOLS: readonly { name: ToolName; label: string; keys?: string; icon: ComponentChildren }[] = [
  { name: 'note', label: 'Sticky note', keys: 'N', icon: <StickyNote class="icon" aria-hidden="true" /> },
  { name: 'lasso', label: 'Lasso', keys: 'Q', icon: <Lasso class="icon" aria-hidden="true" /> },
  { name: 'laser', label: 'Laser pointer', keys: 'K', icon: <Flashlight class="icon" aria-hidden="true" /> },
  { name: 'pan', label: 'Move the page', keys: 'Space', icon: <Hand class="icon" aria-hidden="true" /> },
];

const MAKERS: readonly {
  name: string;
  label: string;
  icon: ComponentChildren;
  make: (controller: BoardController) => void;
}[] = [
  {
    name: 'formula',
    label: 'Formula',
    icon: <Sigma class="icon" aria-hidden="true" />,
    make: ({ dialogs }) => dialogs.newFormula(),
  },
  {
    name: 'axes',
    label: 'Axes, functions',
    icon: <ChartSpline class="icon" aria-hidden="true" />,
    make: ({ dialogs }) => dialogs.newPlot('axes'),
  },
  {
    name: 'line',
    label: 'Number line',
    icon: <RulerDimensionLine class="icon" aria-hidden="true" />,
    make: ({ dialogs }) => dialogs.newPlot('line'),
  },
  {
    name: 'frame',
    label: 'Frame',
    icon: <Frame class="icon" aria-hidden="true" />,
    make: (controller) => controller.addFrame(),
  },
];

const GUIDES: readonly { kind: GuideKind; icon: ComponentChildren }[] = [
  { kind: 'ruler', icon: <Ruler class="icon" aria-hidden="true" /> },
  { kind: 'protractor', icon: <Gauge class="icon" aria-hidden="true" /> },
  { kind: 'square', icon: <TriangleRight class="icon" aria-hidden="true" /> },
  { kind: 'compass', icon: <DraftingCompass class="icon" aria-hidden="true" /> },
];

export function ShapeMenu({ controller }: { controller: BoardController }) {
  const { tool, forms, isWritable } = controller;
  const held = FORMS.find((entry) => tool.value === 'shape' && entry.form === forms.value);
  const other = TOOLS.find((entry) => entry.name === tool.value && entry.name !== 'pan');
  return (
    <Popover
      label="Shapes and more"
      side="beside"
      testId="shape-panel"
      button={{
        label: held?.label ?? other?.label ?? 'Shapes and more',
        testId: 'tool-shapes',
        tip: 'right',
        class: 'button--quiet rail__tool',
        pressed: held !== undefined || other !== undefined,
        disabled: !isWritable.value,
        children: held?.icon ?? other?.icon ?? <Shapes class="icon" aria-hidden="true" />,
      }}
    >
      <fieldset class="shapes" aria-label="Shapes">
        {FORMS.map((entry) => (
          <IconButton
            key={entry.form}
            label={entry.label}
            {...(entry.keys ? { keys: entry.keys } : {})}
            testId={`form-${entry.form}`}
            class="button--quiet rail__tool"
            pressed={tool.value === 'shape' && forms.value === entry.form}
            onPress={() => controller.chooseForm(entry.form)}
          >
            {entry.icon}
          </IconButton>
        ))}
      </fieldset>
      <fieldset class="shapes shapes--tools" aria-label="More tools">
        {TOOLS.map((entry) => (
          <button
            key={entry.name}
            type="button"
            class="shapes__tool"
            aria-pressed={tool.value === entry.name}
            data-testid={`more-${entry.name}`}
            onClick={() => controller.choose(entry.name)}
          >
            {entry.icon}
            {entry.label}
          </button>
        ))}
      </fieldset>
      <fieldset class="shapes shapes--tools" aria-label="Mathematics and frames">
        {MAKERS.map(({ name, label, icon, make }) => (
          <button
            key={name}
            type="button"
            class="shapes__tool"
            data-testid={`make-${name}`}
            data-closes
            onClick={() => make(controller)}
          >
            {icon}
            {label}
          </button>
        ))}
      </fieldset>
      <fieldset class="shapes shapes--tools" aria-label="Instruments">
        {GUIDES.map(({ kind, icon }) => (
          <button
            key={kind}
            type="button"
            class="shapes__tool"
            aria-pressed={controller.guides.shown.value?.kind === kind}
            data-testid={`guide-${kind}`}
            onClick={() => controller.guides.toggle(kind)}
          >
            {icon}
            {GUIDE_WORDS[kind]}
          </button>
        ))}
      </fieldset>
      <label class="shapes__tool shapes__file">
        <Image class="icon" aria-hidden="true" />
        Picture from this device…
        <input
          type="file"
          class="visually-hidden"
          accept="image/png,image/jpeg,image/webp"
          data-testid="picture-file"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            event.currentTarget.value = '';
            if (file) {
              void placePicture(controller, file);
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
        Things snap to each other and the grid (not with Ctrl)
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
        Only a pen draws, fingers move the page
      </label>
    </Popover>
  );
}
