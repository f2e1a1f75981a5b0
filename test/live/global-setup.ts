import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { engine } from "../support/engine.ts";
import { workloads } from "./workloads.ts";

/** Finds or starts an engine, and makes the base image and the workloads' images. It stops what it started. */
export default async function setup(): Promise<() => Promise<void>> {
  const before = (
    await execa("bash", [fileURLToPath(new URL("../../tools/engine/engine.sh", import.meta.url)), "status"], {
      reject: false,
    })
  ).exitCode;
  await engine("start");
  const host = /DOCKER_HOST=(\S+)/.exec(await engine("env"))?.[1];
  if (host !== undefined) process.env["DOCKER_HOST"] = host;
  await engine("base-image");
  for (const folder of new Set(["probe", ...workloads.map(({ folder }) => folder)])) {
    const context = fileURLToPath(new URL(`workloads/${folder}/`, import.meta.url));
    await execa("docker", ["build", "-q", "--network", "host", "-t", `seccomp-gen-test-${folder}`, context], {
      env: { DOCKER_BUILDKIT: "0" },
      timeout: 600_000,
      stdout: "ignore",
      stderr: "pipe",
    });
  }
  return async () => {
    if (before !== 0) await engine("stop");
  };
}
