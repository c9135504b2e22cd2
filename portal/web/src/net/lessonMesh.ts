/** The mesh of a lesson's page: what its links say goes to the exchange, the roster and the pictures. */
import type { SessionId } from '../core/ids';
import type { SessionKey } from '../core/keys';
import type { Message } from '../core/messages';
import type { Admitted } from './admission';
import type { Exchange } from './exchange';
import type { LessonAssets } from './lessonAssets';
import type { MediaKind } from './media';
import { Mesh } from './mesh';
import type { TicketGrant } from './portal';
import type { Roster } from './roster';
import type { SessionSocket } from './socket';

export interface MeshParts {
  readonly socket: SessionSocket;
  readonly exchange: Exchange;
  readonly roster: Roster;
  readonly assets: LessonAssets;
  readonly createPeer: ((config: RTCConfiguration) => RTCPeerConnection) | undefined;
  readonly receive: (from: SessionId, message: Message) => void;
  readonly changed: () => void;
  readonly track: (session: SessionId, kind: MediaKind, track: MediaStreamTrack | null) => void;
}

export const iceConfig = ({ ice_servers, ice_policy }: TicketGrant): RTCConfiguration => ({
  iceServers: [...ice_servers],
  iceTransportPolicy: ice_policy,
});

export function makeMesh(key: SessionKey, { ticket, grant }: Admitted, parts: MeshParts): Mesh {
  const { socket, exchange, roster, assets } = parts;
  const createPeer = parts.createPeer ?? ((given: RTCConfiguration) => new RTCPeerConnection(given));
  const config = iceConfig(grant);
  const mesh: Mesh = new Mesh(
    { room: ticket.room, own: ticket.session, sign: key.sign, config, createPeer },
    {
      signal: (to, data) => socket.signal(to, data),
      maySignal: () => socket.state === 'online',
      message: parts.receive,
      opened: (session) => {
        exchange.linkOpened(session);
        const { version, json } = roster.ownPresence;
        mesh.sendSync(session, { type: 'PRESENCE', session: ticket.session, version, json });
      },
      bulk: (from, data) => assets.receive(from, data),
      bulkDrained: (session) => assets.pump(session),
      changed: (session) => {
        assets.linkChanged(session, mesh.isUp(session));
        roster.look();
        parts.changed();
      },
      track: parts.track,
    },
  );
  return mesh;
}
