import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { client } from "./workloads.ts";
import { product, workplace } from "../support/product.ts";

const nginx = ["docker", "run", "--rm", "--network", "none", "seccomp-gen-test-nginx"];

test("--until-stable ends a recording by itself, and the summary names what was not seen", async () => {
  const folder = await workplace();
  const request = client(
    "nginx",
    "curl -sf -m 5 --retry 5 --retry-delay 1 --retry-connrefused http://127.0.0.1/ >/dev/null",
  );
  const ran = await product(folder, [
    "record",
    "--name",
    "app",
    "--until-stable",
    "4",
    "--while",
    `${request}; sleep 60`,
    "--",
    ...nginx,
  ]);
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(ran.stderr).toContain("stopping the container with its own stop signal");
  expect(ran.stderr).toMatch(/not exercised: reload \(SIGHUP\), log rotation \(SIGUSR1\), .*docker exec/);
  expect(ran.stderr).not.toContain("an orderly end");
  expect(await readFile(join(folder, "traces/app/recording.json"), "utf8")).toContain('"ended":"stopped"');

  const more = client("nginx", "curl -sf -m 5 http://127.0.0.1/ >/dev/null; sleep 1");
  const signalled = await product(folder, [
    "record",
    "--name",
    "app",
    "--append",
    "--full",
    "--exec",
    "nginx -t",
    "--while",
    `${more}; docker kill -s HUP $SECCOMP_GEN_CONTAINER; docker kill -s USR1 $SECCOMP_GEN_CONTAINER; ` +
      `sleep 1; ${more}`,
    "--",
    ...nginx,
  ]);
  expect(signalled.exitCode, signalled.stderr).toBe(0);
  expect(signalled.stderr).not.toMatch(/not exercised: .*(?:reload|rotation|docker exec)/);
});

test("a program without connections is not told of a service's paths", async () => {
  const folder = await workplace();
  const ran = await product(folder, [
    "record",
    "--name",
    "app",
    "--until-stable",
    "2",
    "--",
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    "seccomp-gen-base:bookworm",
    "sh",
    "-c",
    "ls / >/dev/null; sleep 60",
  ]);
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(ran.stderr).not.toContain("not exercised");
});
