// Writes yjs_source.json: real updates made by yjs with fixed client ids. Run in tests/interop: node ../vectors/yjs_source.mjs
import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
const require = createRequire(process.cwd() + '/package.json')
const Y = require('yjs')

const out = {}
const hex = (bytes) => Buffer.from(bytes).toString('hex')

function docWith(client) {
  const doc = new Y.Doc()
  doc.clientID = client
  return doc
}

function capture(doc, edit) {
  const updates = []
  const listener = (update) => updates.push(update)
  doc.on('update', listener)
  doc.transact(edit)
  doc.off('update', listener)
  return updates[0]
}

const a = docWith(1001)
const shapes = a.getMap('shapes')
out.shape = hex(
  capture(a, () => {
    const shape = new Y.Map()
    for (const [key, value] of Object.entries({
      type: 'draw', page: 'main', index: 'a0', x: 12.5, y: -3, colour: 'blue', size: 4,
      created_ms: 1767225600000, erased: false, ink: new Uint8Array([1, 0, 1, 0, 0, 0, 0]),
    })) shape.set(key, value)
    shapes.set('00000000000003e9-1', shape)
  }),
)
out.field = hex(capture(a, () => shapes.get('00000000000003e9-1').set('x', 99)))
out.text_shape = hex(
  capture(a, () => {
    const shape = new Y.Map()
    shape.set('type', 'text')
    shape.set('text', new Y.Text('h\u00e9llo \u{1f600}'))
    shapes.set('00000000000003e9-2', shape)
  }),
)
const text = shapes.get('00000000000003e9-2').get('text')
out.text_append = hex(capture(a, () => text.insert(text.length, '!')))
out.text_middle = hex(capture(a, () => text.insert(2, '\u{1f44d}\u{1f3fd}')))
out.text_delete = hex(capture(a, () => text.delete(1, 3)))
out.text_rewrite = hex(capture(a, () => { text.delete(0, 1); text.insert(0, 'H') }))
out.message = hex(capture(a, () => a.getMap('messages').set('00000000000003e9-1', { text: 'ol\u00e1', at: 1767225600001 })))
out.values = hex(
  capture(a, () =>
    a.getMap('meta').set('v', [null, undefined, true, false, 0, -1, 63, 64, -8191, 2 ** 31, -(2 ** 31) - 1, 0.5, 0.1, 2 ** 53 - 1,
      '', '\u{1f600}', { a: { b: [] } }, 10n, new Uint8Array([0, 255])]),
  ),
)
out.array = hex(capture(a, () => a.getArray('list').push([1, 'two', { three: 3 }])))
out.format = hex(capture(a, () => text.format(0, 2, { bold: true })))
out.embed = hex(capture(a, () => text.insertEmbed(0, { image: 'x' })))
const withSubdocument = docWith(1001)
out.subdocument = hex(capture(withSubdocument, () => withSubdocument.getMap('meta').set('doc', new Y.Doc({ guid: 'g' }))))
out.xml = hex(
  capture(a, () => {
    const element = new Y.XmlElement('p')
    element.setAttribute('class', 'c')
    a.getXmlFragment('xml').push([element])
  }),
)
out.nested_made_and_deleted = hex(
  capture(a, () => {
    const outer = new Y.Map()
    outer.set('inner', new Y.Map())
    a.getMap('meta').set('gone', outer)
    a.getMap('meta').delete('gone')
  }),
)

const b = docWith(2002)
Y.applyUpdate(b, Y.encodeStateAsUpdate(a))
out.foreign_field = hex(capture(b, () => b.getMap('shapes').get('00000000000003e9-1').set('x', 5)))
out.foreign_text = hex(capture(b, () => b.getMap('shapes').get('00000000000003e9-2').get('text').insert(2, 'zz')))
out.foreign_overwrite = hex(capture(b, () => b.getMap('shapes').set('00000000000003e9-1', new Y.Map())))
out.state = hex(Y.encodeStateAsUpdate(b))

const updates = []
const c = docWith(3003)
c.on('update', (update) => updates.push(update))
for (let i = 0; i < 5; i++) c.getMap('meta').set(`k${i}`, i)
out.merged = hex(Y.mergeUpdates(updates))
out.merged_with_skip = hex(Y.mergeUpdates([updates[0], updates[3]]))
out.empty = hex(Y.encodeStateAsUpdate(new Y.Doc()))

const here = new URL('.', import.meta.url)
writeFileSync(new URL('yjs_source.json', here), `${JSON.stringify(out, null, 1)}\n`)
