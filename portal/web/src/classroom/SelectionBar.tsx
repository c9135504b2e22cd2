/** What can be done with what is chosen on the board: a bar above it, only while something is chosen. */

import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalSpaceBetween,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalSpaceBetween,
  ArrowDown,
  ArrowUp,
  BringToFront,
  Copy,
  Download,
  Group,
  Layers,
  Lock,
  LockOpen,
  MessageSquareText,
  Palette,
  SendToBack,
  SquarePen,
  Trash2,
  Ungroup,
} from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { unionBox } from '../board/camera';
import type { BoardController } from '../board/controller';
import { pngOf, saveFile } from '../board/out';
import { frameBox } from '../board/tools/contents';
import type { SessionId } from '../core/ids';
import type { FrameShape } from '../core/shape';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { toast } from '../ui/toasts';
import { fileName } from './FileButtons';
import { LookFields } from './LookFields';
import { PictureWords } from './PictureWords';

interface SelectionBarProps {
  controller: BoardController;
  /** The name of whoever drew something; null when it is not known. */
  who: (session: SessionId) => string | null;
}

/** Where a bar above the board would lie over what is chosen, it goes to the bottom. CSS px. */
const ROOM_PX = 96;

export function SelectionBar({ controller, who }: SelectionBarProps) {
  const { hands, selected, isWritable, tool } = controller;
  const ids = selected.value;
  const [, redraw] = useState(0);
  useEffect(
    () =>
      controller.board.onChange(({ shapes }) => {
        if ([...controller.selection].some((id) => shapes.has(id))) {
          redraw((count) => count + 1);
        }
      }),
    [controller],
  );
  if (ids.size === 0 || !isWritable.value || tool.value !== 'select') {
    return null;
  }
  const shapes = hands.chosen();
  const only = shapes.length === 1 ? shapes[0] : undefined;
  const isLocked = shapes.length > 0 && shapes.every((shape) => shape.locked);
  const isGrouped = shapes.some((shape) => shape.group !== '');
  const authors = new Set(shapes.map((shape) => shape.author));
  const [author] = authors;
  const name = author && authors.size === 1 ? who(author) : null;
  const top = Math.min(...shapes.map(({ id }) => controller.view.scene.boxOf(id)?.minY ?? Number.POSITIVE_INFINITY));
  const isUnderBar = (top - controller.view.camera.y) * controller.zoom.value < ROOM_PX;
  return (
    <div
      class="choice"
      role="toolbar"
      aria-label={t('What is chosen')}
      data-testid="choice"
      data-side={isUnderBar ? 'bottom' : 'top'}
    >
      {name && (
        <span class="choice__author" data-testid="drawn-by">
          {name}
        </span>
      )}
      {isLocked ? (
        <Act label={t('Unlock')} keys="Ctrl+Shift+L" testId="unlock" onPress={() => hands.lock(false)}>
          <LockOpen class="icon" aria-hidden="true" />
        </Act>
      ) : (
        <>
          {only && (only.type === 'math' || only.type === 'plot') && (
            <Act label={t('Change')} keys="Enter" testId="change" onPress={() => controller.openThing(only)}>
              <SquarePen class="icon" aria-hidden="true" />
            </Act>
          )}
          {only?.type === 'image' && (
            <Popover
              label={t('Describe the picture')}
              side={isUnderBar ? 'above-start' : 'below-start'}
              button={{
                label: t('Describe the picture'),
                testId: 'describe',
                tip: 'bottom',
                children: <MessageSquareText class="icon" aria-hidden="true" />,
              }}
            >
              <PictureWords key={only.id} hands={hands} picture={only} />
            </Popover>
          )}
          {only?.type === 'frame' && (
            <Act label={t('Save it as a picture')} testId="save-frame" onPress={() => void saveFrame(controller, only)}>
              <Download class="icon" aria-hidden="true" />
            </Act>
          )}
          <Popover
            label={t('Look')}
            side={isUnderBar ? 'above-start' : 'below-start'}
            button={{
              label: t('Look'),
              testId: 'look',
              tip: 'bottom',
              children: <Palette class="icon" aria-hidden="true" />,
            }}
          >
            <LookFields controller={controller} shapes={shapes} />
          </Popover>
          <Popover
            label={t('Arrange')}
            side={isUnderBar ? 'above-start' : 'below-start'}
            testId="arrange-panel"
            button={{
              label: t('Arrange'),
              testId: 'arrange',
              tip: 'bottom',
              children: <Layers class="icon" aria-hidden="true" />,
            }}
          >
            <Arrange controller={controller} count={shapes.length} />
          </Popover>
          {shapes.length > 1 && !isGrouped && (
            <Act label={t('Group')} keys="Ctrl+G" testId="group" onPress={() => hands.group()}>
              <Group class="icon" aria-hidden="true" />
            </Act>
          )}
          {isGrouped && (
            <Act label={t('Ungroup')} keys="Ctrl+Shift+G" testId="ungroup" onPress={() => hands.ungroup()}>
              <Ungroup class="icon" aria-hidden="true" />
            </Act>
          )}
          <Act label={t('Lock')} keys="Ctrl+Shift+L" testId="lock" onPress={() => hands.lock(true)}>
            <Lock class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Duplicate')} keys="Ctrl+D" testId="duplicate" onPress={() => hands.duplicate()}>
            <Copy class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Delete')} keys="Del" testId="delete" onPress={() => hands.remove()}>
            <Trash2 class="icon" aria-hidden="true" />
          </Act>
        </>
      )}
    </div>
  );
}

