// Builds the core as one module for Node, so that other test suites can drive the real thing: node buildCore.mjs OUT_DIR
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  configFile: false,
  root: here('../..'),
  logLevel: 'error',
  publicDir: false,
  resolve: { dedupe: ['yjs', 'lib0'], alias: { '@spec': here('../../../../whiteboard_crdt/spec') } },
  ssr: { noExternal: true },
  build: {
    ssr: here('coreDriver.ts'),
    outDir: process.argv[2],
    emptyOutDir: false,
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'coreDriver.mjs' } },
  },
});
