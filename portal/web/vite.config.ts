import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * One build for every page. The portal's templates look the hashed names up in `dist/manifest.json`
 * by entry (`src/classroom/main.tsx`, …), so no HTML is built here and no script is inline.
 */
export default defineConfig({
  root: here('.'),
  base: '/static/',
  publicDir: false,
  resolve: {
    // Two copies of yjs in one page silently break instanceof checks inside it.
    dedupe: ['yjs', 'lib0', 'preact'],
    alias: { '@spec': here('../../whiteboard_crdt/spec') },
  },
  worker: { format: 'es' },
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    // The pages' content security policy admits no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      input: [
        here('src/classroom/main.tsx'),
        here('src/player/main.tsx'),
        here('src/alerts/main.ts'),
        here('src/operation/main.ts'),
        here('src/passkeys/main.ts'),
        here('src/leaving/main.ts'),
        here('src/styles/main.css'),
      ],
    },
  },
});
