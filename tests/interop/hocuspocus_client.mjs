// An unmodified Hocuspocus provider: told what to do by JSON lines on stdin, telling what it sees on stdout.
import { createInterface } from 'node:readline'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import WebSocket from 'ws'
import * as Y from 'yjs'

const [serverUrl, room] = process.argv.slice(2)
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const doc = new Y.Doc()
const text = doc.getText('text')
const map = doc.getMap('map')
const websocketProvider = new HocuspocusProviderWebsocket({ url: serverUrl, WebSocketPolyfill: WebSocket })
const provider = new HocuspocusProvider({ websocketProvider, name: room, document: doc, token: 'any token' })

doc.on('update', () => tell({ text: text.toString(), map: map.toJSON() }))
provider.on('synced', ({ state }) => tell({ synced: state }))
provider.on('authenticated', ({ scope }) => tell({ authenticated: scope }))
provider.on('unsyncedChanges', ({ number }) => tell({ unsynced: number }))
provider.on('disconnect', ({ event }) => tell({ closed: event.code }))
provider.awareness.on('update', () => tell({ awareness: Object.fromEntries(provider.awareness.getStates()) }))
tell({ client: doc.clientID })
provider.attach()

const commands = {
  insert: ({ at, value }) => text.insert(at, value),
  set: ({ key, value }) => map.set(key, value),
  aware: ({ state }) => provider.awareness.setLocalState(state),
  disconnect: () => websocketProvider.disconnect(),
  connect: () => websocketProvider.connect(),
  leave: () => provider.destroy(),
  // A second document on the same socket.
  second: ({ name }) => {
    const other = new HocuspocusProvider({ websocketProvider, name, token: '' })
    other.document.on('update', () => tell({ second: other.document.getText('text').toString() }))
    other.attach()
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  commands[command.do](command)
}
