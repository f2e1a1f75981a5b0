import { execa } from "execa";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noKernelLog } from "../support/machine.ts";
import { docker, product, workplace } from "../support/product.ts";

const base = "seccomp-gen-base:bookworm";

/**
 * The kernel's log as dmesg(1) prints it, or why there is none: it cannot be read, or has no lines of SECCOMP_RET_LOG.
 */
async function kernelLog(): Promise<{ readonly text: string } | { readonly why: string }> {
  const logged = await readFile("/proc/sys/kernel/seccomp/actions_logged", "utf8").catch(() => "");
  if (!/\blog\b/.test(logged)) return { why: "sysctl kernel.seccomp.actions_logged does not name log" };
  const { exitCode, stdout, stderr } = await execa("dmesg", [], { reject: false, maxBuffer: 1 << 28 });
  return exitCode === 0 ? { text: stdout } : { why: `dmesg: ${stderr}` };
}

test("a canary under a profile in complain mode goes on, and what the kernel logs teaches the profile", async ({
  skip,
}) => {
  const before = await kernelLog();
  if ("why" in before) skip(`the kernel's log cannot be used: ${before.why}`);
  const folder = await workplace();
  // The program has its own name, so that lines of other containers do not count. The long way was not recorded.
  const name = `canary${randomBytes(4).toString("hex")}`;
  const run = (way: string): readonly string[] => [
    "run",
    "--rm",
    "--network",
    "none",
    base,
    "sh",
    "-c",
    `cp /usr/bin/perl-base /tmp/${name} 2>/dev/null || cp /usr/bin/perl /tmp/${name}; /tmp/${name} ` +
      `-e 'if ($ARGV[0] eq "long") { symlink "a", "/tmp/b"; print readlink("/tmp/b") } else { print ` +
      `"short" }' ${way}`,
  ];
  const recorded = await product(folder, ["record", "--name", "app", "--", "docker", ...run("short")]);
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 0, stdout: "short" });
  const enforced = async (): Promise<string> =>
    (await docker("run", "--security-opt", `seccomp=${folder}/profiles/app.json`, ...run("long").slice(1))).stdout;
  expect(await enforced()).not.toBe("a");

  expect(
    (await product(folder, ["generate", "traces/app/recording.json", "-o", "complain.json", "--mode", "complain"]))
      .exitCode,
  ).toBe(0);
  let learned = "";
  // If there are many lines, the kernel leaves some out. Other tests on this machine may make many.
  for (let tries = 0; tries < 8 && !learned.includes("symlink"); tries += 1) {
    expect(
      (await docker("run", "--security-opt", `seccomp=${folder}/complain.json`, ...run("long").slice(1))).stdout,
    ).toBe("a");
    const log = await kernelLog();
    if ("why" in log) throw new Error(log.why);
    if (!log.text.includes(name)) continue;
    await writeFile(join(folder, "dmesg"), log.text);
    const aggregated = await product(folder, ["aggregate", "dmesg", "--append", "app", "--exe", `/tmp/${name}`]);
    expect(aggregated.exitCode, aggregated.stderr).toBe(0);
    learned += aggregated.stderr;
  }
  // There is no CONFIG_AUDIT, or the kernel left these lines out.
  skip(learned === "", noKernelLog);
  expect(learned).toMatch(/learned .*\bsymlink\b/);
  expect((await product(folder, ["generate", "--all"])).exitCode).toBe(0);
  expect(await enforced()).toBe("a");
  expect((await product(folder, ["explain", "profiles/app.json", "symlink"])).stdout).toMatch(new RegExp(name));
});
