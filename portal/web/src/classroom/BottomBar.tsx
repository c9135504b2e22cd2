/** Under the board: pages, one's own microphone, camera and hand, and the zoom. */

import { Maximize, Minus, Plus } from 'lucide-preact';
import { zoomAt } from '../board/camera';
import type { BoardController } from '../board/controller';
import type { LocalMedia } from '../media/localMedia';
import { MediaControls } from '../media/MediaControls';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import { PageStrip } from './PageStrip';
import type { RoomStore } from './store';

export interface BottomBarProps {
  store: RoomStore;
  media: LocalMedia;
  controller: BoardController | null;
}

export function BottomBar({ store, media, controller }: BottomBarProps) {
  const hand = store.people.value.find((person) => person.isMe)?.presence.hand ?? false;
  return (
    <div class="bottom">
      <PageStrip store={store} controller={controller} />
      {store.state.value === 'ended' ? (
        <span />
      ) : (
        <MediaControls
          media={media}
          hand={hand}
          onHand={(up) => store.raiseHand(up)}
          onChange={({ micOn, cameraOn }) => store.session.setPresence({ mic: micOn, cam: cameraOn })}
        />
      )}
      {controller ? <ZoomControls controller={controller} /> : <span />}
    </div>
  );
}

const ZOOM_STEP = 1.25;

function ZoomControls({ controller }: { controller: BoardController }) {
  const { view } = controller;
  const zoom = (factor: number): void => {
    const middle = { x: view.view.width / 2, y: view.view.height / 2 };
    controller.setCamera(zoomAt(view.camera, middle, factor));
  };
  return (
    <div class="zoom" role="toolbar" aria-label={t('Zoom')}>
      <IconButton
        label={t('Zoom out')}
        testId="zoom-out"
        class="button--quiet button--small"
        onPress={() => zoom(1 / ZOOM_STEP)}
      >
        <Minus class="icon" aria-hidden="true" />
      </IconButton>
      <span class="zoom__value" aria-live="off" data-testid="zoom">
        {Math.round(controller.zoom.value * 100)} %
      </span>
      <IconButton
        label={t('Zoom in')}
        testId="zoom-in"
        class="button--quiet button--small"
        onPress={() => zoom(ZOOM_STEP)}
      >
        <Plus class="icon" aria-hidden="true" />
      </IconButton>
      <IconButton
        label={t('Show the whole page')}
        testId="zoom-fit"
        tip="top"
        class="button--quiet button--small"
        onPress={() => view.fitAll()}
      >
        <Maximize class="icon" aria-hidden="true" />
      </IconButton>
    </div>
  );
}
