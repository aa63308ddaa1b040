// How the browser's code becomes the files in src/sessional/web/static, which the server hands out
// under /static/. Everything is a file of our own origin, so that a strict Content-Security-Policy
// holds and a machine without the internet shows the whole page.
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

// Fonts may be passed on together with their licence; Vite gathers the licences of scripts only.
const fontLicences: Plugin = {
  name: 'font-licences',
  apply: 'build',
  generateBundle() {
    for (const font of ['fira-code', 'roboto']) {
      const source = readFileSync(`node_modules/@fontsource-variable/${font}/LICENSE`);
      this.emitFile({ type: 'asset', fileName: `licence-${font}.txt`, source });
    }
  },
};

export default defineConfig({
  root: 'pages',
  base: '/static/',
  logLevel: 'warn',
  plugins: [fontLicences],
  build: {
    outDir: '../../src/sessional/web/static',
    emptyOutDir: true,
    // Nothing becomes a data: address; the policy lets fonts come from files only.
    assetsInlineLimit: 0,
    // Every browser that runs the page's modules knows modulepreload.
    modulePreload: { polyfill: false },
    // The editor is one chunk of some megabytes, fetched once and kept by its hashed name.
    chunkSizeWarningLimit: 6000,
    // The licences of what is bundled travel with it.
    license: { fileName: 'licences.md' },
    rolldownOptions: {
      // Notes to server renderers, such as "use client", which say nothing here.
      onLog(level, log, handle) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') {
          handle(level, log);
        }
      },
    },
  },
  worker: { format: 'es' },
  // `npm run dev`, for those who change the page: http://localhost:5173/static/ beside `make serve`.
  server: { proxy: { '/graphql': 'http://127.0.0.1:8000' } },
});
