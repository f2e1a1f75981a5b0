import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  allArchitectures,
  compatArch,
  describeValue,
  dockerArch,
  dockerDefaultFor,
  dockerDefaults,
  errnoName,
  errnoNumber,
  hostArch,
  libseccompName,
  nativeArch,
  newestDockerDefault,
  symbolValue,
  syscallName,
  syscallNames,
  syscallNumber,
} from "../../../src/core/tables/index.ts";

describe("syscalls", () => {
  test("numbers are those of the kernel's tables", () => {
    expect(syscallNumber("SCMP_ARCH_X86_64", "openat")).toBe(257);
    expect(syscallNumber("SCMP_ARCH_X86", "socketcall")).toBe(102);
    expect(syscallNumber("SCMP_ARCH_AARCH64", "openat")).toBe(56);
    expect(syscallNumber("SCMP_ARCH_AARCH64", "open")).toBeUndefined();
    expect(syscallNumber("SCMP_ARCH_X32", "read")).toBe(0x40000000);
    expect(syscallNumber("SCMP_ARCH_MIPSEL64", "read")).toBe(5000);
  });

  test("name and number are each other's inverse", () => {
    for (const arch of allArchitectures) {
      for (const name of syscallNames(arch)) {
        const number = syscallNumber(arch, name) ?? -1;
        expect(syscallNumber(arch, syscallName(arch, number) ?? "")).toBe(number);
      }
    }
  });

  test("strace's names become libseccomp's", () => {
    expect(libseccompName("SCMP_ARCH_X86_64", "openat")).toBe("openat");
    expect(libseccompName("SCMP_ARCH_X86_64", "syscall_0x1c3")).toBe("cachestat");
    expect(libseccompName("SCMP_ARCH_X86_64", "syscall_0xffff")).toBeUndefined();
    expect(libseccompName("SCMP_ARCH_X86_64", "send")).toBeUndefined();
    expect(libseccompName("SCMP_ARCH_X86", "send")).toBe("send"); // reached through socketcall
    expect(libseccompName("SCMP_ARCH_X32", "ioctl#64")).toBeUndefined();
    expect(libseccompName("SCMP_ARCH_ARM", "sync_file_range2")).toBe("arm_sync_file_range");
  });
});

test("architectures are known by every tool's name", () => {
  for (const name of ["x64", "amd64", "x86_64"]) expect(nativeArch(name)).toBe("SCMP_ARCH_X86_64");
  for (const name of ["arm64", "aarch64"]) expect(nativeArch(name)).toBe("SCMP_ARCH_AARCH64");
  expect(nativeArch("vax")).toBeUndefined();
  expect(dockerArch("SCMP_ARCH_X86")).toBe("x86");
  expect(compatArch("SCMP_ARCH_X86_64", "32 bit")).toBe("SCMP_ARCH_X86");
  expect(compatArch("SCMP_ARCH_X86_64", "x32")).toBe("SCMP_ARCH_X32");
  // strace on a 32-bit machine names no mode, and the parser then says 64 bit
  for (const only of ["SCMP_ARCH_X86", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_S390"] as const)
    expect(compatArch(only, "64 bit")).toBe(only);
  expect(compatArch("SCMP_ARCH_RISCV64", "32 bit")).toBeUndefined();
  expect(hostArch("SCMP_ARCH_X86", ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64"])).toBe("SCMP_ARCH_X86_64");
  expect(hostArch("SCMP_ARCH_X86", ["SCMP_ARCH_X86"])).toBe("SCMP_ARCH_X86");
});

describe("symbols", () => {
  test("what strace prints has the number behind it", () => {
    expect(symbolValue("socket", 0, "AF_INET6")).toBe(10n);
    expect(symbolValue("clone", 0, "SIGCHLD")).toBe(17n);
    expect(symbolValue("ioctl", 1, "TCGETS")).toBe(0x5401n);
    expect(symbolValue("ioctl", 1, "SNDCTL_TMR_TIMEBASE or TCGETS")).toBe(0x5401n);
    expect(symbolValue("socket", 2, "NETLINK_KOBJECT_UEVENT")).toBe(15n);
    expect(symbolValue("socket", 0, "AF_NOWHERE")).toBeUndefined();
  });

  test("a value is told by its names, and by its number where it has none", () => {
    expect(describeValue("socket", 0, 2n)).toBe("AF_INET");
    expect(describeValue("clone", 0, 0x1200011n)).toBe("CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
    expect(describeValue("socket", 0, 0x1_0000_0010n)).toBe("AF_NETLINK|0x100000000");
    expect(describeValue("clone", 1, 0x1000_0000n, "SCMP_ARCH_S390X")).toBe("CLONE_NEWUSER");
    expect(describeValue("clone", 0, 0x1000_0000n, "SCMP_ARCH_S390X")).not.toBe("CLONE_NEWUSER");
    expect(describeValue("mmap", 2, 3n)).toBe("PROT_READ|PROT_WRITE");
    expect(describeValue("mmap", 2, 0n)).toBe("PROT_NONE");
    expect(describeValue("ioctl", 1, 0x5412n)).toBe("TIOCSTI");
    expect(describeValue("read", 0, 3n)).toBeUndefined();
    expect(describeValue("prctl", 0, 4242n)).toBe("0x1092");
  });

  test("an error has a number and a name", () => {
    expect(errnoNumber("ENOSYS")).toBe(38);
    expect(errnoName(97)).toBe("EAFNOSUPPORT");
  });
});

describe("Docker's default profiles", () => {
  const folder = new URL("../../../profiles/docker-default/", import.meta.url);

  test("the engine's version chooses the nearest one", () => {
    expect(dockerDefaultFor("20.10.24+dfsg1")).toEqual({
      file: "20.10.18.json",
      exact: true,
      release: "20.10.24",
    });
    expect(dockerDefaultFor("99.0.0")).toMatchObject({
      file: newestDockerDefault,
      exact: false,
      release: dockerDefaults.at(-1)?.releases.at(-1),
    });
    expect(dockerDefaultFor("1.9.0")).toMatchObject({ file: "1.11.0.json", exact: false });
    expect(dockerDefaultFor("28.1.9").file).toBe("25.0.3.json");
  });

  test("the shipped files are those of the manifest", () => {
    const manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
      file: string;
      sha256: string;
      releases: string[];
    }[];
    expect(manifest.map(({ file, releases }) => ({ file, releases }))).toEqual(dockerDefaults);
    expect(
      readdirSync(folder)
        .filter((name) => !["LICENSE", "manifest.json"].includes(name))
        .sort(),
    ).toEqual(manifest.map(({ file }) => file).sort());
    for (const { file, sha256 } of manifest) {
      expect(
        createHash("sha256")
          .update(readFileSync(new URL(file, folder)))
          .digest("hex"),
      ).toBe(sha256);
    }
  });
});
