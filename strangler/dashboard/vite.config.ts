import path from 'node:path'
import { defineConfig } from 'vite'

const root = import.meta.dirname

export default defineConfig({
  root,
  base: '/dashboard/',
  build: {
    outDir: path.join(root, 'dist'),
    emptyOutDir: true,
    target: 'es2022',
    // The first that know `light-dark()`, of 2023 and 2024: it would be rewritten for older ones.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Every file is one of the server's own: the Content-Security-Policy knows no `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
})
