import { defineConfig } from 'vite';

// The page is served from the binary under a policy that forbids inline code, so nothing is
// inlined and everything is one small bundle.
export default defineConfig({
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    sourcemap: false,
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080', '/healthz': 'http://127.0.0.1:8080' } },
});
