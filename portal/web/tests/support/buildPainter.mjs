// Builds the painter as one script for a bare page, so that its pixels can be compared: node buildPainter.mjs OUT_DIR
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  configFile: false,
  root: here('../..'),
  logLevel: 'error',
  publicDir: false,
  resolve: { dedupe: ['yjs', 'lib0'], alias: { '@spec': here('../../../../whiteboard_crdt/spec') } },
  build: {
    lib: { entry: here('painterDriver.ts'), name: 'painter', formats: ['iife'], fileName: () => 'painter.js' },
    outDir: process.argv[2],
    emptyOutDir: false,
    assetsInlineLimit: 1_000_000,
  },
});
