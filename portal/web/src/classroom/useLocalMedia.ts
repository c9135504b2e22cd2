/** Hands one's own microphone and camera to the session, and says in presence whether they are on. Both end with the lesson. */

import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { LocalMedia } from '../media/localMedia';
import type { RoomSession } from './room';

export function useLocalMedia(session: RoomSession, media: LocalMedia, isOver: boolean): void {
  useEffect(() => {
    if (isOver) {
      media.close();
      session.setLocalMedia({ audio: null, video: null });
      return;
    }
    const give = (): void => {
      const { stream } = media.state.peek();
      session.setLocalMedia({
        audio: stream?.getAudioTracks()[0] ?? null,
        video: stream?.getVideoTracks()[0] ?? null,
      });
    };
    give();
    const stopTracks = media.onTrack(give);
    let told = '';
    const stopPresence = effect(() => {
      const { microphone, camera } = media.state.value;
      const now = `${microphone.on} ${camera.on}`;
      if (now !== told) {
        told = now;
        session.setPresence({ mic: microphone.on, cam: camera.on });
      }
    });
    return () => {
      stopTracks();
      stopPresence();
    };
  }, [session, media, isOver]);
}
