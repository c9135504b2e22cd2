// Builds the bench's page of the classroom as one script and one sheet: node buildBench.mjs OUT_DIR
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  configFile: false,
  root: here('../..'),
  logLevel: 'error',
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  resolve: { dedupe: ['yjs', 'lib0', 'preact'], alias: { '@spec': here('../../../../whiteboard_crdt/spec') } },
  oxc: { jsx: { importSource: 'preact' } },
  build: {
    lib: { entry: here('../bench/ours.tsx'), formats: ['es'], fileName: () => 'ours.js', cssFileName: 'ours' },
    outDir: process.argv[2],
    emptyOutDir: false,
    assetsInlineLimit: 1_000_000,
    target: 'es2022',
  },
});
