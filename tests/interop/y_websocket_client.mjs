// An unmodified y-websocket client: told what to do by JSON lines on stdin, telling what it sees by JSON lines on stdout.
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const [serverUrl, room] = process.argv.slice(2)
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const doc = new Y.Doc()
const text = doc.getText('text')
const map = doc.getMap('map')
const provider = new WebsocketProvider(serverUrl, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true })

const seen = () => tell({ text: text.toString(), map: map.toJSON() })
doc.on('update', seen)
provider.on('sync', (synced) => tell({ synced }))
provider.on('status', ({ status }) => tell({ status }))
provider.on('closed', ({ code }) => tell({ closed: code }))
provider.awareness.on('update', () =>
  tell({ awareness: Object.fromEntries(provider.awareness.getStates()), at: provider.wsLastMessageReceived })
)
tell({ client: doc.clientID })

const commands = {
  insert: ({ at, value }) => text.insert(at, value),
  remove: ({ at, length }) => text.delete(at, length),
  set: ({ key, value }) => map.set(key, value),
  nest: ({ key }) => map.set(key, new Y.Array()),
  push: ({ key }) => map.get(key).push([new Y.Map(), new Y.Map()]),
  aware: ({ state }) => provider.awareness.setLocalState(state),
  connect: () => provider.connect(),
  disconnect: () => provider.disconnect(),
  leave: () => {
    provider.destroy()
    process.exit(0)
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  commands[command.do](command)
}
