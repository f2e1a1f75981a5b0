import { expect, test } from "vitest";
import { explain } from "../../src/core/explain/index.ts";
import { resolve } from "../../src/core/profile/index.ts";
import type { CodeEvidence } from "../../src/core/recording/index.ts";
import { defaultCapabilities } from "../../src/core/tables/index.ts";
import { renderExplanation } from "../../src/words/index.ts";

const arch = "SCMP_ARCH_X86_64";
const via = { program: "app", rank: "libraries", object: "libc.so.6", function: "ptrace" } as const;
const code: CodeEvidence = {
  programs: { app: { objects: ["app"], open: ["libcap.so.2 at 0x3a60"] } },
  calls: { [arch]: { read: via, ptrace: via, fsync: via } },
  operations: { [arch]: { prctl: { "arg0=8": "keep in app", "arg0=*": "set in app" } } },
};
const profile = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: [arch],
  syscalls: ["read", "pread64", "fsync"].map((name) => ({
    names: [name],
    action: "SCMP_ACT_ALLOW",
    comment: name === "read" ? "observed (recording app)" : "goes with others: a twin [read(2)]",
  })),
} as const;
const host = { arch, capabilities: new Set(defaultCapabilities), kernel: undefined, runtime: "runc" } as const;
const { filters } = resolve(profile, host);
const explanation = explain({
  profile: "app.json",
  filters,
  ceiling: filters,
  ceilingName: "Docker's default",
  capabilities: host.capabilities,
  runs: [{ source: "log", command: ["app"], versions: {}, ended: "exited" }],
  recorded: { [arch]: { read: { calls: 1, results: ["ok"], processes: ["app"] } } },
  code,
});
const told = (syscall?: string): string =>
  renderExplanation(explanation, syscall, { format: "text", color: false, width: 100 });

test("explain says how much of the code was recorded, what was not, and where the code is open", () => {
  const text = told();
  expect(text).toContain("What the programs' code can make: 1 of 3 calls were recorded");
  expect(text).toMatch(/recorded: Files 1 of 2/);
  expect(text).toMatch(/never recorded, dangerous: ptrace \(app, its libraries, ptrace in libc\.so\.6\)/);
  expect(text).toMatch(/open: 1 place may make any call or could not be read \(app: libcap\.so\.2 at\s+0x3a60\)/);
});

test("each call says whether it is in the code; an open place is not absence", () => {
  expect(told("fsync")).toMatch(/code: +in the code of app: its libraries/);
  expect(told("mount")).toMatch(/code: +open: no code that was read makes it/);
});

test("what the code passes is shown by name", () => {
  expect(told("prctl")).toMatch(/passes: +arg0 = PR_SET_KEEPCAPS: keep in app/);
  expect(told("prctl")).toMatch(/passes: +arg0 = any value: set in app/);
});

test("the page has the same, and the document is JSON", () => {
  const page = renderExplanation(explanation, undefined, { format: "html", color: false, width: 100 });
  expect(page).toContain("<strong>1 of 3</strong>");
  expect(page).toContain("never recorded, dangerous");
  const document = JSON.parse(
    renderExplanation(explanation, "prctl", { format: "json", color: false, width: 100 }),
  ) as {
    readonly arches: readonly { readonly calls: readonly { readonly passes: unknown }[] }[];
  };
  expect(document.arches[0]?.calls[0]?.passes).toContainEqual({
    args: [{ index: 0, value: 8 }],
    place: "keep in app",
  });
});
