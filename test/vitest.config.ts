import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The projects. `unit` needs no engine. `live` runs real containers, one file at a time, on the engine that globalSetup
 * finds or starts. `engines` does so on other generations of engines, only on request (npm run test:engines). `gateway`
 * compares docker with and without the gateway of `record --containers`, also only on request (npm run test:gateway).
 */
export default defineConfig({
  root,
  test: {
    reporters: ["default", "test/support/skips.ts"],
    projects: [
      {
        root,
        test: {
          name: "unit",
          // A test that asserts nothing cannot fail. Tests that run at the same time cannot be asked that.
          expect: { requireAssertions: true },
          globalSetup: "test/global-setup.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ["test/**/*.test.ts"],
          exclude: ["test/live/**", "test/engines/**", "test/gateway/**", "**/node_modules/**"],
        },
      },
      {
        root,
        test: {
          name: "live",
          include: ["test/live/**/*.test.ts"],
          globalSetup: ["test/global-setup.ts", "test/live/global-setup.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 600_000,
          // Thousands of containers run on one engine, so only a test that fails twice counts as failed. A test that
          // passed the second time is shown with its retry. Look into such tests.
          retry: 1,
        },
      },
      {
        root,
        test: {
          name: "engines",
          include: process.env["SECCOMP_GEN_ENGINES"] === undefined ? [] : ["test/engines/**/*.test.ts"],
          globalSetup: ["test/global-setup.ts", "test/live/global-setup.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
        },
      },
      {
        root,
        test: {
          name: "gateway",
          include: process.env["SECCOMP_GEN_GATEWAY"] === undefined ? [] : ["test/gateway/**/*.test.ts"],
          globalSetup: ["test/global-setup.ts", "test/live/global-setup.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
