// A page with an unmodified y-webrtc provider; tests drive it through `globalThis.page`.
import { WebrtcProvider } from 'y-webrtc'
import * as Y from 'yjs'

const doc = new Y.Doc()
const text = doc.getText('text')

globalThis.page = {
  open: (signaling, room, password) => {
    const provider = new WebrtcProvider(room, doc, {
      signaling: [signaling],
      password,
      peerOpts: { config: { iceServers: [] } }
    })
    globalThis.page.provider = provider
  },
  client: () => doc.clientID,
  text: () => text.toString(),
  length: () => text.length,
  size: () => doc.getMap('map').size,
  get: (key) => doc.getMap('map').get(key),
  insert: (at, value) => text.insert(at, value),
  aware: (state) => globalThis.page.provider.awareness.setLocalState(state),
  awareness: () => Object.fromEntries(globalThis.page.provider.awareness.getStates()),
  peers: () => globalThis.page.provider.room?.webrtcConns.size ?? 0
}
