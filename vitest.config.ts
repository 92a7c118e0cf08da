import { defineConfig } from 'vitest/config';

/** One project per suite; `npm test` runs `unit`, `.ci/run` all of them. */
const suite = (name: string, testTimeout: number, include: string[], globalSetup: string[] = []) => ({
  test: {
    name,
    include,
    globalSetup,
    testTimeout,
    hookTimeout: Math.max(testTimeout, 60_000),
    clearMocks: true,
  },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      suite('unit', 20_000, ['src/**/*.test.ts', 'test/unit/**/*.test.ts']),
      suite('cluster', 120_000, ['test/cluster/**/*.test.ts'], ['./test/control-plane/global-setup.ts']),
      suite('browser', 60_000, ['test/browser/**/*.test.ts']),
      suite('mail', 60_000, ['test/mail/**/*.test.ts']),
      suite('package', 120_000, ['test/package/**/*.test.ts']),
    ],
  },
});
