// An unmodified y-websocket client that draws or watches strokes: the peer of participant.py, driven the same way.
// node y_pen.mjs PACKAGES URL INK_BYTES — PACKAGES: a folder whose node_modules hold yjs, y-websocket and ws.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [packages, url, inkBytes] = process.argv.slice(2);
const load = createRequire(`${packages}/package.json`);
const Y = load('yjs');
const { WebsocketProvider } = load('y-websocket');
const WebSocketPolyfill = load('ws');

const doc = new Y.Doc();
const shapes = doc.getMap('shapes');
const provider = new WebsocketProvider(url, 'lab', doc, { WebSocketPolyfill, disableBc: true });
// CLOCK_MONOTONIC, as Python's time.monotonic().
const now = () => Number(process.hrtime.bigint()) / 1e9;
const ink = () => Uint8Array.from({ length: Number(inkBytes) }, () => Math.floor(Math.random() * 256));
let pen = {};
let seen = {};
let number = 0;

shapes.observe((event, { local }) => {
  if (!local) for (const key of event.changes.keys.keys()) seen[key] = now();
});

// The fields of a stroke of ours, in one transaction.
function draw() {
  const id = `${doc.clientID}-${(number += 1)}`;
  pen[id] = now();
  doc.transact(() => {
    const shape = new Y.Map();
    const fields = { type: 'draw', page: 'main', index: `a${number}`, x: 1.5, y: 2.5, w: 120, h: 60, colour: 'blue' };
    for (const [key, value] of Object.entries({ ...fields, size: 4, created_ms: Date.now(), ink: ink() })) {
      shape.set(key, value);
    }
    shapes.set(id, shape);
  });
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
const state = () => ({ relay: provider.synced, shapes: shapes.size });
const commands = {
  async draw({ rate, seconds }) {
    const begun = now();
    const count = Math.floor(rate * seconds);
    for (let n = 0; n < count; n++) {
      await wait((begun + n / rate - now()) * 1000);
      draw();
    }
    return count;
  },
  times() {
    const found = { pen, seen };
    pen = {};
    seen = {};
    return found;
  },
  async wait({ timeout_s, ...wanted }) {
    const end = now() + timeout_s;
    for (;;) {
      const found = state();
      if (Object.entries(wanted).every(([name, value]) => found[name] === value)) return found;
      if (now() > end) throw new Error('timeout');
      await wait(20);
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[name](given)) ?? null };
  } catch (error) {
    answer = { error: String(error), state: state() };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
