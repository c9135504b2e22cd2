/** How this page reaches everybody, in one value to show. */
import type { Connection, PeerConnection } from './contract';
import type { Mesh } from './mesh';
import type { Roster } from './roster';
import type { SessionSocket } from './socket';

export function connectionOf(socket: SessionSocket, roster: Roster, mesh: Mesh | null): Connection {
  const peers = roster.people
    .participants()
    .filter(({ isMe }) => !isMe)
    .map(({ session }): PeerConnection => {
      const link = mesh?.state(session) ?? null;
      const path = link?.state === 'up' ? 'mesh' : roster.byRelay(session) ? 'relay' : 'none';
      const route = link?.route ?? null;
      const found = { session, path, rttMs: link?.rttMs ?? null, state: link?.state ?? 'closed' } as const;
      return route === null ? found : { ...found, route };
    });
  const video = mesh?.video ?? null;
  const found = { relay: socket.state, relayRttMs: socket.rttMs, peers };
  if (video === null) return found;
  const videoCause = mesh?.videoCause ?? null;
  return videoCause === null ? { ...found, video } : { ...found, video, videoCause };
}
