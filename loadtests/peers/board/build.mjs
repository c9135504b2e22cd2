// Builds Excalidraw as one page's script, with the Vite of portal/web: node build.mjs OUT_DIR
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const web = createRequire(here('../../../portal/web/package.json'));
const { build } = await import(pathToFileURL(web.resolve('vite')));

await build({
  configFile: false,
  root: here('.'),
  logLevel: 'error',
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.IS_PREACT': '"false"' },
  build: {
    lib: { entry: here('page.mjs'), formats: ['es'], fileName: () => 'excalidraw.js', cssFileName: 'excalidraw' },
    outDir: process.argv[2],
    emptyOutDir: false,
    target: 'es2022',
  },
});
