import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Projects: `unit` needs no engine; `live` runs real containers, one file at a time, on the
 * engine that globalSetup finds or starts; `engines` does so on other generations of engines too,
 * and only when asked for (npm run test:engines). `gateway` compares what docker does with and
 * without the gateway of `record --containers`, also only when asked for (npm run test:gateway).
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
          // Thousands of containers on one engine: what fails has to fail twice. A test that passed
          // only then is shown with its retry, and is to be looked into.
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
