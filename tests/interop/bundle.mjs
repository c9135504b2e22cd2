// Bundles a page: node bundle.mjs VITE ENTRY OUT_FOLDER. VITE is the folder of the web client's own vite.
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [vite, entry, outDir] = process.argv.slice(2)
const { build } = await import(pathToFileURL(join(vite, 'dist/node/index.js')).href)
await build({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'warn',
  // simple-peer's bundle was made for browsers, and looks for `global`.
  define: { global: 'globalThis' },
  build: {
    outDir,
    emptyOutDir: false,
    lib: { entry, formats: ['iife'], name: 'bundle', fileName: () => `${basename(entry, '.mjs')}.js` }
  }
})
