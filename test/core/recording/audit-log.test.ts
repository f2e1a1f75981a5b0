import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AuditCollector,
  auditRecording,
  parseRecording,
  readJournalEntry,
  readLine,
  stringifyRecording,
  type AuditFilter,
  type AuditFindings,
} from "../../../src/core/recording/index.ts";
import { hostileText } from "../../support/hostile.ts";

const everybody: AuditFilter = { comm: [], exe: [], pid: [] };

/** Lines of a 6.18 kernel, as dmesg prints them. */
const dmesg = [
  "[ 7722.335266] kauditd_printk_skb: 8 callbacks suppressed",
  "[ 7722.335272] audit: type=1326 audit(1795558984.268:7183): auid=4294967295 uid=0 gid=0 " +
    'ses=4294967295 pid=14311 comm="runc:[2:INIT]" exe="/" sig=0 arch=c000003e syscall=79 compat=0 ' +
    "ip=0x40828e code=0x7ffc0000",
  "[ 7722.420092] audit: type=1326 audit(1795558984.348:7186): auid=4294967295 uid=0 gid=0 " +
    'ses=4294967295 pid=14407 comm="mkdir" exe="/usr/bin/mkdir" sig=0 arch=c000003e syscall=83 ' +
    "compat=0 ip=0x7fbf7491ef37 code=0x7ffc0000",
];
const fields =
  'auid=4294967295 uid=0 gid=0 ses=4294967295 pid=7 comm="mkdir" exe="/usr/bin/mkdir" sig=0 ' +
  "arch=c000003e syscall=83 compat=0 ip=0x7f code=0x7ffc0000";
const mkdir = {
  arch: "SCMP_ARCH_X86_64",
  syscall: "mkdir",
  comm: "mkdir",
  exe: "/usr/bin/mkdir",
  pid: 7,
  action: 0x7ffc0000,
};

