// Writes the updates that every server of the benchmark is given, made by Yjs itself.
//   node gen_updates.mjs OUT_DIR CLIENTS UPDATES HISTORY_UPDATES
// streams.bin: u32 clients; for each: u32 updates, each u16 length and bytes. Stream i is written by client 1000 + i and
//   depends on no other. An update appends one piece of a pen stroke and carries "#T", 4 hex digits of the stream and
//   8 of its number.
// history.bin: u32 pieces, each u32 length and bytes: in order, a board of some 8 MB by 4 writers, 5 % of it deleted. In
//   pieces, since a relay that bounds its messages takes no 8 MB in one.
import fs from 'node:fs'
import path from 'node:path'
import * as Y from 'yjs'

const [out, clients, updates, historyUpdates] = [process.argv[2], ...process.argv.slice(3).map(Number)]
const WRITERS = 4
const PIECES = 4
let seed = 12345
const random = (below) => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  return seed % below
}
const u32 = (value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const u16 = (value) => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
const pen = { x: 500, y: 400 }
const points = (first) => {
  const values = first
  for (let left = 2 + random(7); left > 0; left--) {
    pen.x += random(17) - 8
    pen.y += random(17) - 8
    values.push(pen.x, pen.y, random(60))
  }
  return values
}

const streams = [u32(clients)]
for (let client = 0; client < clients; client++) {
  const doc = new Y.Doc()
  doc.clientID = 1000 + client
  const strokes = doc.getMap('strokes')
  const made = []
  doc.on('update', (update) => made.push(Buffer.from(update)))
  let stroke
  for (let i = 0; i < updates; i++) {
    const tag = `#T${client.toString(16).padStart(4, '0')}${i.toString(16).padStart(8, '0')}`
    doc.transact(() => {
      if (i % 50 === 0) {
        stroke = new Y.Array()
        strokes.set(`${client}-${i / 50}`, stroke)
      }
      stroke.push(points([tag]))
    })
  }
  streams.push(u32(made.length))
  for (const update of made) streams.push(u16(update.length), update)
}
fs.writeFileSync(path.join(out, 'streams.bin'), Buffer.concat(streams))

const history = []
for (let writer = 0; writer < WRITERS; writer++) {
  const doc = new Y.Doc()
  doc.clientID = 77000 + writer
  const strokes = doc.getMap('strokes')
  const total = historyUpdates / WRITERS
  let stroke
  let held = Y.encodeStateVector(doc)
  for (let i = 0; i < total; i++) {
    doc.transact(() => {
      if (i % 50 === 0) {
        stroke = new Y.Array()
        strokes.set(`h${writer}-${i / 50}`, stroke)
      }
      stroke.push(points([]))
      if (i % 1000 === 999) strokes.delete(`h${writer}-${Math.floor(i / 50) - 1}`)
    })
    if ((i + 1) % (total / PIECES) === 0) {
      const piece = Buffer.from(Y.encodeStateAsUpdate(doc, held))
      held = Y.encodeStateVector(doc)
      history.push(u32(piece.length), piece)
    }
  }
}
fs.writeFileSync(path.join(out, 'history.bin'), Buffer.concat([u32(WRITERS * PIECES), ...history]))
