import { fileURLToPath } from 'node:url';

import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __DEV_TOOLS__: 'false' },
  test: {
    // A file that needs a page says so at its top (@vitest-environment jsdom): it takes a second to make.
    environment: 'node',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    env: { TZ: 'Europe/London' },
  },
});
