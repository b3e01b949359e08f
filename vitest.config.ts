import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'monolith/**/*.test.ts', 'extracted/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.strangler/**'],
    // The second one sees to it that docs/reference/conformance.md says what the suite shows.
    reporters: ['default', './test/conformance/report/reporter.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Real servers and real signals: every file gets a process of its own.
    pool: 'forks',
    maxWorkers: 2,
    // A loaded machine is late, and a condition that never comes true costs the time only when the test fails.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
