import {
  allArchitectures,
  auditNumber,
  isSyscallName,
  nativeArch,
  syscallName,
  x32Bit,
  type ScmpArch,
} from "../tables/index.ts";

/** A line from the kernel's seccomp (kernel/auditsc.c, audit_seccomp). */
export interface AuditEntry {
  readonly arch: ScmpArch;
  /** libseccomp's name. */
  readonly syscall: string;
  /** The thread's name. */
  readonly comm: string;
  /** The program's path in its container. Empty if the kernel did not know it. */
  readonly exe: string;
  readonly pid: number;
  /** The filter's action: SECCOMP_RET_* (linux/seccomp.h) without its data. */
  readonly action: number;
}

/** The meaning of a log's line. `lost`: the kernel or a logger says that lines are missing. */
export type LogLine =
  | { readonly kind: "entry"; readonly entry: AuditEntry }
  | { readonly kind: "unread"; readonly reason: string }
  | { readonly kind: "lost" }
  | { readonly kind: "other" };

/**
 * Where the kernel's own words stand in a line: alone (audit.log, where auditd's `node=` may come first), after dmesg's
 * time, after syslog's `kernel:`, or as journald writes them (`audit[1]: SECCOMP auid=`). Time and host stand before
 * syslog's `kernel:`. A word that ends in a colon there names another speaker. Words of other speakers do not count.
 */
const heads: readonly RegExp[] = [
  /^(?:node=\S+ )?type=(?:SECCOMP|1326) (?:msg=)?audit\([^)]*\)\s?: /,
  /^(?:<\d+>)?\[[^\]]{1,40}\] audit: type=1326 (?:msg=)?audit\([^)]*\): /,
  /^(?:\S*[^\s:] ){1,5}?kernel: (?:\[[^\]]{1,40}\] )?(?:audit: )?type=1326 (?:msg=)?audit\([^)]*\): /,
  /^(?:\S*[^\s:] ){1,5}?audit\[\d+\]: SECCOMP /,
];

/** The kernel says that it lost lines. The prefix of a tool or of the kernel may come first. */
const losses = new RegExp(
  String.raw`^(?:<\d+>)?` +
    String.raw`(?:\[[^\]]{1,40}\] |(?:\S*[^\s:] ){1,5}?kernel: (?:\[[^\]]{1,40}\] )?|type=KERNEL )?(?:audit: )?` +
    String.raw`(?:kauditd_printk_skb: \d+ callbacks suppressed|audit_lost=\d` +
    "|rate limit exceeded|backlog limit exceeded|kauditd hold queue overflow)",
);

/** Reads one line of dmesg, journalctl (text) or audit.log. */
export function readLine(line: string): LogLine {
  if (losses.test(line.replace(/ {2,}/g, " "))) return { kind: "lost" };
  const text = line.replace(/^([A-Z][a-z]{2}) {2}/, "$1 ");
  const head = heads.map((pattern) => pattern.exec(text)?.[0]).find((found) => found !== undefined);
  return head === undefined ? { kind: "other" } : readFields(text.slice(head.length));
}

/** Reads one document of `journalctl -o json`. Only the kernel's own words count. */
export function readJournalEntry(json: string): LogLine {
  let entry: unknown;
  try {
    entry = JSON.parse(json);
  } catch {
    return { kind: "unread", reason: "not JSON, or cut off" };
  }
  if (entry === null || typeof entry !== "object") return { kind: "other" };
  const { MESSAGE: message, _TRANSPORT: transport } = entry as Record<string, unknown>;
  if (transport !== "audit" && transport !== "kernel") return { kind: "other" };
  // Text that is not UTF-8 is a list of bytes (systemd, Journal Export Formats).
  const text = Array.isArray(message)
    ? Buffer.from(message.filter((byte) => typeof byte === "number")).toString("utf8")
    : message;
  if (typeof text !== "string") return { kind: "other" };
  return transport === "audit" && text.startsWith("SECCOMP ")
    ? readFields(text.slice("SECCOMP ".length))
    : readLine(text.startsWith("audit: type=") ? text.slice("audit: ".length) : text);
}

function readFields(text: string): LogLine {
  // After a group separator, auditd adds what it found out itself.
  const [raw = ""] = text.split("\u001d");
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of raw.matchAll(/(?:^| )([a-z]+)=("[^"]*"?|\S+)/g))
    if (!fields.has(name)) fields.set(name, value);
  const arch = archOf(fields.get("arch") ?? "", Number(fields.get("syscall")));
  if (arch === undefined) return { kind: "unread", reason: "no architecture that a profile could name" };
  const syscall = nameOf(arch, fields.get("syscall") ?? "");
  if (syscall === undefined) return { kind: "unread", reason: "no call that a profile could name" };
  const code = Number(fields.get("code") ?? NaN);
  if (!Number.isInteger(code) || code < 0 || code > 0xffff_ffff)
    return { kind: "unread", reason: "it does not say what the filter did (code=)" };
  const pid = Number(fields.get("pid"));
  return {
    kind: "entry",
    entry: {
      arch,
      syscall,
      comm: untrusted(fields.get("comm")),
      exe: untrusted(fields.get("exe")),
      pid: Number.isSafeInteger(pid) ? pid : 0,
      action: (code & 0xffff_0000) >>> 0,
    },
  };
}

/**
 * `c000003e`, or `x86_64` if ausearch(8) translated it. x32 has x86_64's number, and bit 30 in the numbers of its
 * calls.
 */
function archOf(field: string, nr: number): ScmpArch | undefined {
  if (!/^[0-9a-f]{8}$/.test(field)) return nativeArch(field);
  const arch = allArchitectures.find((candidate) => auditNumber(candidate) === Number.parseInt(field, 16));
  return arch === "SCMP_ARCH_X86_64" && nr >= x32Bit ? "SCMP_ARCH_X32" : arch;
}

function nameOf(arch: ScmpArch, field: string): string | undefined {
  return /^\d{1,10}$/.test(field) ? syscallName(arch, Number(field)) : isSyscallName(field) ? field : undefined;
}

/**
 * audit_log_untrustedstring (kernel/audit.c): quoted, or in hexadecimal if the text has spaces, quotes or control
 * characters.
 */
function untrusted(field: string | undefined): string {
  if (field === undefined || field === "(null)" || field === "?") return "";
  if (field.startsWith('"')) return field.replaceAll('"', "");
  return /^(?:[0-9A-F]{2})+$/.test(field) ? Buffer.from(field, "hex").toString("utf8") : field;
}
