import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Two projects: `unit` needs nothing but Node; `live` runs real containers, one file at a time, on the engine that globalSetup finds or starts. */
export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/live/**", "**/node_modules/**"] },
      },
      {
        root,
        test: {
          name: "live",
          include: ["test/live/**/*.test.ts"],
          globalSetup: "test/live/global-setup.ts",
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
