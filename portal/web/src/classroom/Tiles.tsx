/** Everybody's picture and sound. Always in the page, wherever the layout puts it: the sound plays from here. */

import type { LocalMedia } from '../media/localMedia';
import { type TilePerson, VideoTiles } from '../media/VideoTiles';
import type { RoomStore } from './store';

export function Tiles({ store, media }: { store: RoomStore; media: LocalMedia }) {
  store.mediaVersion.value;
  const local = media.state.value;
  const people = store.company.value.map((person): TilePerson => {
    const { session, user, name, role, colour, presence } = person;
    const shared = {
      session,
      user,
      name,
      role,
      colour,
      self: person.isMe,
      hand: presence.hand,
      away: store.away.value.has(session),
      star: store.star.value === user,
    };
    if (person.isMe) {
      const { stream } = local;
      return {
        ...shared,
        audio: stream?.getAudioTracks()[0] ?? null,
        video: stream?.getVideoTracks()[0] ?? null,
        micOn: local.microphone.on,
        cameraOn: local.camera.on,
      };
    }
    return { ...shared, ...store.mediaOf(session), micOn: presence.mic, cameraOn: presence.cam };
  });
  // Others first: nobody needs themselves largest.
  people.sort((a, b) => Number(a.self) - Number(b.self));
  return (
    <div class="room__tiles" data-count={Math.min(people.length, 3)} data-star={people.some(({ star }) => star)}>
      <VideoTiles people={people} speaker={local.speaker} />
    </div>
  );
}
