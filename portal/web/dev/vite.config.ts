import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** `npx vite --config dev/vite.config.ts` (in portal/web): the classroom with an in-memory room, for looking at it. */
export default defineConfig({
  root: here('.'),
  resolve: { dedupe: ['yjs', 'lib0', 'preact'], alias: { '@spec': here('../../../whiteboard_crdt/spec') } },
  server: { host: '127.0.0.1', fs: { allow: [here('../../..')] } },
  build: { outDir: '/tmp/chalkmesh-dev-page', emptyOutDir: true },
});