/** What lies in a frame, and its title. */
async function saveFrame(controller: BoardController, frame: FrameShape): Promise<void> {
  const { board, theme, pictures } = controller;
  const box = unionBox(frameBox(frame), controller.view.scene.boxOf(frame.id)) ?? frameBox(frame);
  try {
    saveFile(await pngOf({ board, theme, pictures }, frame.page, box), `${fileName(frame.text, 'frame')}.png`);
  } catch (error) {
    toast(t('The picture could not be made. There may be too much in the frame for this device.'));
    reportError(error);
  }
}

interface ActProps {
  label: string;
  keys?: string;
  testId?: string;
  disabled?: boolean;
  onPress: () => void;
  children: ComponentChildren;
}

function Act({ keys, testId, disabled, ...props }: ActProps) {
  return (
    <IconButton
      {...props}
      {...(keys ? { keys } : {})}
      {...(testId ? { testId } : {})}
      {...(disabled === undefined ? {} : { disabled })}
      tip="bottom"
      class="button--quiet"
    />
  );
}

function Arrange({ controller, count }: { controller: BoardController; count: number }) {
  const { hands } = controller;
  return (
    <>
      <fieldset class="choice__row" aria-label={t('Order')}>
        <Act label={t('To the front')} keys="Shift+]" testId="to-front" onPress={() => hands.level('front')}>
          <BringToFront class="icon" aria-hidden="true" />
        </Act>
        <Act label={t('Forward')} keys="]" onPress={() => hands.level('forward')}>
          <ArrowUp class="icon" aria-hidden="true" />
        </Act>
        <Act label={t('Backward')} keys="[" onPress={() => hands.level('backward')}>
          <ArrowDown class="icon" aria-hidden="true" />
        </Act>
        <Act label={t('To the back')} keys="Shift+[" testId="to-back" onPress={() => hands.level('back')}>
          <SendToBack class="icon" aria-hidden="true" />
        </Act>
      </fieldset>
      {count > 1 && (
        <fieldset class="choice__row" aria-label={t('Line up')}>
          <Act label={t('Left edges')} testId="align-left" onPress={() => hands.align('left')}>
            <AlignStartVertical class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Centres across')} onPress={() => hands.align('centre')}>
            <AlignCenterVertical class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Right edges')} onPress={() => hands.align('right')}>
            <AlignEndVertical class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Top edges')} testId="align-top" onPress={() => hands.align('top')}>
            <AlignStartHorizontal class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Centres down')} onPress={() => hands.align('middle')}>
            <AlignCenterHorizontal class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Bottom edges')} onPress={() => hands.align('bottom')}>
            <AlignEndHorizontal class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Equal gaps across')} disabled={count < 3} onPress={() => hands.spread(true)}>
            <AlignHorizontalSpaceBetween class="icon" aria-hidden="true" />
          </Act>
          <Act label={t('Equal gaps down')} disabled={count < 3} onPress={() => hands.spread(false)}>
            <AlignVerticalSpaceBetween class="icon" aria-hidden="true" />
          </Act>
        </fieldset>
      )}
    </>
  );
}
