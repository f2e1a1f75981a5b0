// Runs all tests: those on the engine, which wait a lot, and beside them, with a lower priority, those without one.
// One after the other they take half as long again on two cores. With arguments this is Vitest with these arguments:
// npm test -- test/live/go.test.ts
import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The exit code of the command; what kills it counts as 1. */
function run(command, args, stdio) {
  const child = spawn(command, args, { cwd: root, stdio });
  const printed = [];
  child.stdout?.on("data", (chunk) => printed.push(chunk));
  child.stderr?.on("data", (chunk) => printed.push(chunk));
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, printed: Buffer.concat(printed) }));
  });
  return { pid: child.pid, ended };
}

const vitest = (args, stdio) =>
  run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts", ...args], stdio);

const asked = process.argv.slice(2);
if (asked.length > 0) process.exitCode = (await vitest(asked, "inherit").ended).code;
else {
  // Both need the packages, and apt serves one at a time. Tests that miss a package say so themselves.
  await run("bash", ["tools/engine/packages.sh", "tests"], "inherit").ended;
  const live = vitest(["--project", "live"], "inherit");
  const unit = vitest(["--project", "unit"], ["ignore", "pipe", "pipe"]);
  setPriority(unit.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const codes = await Promise.all([
    unit.ended.then(({ code, printed }) => {
      process.stdout.write(printed);
      return code;
    }),
    live.ended.then(({ code }) => code),
  ]);
  process.exitCode = Math.max(...codes);
}
