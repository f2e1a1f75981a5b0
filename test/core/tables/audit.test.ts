import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allArchitectures, auditNumber, isBigEndian } from "../../../src/core/tables/index.ts";
import type { ScmpArch } from "../../../src/core/tables/types.ts";

/** The header's name, if it differs from libseccomp's. */
const headerNames: { readonly [arch in ScmpArch]?: string } = {
  SCMP_ARCH_X86: "I386",
  SCMP_ARCH_X32: "X86_64",
  SCMP_ARCH_SH: "SHEL",
  SCMP_ARCH_SHEB: "SH",
};

test("the bit for little endian is the byte order", () => {
  for (const arch of allArchitectures)
    expect([arch, (auditNumber(arch) & 0x4000_0000) !== 0]).toEqual([arch, !isBigEndian(arch)]);
});

test("numbers are those of the kernel's header", ({ skip }) => {
  skip(!existsSync("/usr/include/linux/audit.h"), "there is no linux/audit.h (Debian's libc6-dev)");
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-audit-"));
  const lines = allArchitectures.map((arch) => {
    const name = `AUDIT_ARCH_${headerNames[arch] ?? arch.replace("SCMP_ARCH_", "")}`;
    return `#ifdef ${name}\nprintf("${arch} %u\\n", (unsigned)${name});\n#endif`;
  });
  writeFileSync(
    join(folder, "audit.c"),
    `#include <stdio.h>\n#include <linux/audit.h>\nint main(void) {\n${lines.join("\n")}\nreturn ` + "0;\n}\n",
  );
  expect(spawnSync("cc", ["-o", join(folder, "audit"), join(folder, "audit.c")]).status).toBe(0);
  const told = spawnSync(join(folder, "audit"), { encoding: "utf8" }).stdout.trimEnd().split("\n");
  expect(told.length).toBeGreaterThan(20);
  expect(told).toEqual(
    told.map((line) => line.split(" ")[0] as ScmpArch).map((arch) => `${arch} ${auditNumber(arch)}`),
  );
});
