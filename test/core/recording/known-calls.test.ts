import { expect, test } from "vitest";
import {
  buildRecording,
  createAggregator,
  fullyKnown,
  newCalls,
  type Recording,
} from "../../../src/core/recording/index.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";

function recordingOf(...lines: readonly string[]): Recording {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  for (const event of parseStraceSync(lines.map((line) => `7 ${line}\n`).join(""))) aggregator.add(event);
  return buildRecording("app", { source: "log", command: [], versions: {}, ended: "exited" }, aggregator.finish());
}

const many = Array.from({ length: 100 }, (_, request) => `ioctl(3, ${0x5401 + request}, 0x7ffd) = 0`);

test.each([
  ["a call that succeeded", ['read(3, "x", 1) = 1'], ["read"]],
  [
    "not a call that was only denied",
    [
      'unlink("x") = -1 EPERM (Operation not permitted)',
      "connect(3, {sa_family=AF_UNIX}, 110) = -1 ENOENT (No such file or directory)",
      "pause( <unfinished ...>",
    ],
    [],
  ],
  [
    "a call that was carried out and found nothing, or never returns",
    ['access("x", R_OK) = -1 ENOENT (No such file or directory)', "exit_group(0) = ?"],
    ["access", "exit_group"],
  ],
  ["not a call whose arguments are told apart", ["socket(AF_UNIX, SOCK_STREAM, 0) = 3"], []],
  ["a call with too many different arguments to tell apart", many, ["ioctl"]],
  [
    "not a call that tells which program runs",
    ['execve("/bin/x", ["x"], 0x1) = 0', "vfork() = 8", "getuid() = 0", "clone3({flags=0}, 88) = 9"],
    [],
  ],
])("fully known is %s", (_, lines, known) => {
  expect(fullyKnown(recordingOf(...lines)).get("SCMP_ARCH_X86_64")).toEqual(known);
});

test("new are calls and values that were not there, not how often or by whom", () => {
  const base = recordingOf("getpid() = 7", "socket(AF_UNIX, SOCK_STREAM, 0) = 3", ...many);
  expect(
    newCalls(
      base,
      recordingOf(
        ...Array.from({ length: 20 }, () => "getpid() = 7"),
        "socket(AF_UNIX, SOCK_STREAM, 0) = 3",
        "ioctl(3, 1, 0x1) = 0",
      ),
    ),
  ).toEqual([]);
  expect(newCalls(base, recordingOf("socket(AF_INET, SOCK_STREAM, 0) = 3", "gettid() = 7"))).toEqual([
    "gettid",
    "socket",
  ]);
  expect(newCalls(undefined, base)).toEqual(["getpid", "ioctl", "socket"]);
});
