/** Everything to draw with that is no pen: shapes, lines, notes; and the tools that are wanted now and then. */

import {
  Circle,
  Diamond,
  Flashlight,
  Hand,
  Hexagon,
  Image,
  Lasso,
  Minus,
  MoveUpRight,
  Pentagon,
  Shapes,
  Square,
  Star,
  StickyNote,
  Triangle,
} from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { placePicture } from '../board/clipboard';
import type { BoardController } from '../board/controller';
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
