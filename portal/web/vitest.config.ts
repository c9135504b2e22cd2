import { defineConfig, mergeConfig } from 'vitest/config';
import viteConfig from './vite.config';

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      environment: 'node',
      include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
      restoreMocks: true,
      // Two cores, shared with the Python suite: one worker is as fast and leaves no stray load.
      maxWorkers: 1,
      testTimeout: 20_000,
    },
  }),
);
