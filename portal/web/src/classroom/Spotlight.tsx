/** The part of the page that the tutor points everybody to: framed, the rest dimmed. */

import { Focus } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { type Box, growBox, unionBox } from '../board/camera';
import type { BoardController } from '../board/controller';
import type { Spot } from '../core/stage';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import type { RoomStore } from './store';

/** Between what is pointed to and its frame, board px. */
const MARGIN = 16;

/** Points everybody to what is chosen, or else to what this person sees; once more: ends it. */
export function SpotlightButton({ store, controller }: { store: RoomStore; controller: BoardController }) {
  const isOn = store.spot.value !== null;
  return (
    <IconButton
      label={isOn ? t('End the spotlight') : t('Spotlight: everybody looks at what is chosen, or at what you see')}
      testId="spotlight"
      class="button--quiet button--small"
      pressed={isOn}
      onPress={() => store.showSpot(isOn ? null : spotOf(controller))}
    >
      <Focus class="icon" aria-hidden="true" />
    </IconButton>
  );
}

function spotOf(controller: BoardController): Spot {
  let chosen: Box | null = null;
  for (const id of controller.selection) {
    chosen = unionBox(chosen, controller.view.scene.boxOf(id));
  }
  const { minX, minY, maxX, maxY } = chosen ? growBox(chosen, MARGIN) : controller.view.visible;
  return { page: controller.page, x: minX, y: minY, w: maxX - minX, h: maxY - minY };
}

export function SpotFrame({ store, controller }: { store: RoomStore; controller: BoardController }) {
  const spot = store.spot.value;
  const isHere = spot?.page === store.page.value && controller.board === store.session.board;
  return spot && isHere ? <Frame spot={spot} controller={controller} /> : null;
}

/** A component of its own: without a spotlight nothing follows the camera. */
function Frame({ spot, controller }: { spot: Spot; controller: BoardController }) {
  const [camera, setCamera] = useState(controller.view.camera);
  useEffect(() => {
    setCamera(controller.view.camera);
    return controller.view.onCamera(setCamera);
  }, [controller]);
  const style = {
    left: `${(spot.x - camera.x) * camera.zoom}px`,
    top: `${(spot.y - camera.y) * camera.zoom}px`,
    width: `${spot.w * camera.zoom}px`,
    height: `${spot.h * camera.zoom}px`,
  };
  return (
    <div class="spot" data-testid="spot">
      <div class="spot__frame" style={style} />
      <p class="visually-hidden" role="status">
        {t('The tutor points to a part of this page.')}
      </p>
    </div>
  );
}
