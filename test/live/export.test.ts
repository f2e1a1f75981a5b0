import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

/**
 * The output of `export`, read by its consumers. podman is in podman.test.ts. systemd, firejail and bubblewrap are in
 * test/commands/export.test.ts. Kubernetes and containerd's own clients would need a cluster or a daemon, so only their
 * schema is checked (test/words/schemas.test.ts).
 */
const nginx = fileURLToPath(new URL("../../profiles/nginx.json", import.meta.url));
let oci = "";

beforeAll(async () => {
  oci = join(await workplace(), "oci.json");
  const exported = await product(await workplace(), ["export", nginx, "--format", "oci", "-o", oci]);
  expect(exported, exported.stderr).toMatchObject({ exitCode: 0 });
});

describe("the OCI object", () => {
  test.each(["runc", "crun"])("nginx serves under it with %s, and what was not recorded is denied", async (runtime) => {
    const confined = ["--network", "none", "--runtime", runtime, "--security-opt", `seccomp=${oci}`];
    const { stdout: id, stderr } = await docker("run", "-d", "--rm", ...confined, "seccomp-gen-test-nginx");
    expect(id, stderr).toMatch(/^[0-9a-f]{64}$/);
    try {
      let page = "";
      for (let tries = 0; tries < 20 && !page.includes("a page"); tries += 1) {
        await delay(250);
        page = (
          await docker(
            "run",
            "--rm",
            "--network",
            `container:${id}`,
            "--entrypoint",
            "curl",
            "seccomp-gen-test-nginx",
            "-sf",
            "-m",
            "5",
            "http://127.0.0.1/",
          )
        ).stdout;
      }
      expect(page).toContain("a page");
    } finally {
      await docker("rm", "-f", id);
    }
    const denied = await docker(
      "run",
      "--rm",
      ...confined,
      "--entrypoint",
      "chroot",
      "seccomp-gen-test-nginx",
      "/",
      "true",
    );
    expect([denied.exitCode === 0, denied.stderr]).toEqual([
      false,
      expect.stringMatching(/not permitted|not implemented/) as string,
    ]);
  });
});