async function collect(text: string | Uint8Array, filter: Partial<AuditFilter> = {}, size = 7): Promise<AuditFindings> {
  const collector = new AuditCollector({ ...everybody, ...filter });
  const bytes = Buffer.from(text);
  await collector.read(
    (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
  );
  return collector.findings();
}

describe("a line", () => {
  test.each([
    ["dmesg", `[ 7722.420092] audit: type=1326 audit(1795558984.348:7186): ${fields}`],
    ["dmesg with levels", `<5>[ 7722.420092] audit: type=1326 audit(1795558984.348:7186): ${fields}`],
    ["dmesg -T", `[Tue Nov 24 22:23:04 2026] audit: type=1326 audit(1795558984.348:7186): ${fields}`],
    [
      "the journal or syslog, from the kernel",
      `Nov 24 22:23:04 host kernel: audit: type=1326 audit(1795558984.348:7186): ${fields}`,
    ],
    [
      "syslog, day of one digit, kernel time",
      "Nov  4 22:23:04 host kernel: [ 7722.420092] audit: type=1326 audit(1795558984.348:7186): " + `${fields}`,
    ],
    ["the journal, from audit", `Nov 24 22:23:04 host audit[7]: SECCOMP ${fields}`],
    ["audit.log", `type=SECCOMP msg=audit(1795558984.348:7186): ${fields}`],
    [
      "audit.log, enriched, of many hosts",
      `node=a.example type=SECCOMP msg=audit(1795558984.348:7186): ${fields}\u001dARCH=x86_64 ` +
        `SYSCALL=mkdir AUID="unset"`,
    ],
  ])("of %s", (_, line) => expect(readLine(line)).toEqual({ kind: "entry", entry: mkdir }));

  test("names in hexadecimal are read", () =>
    expect(
      readLine(`type=SECCOMP msg=audit(1.0:1): ${fields.replace('"mkdir"', "72756E633A5B323A494E49545D")}`),
    ).toMatchObject({ entry: { comm: "runc:[2:INIT]" } }));
  test("x32 calls are told from x86_64's", () =>
    expect(
      readLine(`type=SECCOMP msg=audit(1.0:1): ${fields.replace("syscall=83", "syscall=1073741907")}`),
    ).toMatchObject({ entry: { arch: "SCMP_ARCH_X32", syscall: "mkdir" } }));
  test("32-bit calls have their own numbers", () =>
    expect(
      readLine(`type=SECCOMP msg=audit(1.0:1): ${fields.replace("c000003e", "40000003").replace("=83", "=39")}`),
    ).toMatchObject({ entry: { arch: "SCMP_ARCH_X86", syscall: "mkdir" } }));
  test("what no profile could name is said", () =>
    expect(readLine(`type=SECCOMP msg=audit(1.0:1): ${fields.replace("syscall=83", "syscall=99999")}`)).toMatchObject({
      kind: "unread",
    }));
  test("cut off, it is said", () =>
    expect(readLine(`type=SECCOMP msg=audit(1.0:1): ${fields.slice(0, 120)}`)).toMatchObject({ kind: "unread" }));
  test.each(dmesg.slice(0, 1))("that others are missing: %s", (line) =>
    expect(readLine(line)).toEqual({ kind: "lost" }),
  );

  test.each([
    `Nov 24 22:23:04 host app[7]: audit: type=1326 audit(1795558984.348:7186): ${fields}`,
    `Nov 24 22:23:04 host app[7]: kernel: audit: type=1326 audit(1795558984.348:7186): ${fields}`,
    `Nov 24 22:23:04 host app: kernel: [ 7722.420092] audit: type=1326 audit(1795558984.348:7186): ${fields}`,
    `Nov 24 22:23:04 host app[7]: audit[7]: SECCOMP ${fields}`,
    "Nov 24 22:23:04 host app[7]: kernel: audit: rate limit exceeded",
    `[ 7722.420092] app: type=1326 audit(1795558984.348:7186): ${fields}`,
    `GET /?q=type=SECCOMP msg=audit(1.0:1): ${fields}`,
  ])("that somebody else wrote teaches nothing: %s", (line) => expect(readLine(line)).toEqual({ kind: "other" }));
});

describe("journalctl -o json", () => {
  const document = (more: object): string => JSON.stringify({ __CURSOR: "s=1", ...more });
  test("from audit", () =>
    expect(readJournalEntry(document({ _TRANSPORT: "audit", MESSAGE: `SECCOMP ${fields}` }))).toEqual({
      kind: "entry",
      entry: mkdir,
    }));
  test("from the kernel", () =>
    expect(
      readJournalEntry(document({ _TRANSPORT: "kernel", MESSAGE: `audit: type=1326 audit(1.0:1): ${fields}` })),
    ).toEqual({ kind: "entry", entry: mkdir }));
  test("as bytes", () =>
    expect(
      readJournalEntry(
        document({ _TRANSPORT: "kernel", MESSAGE: [...Buffer.from(`audit: type=1326 audit(1.0:1): ${fields}`)] }),
      ),
    ).toEqual({ kind: "entry", entry: mkdir }));
  test("of a program that imitates it teaches nothing", () =>
    expect(
      readJournalEntry(document({ _TRANSPORT: "stdout", MESSAGE: `type=SECCOMP msg=audit(1.0:1): ${fields}` })),
    ).toEqual({ kind: "other" }));
});

test("lines become a recording, wherever the chunks end", async () => {
  const findings = await collect([...dmesg, dmesg[2]].join("\n"));
  expect(findings).toMatchObject({ entries: 3, losses: 1, unreadTotal: 0 });
  const recording = auditRecording("app", findings, undefined);
  expect(recording.syscalls).toEqual({
    SCMP_ARCH_X86_64: {
      getcwd: { calls: 1, results: ["?"], processes: ["runc:[2:INIT]"] },
      mkdir: { calls: 1, results: ["?"], processes: ["mkdir"] },
    },
  });
  expect(parseRecording(stringifyRecording(recording), "canary")).toEqual(recording);
});

test("calls that a profile would pin have unknown arguments", async () => {
  const findings = await collect(`type=SECCOMP msg=audit(1.0:1): ${fields.replace("=83", "=41")}`);
  expect(findings.withoutArguments).toEqual(["socket"]);
  expect(findings.syscalls.SCMP_ARCH_X86_64?.["socket"]?.args?.values).toBe("many");
});

test("what a filter denied teaches nothing, and is counted", async () => {
  const denied = dmesg[2]?.replace("sig=0", "sig=31").replace("syscall=83", "syscall=84").replace("0x7ffc0000", "0x0");
  const findings = await collect(`${dmesg[2]}\n${denied}`);
  expect(findings).toMatchObject({ entries: 2, denied: 1 });
  expect(Object.keys(findings.syscalls.SCMP_ARCH_X86_64 ?? {})).toEqual(["mkdir"]);
});

test.each([{ comm: ["mkdir"] }, { exe: ["/usr/bin/mkdir"] }, { pid: [14407] }])(
  "only whom it was asked for: %j",
  async (filter) => {
    const findings = await collect(dmesg.join("\n"), filter);
    expect(findings).toMatchObject({ entries: 2, filtered: 1 });
    expect(Object.keys(findings.syscalls.SCMP_ARCH_X86_64 ?? {})).toEqual(["mkdir"]);
  },
);

test("any bytes are read to their end, and what comes out is a recording", async () => {
  const line = fc
    .tuple(
      fc.constantFrom("type=SECCOMP msg=audit(1.0:1): ", "[ 1.0] audit: type=1326 audit(1.0:1): ", "{", ""),
      fc.array(
        fc.oneof(hostileText, fc.constantFrom(...fields.split(" "), '"', "comm=", "syscall=", "code=0x", "\u001d")),
        { maxLength: 20 },
      ),
    )
    .map(([head, parts]) => head + parts.join(" "));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), fc.uint8Array({ maxLength: 50 }), async (lines, bytes) => {
      const findings = await collect(Buffer.concat([Buffer.from(lines.join("\n")), bytes]), {}, 13);
      const recording = auditRecording("app", findings, undefined);
      expect(parseRecording(stringifyRecording(recording), "any")).toEqual(recording);
    }),
    { numRuns: 500 },
  );
});
