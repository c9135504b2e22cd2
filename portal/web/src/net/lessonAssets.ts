/** The pictures of a lesson: `Assets` on its mesh, its relay's HTTP and this device (protocol.md section A). */

import { RelayAssetServer } from './assetServer';
import { AssetStore } from './assetStore';
import { Assets } from './assets';
import type { RelayControl } from './control';
import type { Mesh } from './mesh';

export class LessonAssets extends Assets {
  private readonly relay: RelayAssetServer;

  /** `keeps`: whether this device has storage at all. */
  constructor(room: string, user: string, keeps: boolean, mesh: () => Mesh | null) {
    const relay = new RelayAssetServer(room);
    super({
      server: relay,
      store: keeps ? AssetStore.open(room, user).catch(() => null) : Promise.resolve(null),
      send: (to, bytes) => mesh()?.sendBulk(to, bytes) ?? false,
      closeLink: (session) => mesh()?.breach(session),
    });
    this.relay = relay;
  }

  /** Welcomes and renewals bring tokens for the relay that the ticket names. */
  told(control: RelayControl, relayUrl: string | undefined): void {
    const grant = control.t === 'welcome' || control.t === 'renewed' ? control.assets : null;
    if (grant === null || relayUrl === undefined) return;
    this.relay.allow(relayUrl, grant);
    this.serverBack();
  }
}
