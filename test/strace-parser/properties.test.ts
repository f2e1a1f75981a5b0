import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { createAggregator } from "../../src/core/recording/aggregator.ts";
import { createStraceParser, parseStraceSync, type StraceEvent } from "../../src/strace-parser/index.ts";
import { formatEvent } from "../support/format-event.ts";
import { anyLog, busyLog } from "../support/logs.ts";

/** The parser on a machine that cannot run the finder of plain lines. */
vi.resetModules();
vi.doMock("../../src/strace-parser/plain-lines.ts", () => ({
  createPlainLines: () => undefined,
  sharedPlainLines: () => undefined,
}));
const { parseStraceSync: readClosely } = await import("../../src/strace-parser/index.ts");
vi.doUnmock("../../src/strace-parser/plain-lines.ts");

function eventsOf(chunks: readonly Uint8Array[]): readonly string[] {
  return [...parseStraceSync(chunks)].map(formatEvent);
}

function inPieces(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => Uint8Array.from(bytes.subarray(places[index], end)));
}

function pushed(bytes: Uint8Array): readonly StraceEvent[] {
  return createStraceParser().push(bytes);
}

/** Reads with one event that is reused for each call, from memory that is reused for each chunk. */
function handedOver(chunks: readonly Uint8Array[]): readonly string[] {
  const parser = createStraceParser();
  const events: string[] = [];
  for (const chunk of chunks) {
    const memory = Uint8Array.from(chunk);
    parser.each(memory, (event) => void events.push(formatEvent(event)));
    memory.fill(0x41);
  }
  return [...events, ...parser.end().map(formatEvent)];
}

/** Repeated calls may be counted or handed over. The recording must be the same. */
function expectSameRecording(bytes: Buffer, cuts: readonly number[] = []): void {
  const [counted, told] = [
    createAggregator({ arch: "SCMP_ARCH_X86_64" }),
    createAggregator({ arch: "SCMP_ARCH_X86_64" }),
  ];
  const parser = createStraceParser();
  for (const chunk of inPieces(bytes, cuts)) {
    parser.each(chunk, counted.add, counted.tally);
    chunk.fill(0x41);
  }
  for (const event of parser.end()) counted.add(event);
  const teller = createStraceParser();
  for (const event of [...teller.push(bytes), ...teller.end()]) told.add(event);
  expect(parser.counts()).toEqual(teller.counts());
  expect(counted.counts()).toEqual(told.counts());
  expect(counted.finish()).toEqual(told.finish());
}

/** Every run has a few cases; `npm run test:fuzz` has SECCOMP_GEN_RUNS. */
const runs = { numRuns: Number(process.env["SECCOMP_GEN_RUNS"] ?? 500) };

describe("any bytes", { timeout: Math.max(20_000, runs.numRuns * 100) }, () => {
  test("are read without an error, and decoded too", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void expect(eventsOf([bytes])).toBeInstanceOf(Array)),
      runs,
    ));

  test("give the same events however they are cut", () =>
    fc.assert(
      fc.property(fc.oneof(anyLog, busyLog), fc.array(fc.nat(2000), { maxLength: 8 }), (bytes, cuts) => {
        const chunks = inPieces(bytes, cuts);
        const whole = eventsOf([bytes]);
        expect(eventsOf(chunks)).toEqual(whole);
        expect(handedOver(chunks)).toEqual(whole);
      }),
      runs,
    ));

  test("give the same events where no line is plain: on a machine without SIMD, or of the other byte order", () =>
    fc.assert(
      fc.property(fc.oneof(anyLog, busyLog), (bytes) => {
        expect([...readClosely([bytes])].map(formatEvent)).toEqual(eventsOf([bytes]));
      }),
      runs,
    ));

  test("give the same recording when calls that are made again are only counted", () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyLog, busyLog), { maxLength: 3 }),
        fc.array(fc.nat(9000), { maxLength: 8 }),
        (logs, cuts) => {
          const bytes = Buffer.concat(logs.flatMap((log) => [log, log]));
          expectSameRecording(bytes, cuts);
        },
      ),
      {
        ...runs,
        examples: [
          [
            [
              Buffer.from(
                '7 read(3, "", 9) = 0\n7 +++ exited with 0 +++\n7 close(3) = 0\n7 read(3, "", 9) = 0\n7 ' +
                  'execve("/bin/a", ["a"], 0x1) = 0\n7 +++ exited with 0 +++\n',
              ),
            ],
            [],
          ],
        ],
      },
    ));

  test("are one event a line, but for lines that go on with others", () =>
    fc.assert(
      fc.property(anyLog, (bytes) => {
        const parser = createStraceParser();
        const events = parser.push(bytes).length + parser.end().length;
        const { lines: read, shared, continuations } = parser.counts();
        expect(read).toBe(bytes.length === 0 ? 0 : bytes.toString("latin1").replace(/\n$/, "").split("\n").length);
        expect(events + continuations).toBe(read + shared);
      }),
      runs,
    ));

  test("of a log that goes on begin with the events of its beginning", () =>
    fc.assert(
      fc.property(anyLog, fc.nat(2000), (bytes, length) => {
        const whole = pushed(bytes).map(formatEvent);
        const beginning = pushed(bytes.subarray(0, length)).map(formatEvent);
        expect(whole.slice(0, beginning.length)).toEqual(beginning);
      }),
      runs,
    ));
});

const many = Array.from({ length: 2500 }, (_, index) => 100 + index);

test.each([
  [
    "more threads than are counted at a time, inside of calls",
    [
      ...many.map((pid) => `${pid} read(3) = 0\n${pid} write(3 <unfinished ...>\n`),
      ...many.map((pid) => `${pid} <... write resumed>) = 0\n`),
    ].join(""),
  ],
  [
    "an inspected argument stands in a first half that was handed over",
    "7 ioctl(3, 0x5 <unfinished ...>\n7 <... ioctl resumed>, 0x77) = 0\n7 ioctl(5, 0x77, 0) = 0\n",
  ],
  [
    "a signal comes into the second of two calls that are never resumed",
    "7 read(3) = 0\n8 read(3) = 0\n7 foo( <unfinished ...>\n8 bar( <unfinished ...>\n8 --- SIGCHLD {} ---\n",
  ],
  [
    "errors that are injected in turns",
    "7 read(3) = -1 ENOENT (INJECTED)\n7 read(3) = -1 EPERM (INJECTED)\n".repeat(5000),
  ],
])("calls that are only counted give the same recording: %s", (_, log) => expectSameRecording(Buffer.from(log)));

test.each([
  [
    "a greater number than any pid's is none in brackets either",
    "[pid 4194305] read(3) = 0\n[pid 4194304] read(3) = 0\n",
  ],
  [
    "what strace says of its own ends a line",
    "7 read(3) = 0 strace: WARNING: Proper structure decoding for this personality is not supported, " +
      "please consider building strace with mpers support enabled.\n",
  ],
])("plain lines are read as others are: %s", (_, log) =>
  expect(eventsOf([Buffer.from(log)])).toEqual([...readClosely([Buffer.from(log)])].map(formatEvent)),
);

test("where there is no room for WebAssembly's memory, lines are read closely", () => {
  const Instance = class {
    constructor() {
      throw new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance");
    }
  };
  vi.stubGlobal(
    "WebAssembly",
    Object.create(Reflect.get(globalThis, "WebAssembly") as object, { Instance: { value: Instance } }) as unknown,
  );
  try {
    // the first may contain remains of another log
    const [, second] = [createAggregator({ arch: "SCMP_ARCH_X86_64" }), createAggregator({ arch: "SCMP_ARCH_X86_64" })];
    expect(second?.tally?.room).toBeUndefined();
    expectSameRecording(Buffer.from("7 read(3) = 0\n".repeat(3)));
  } finally {
    vi.unstubAllGlobals();
  }
});

describe("what is meant to be expensive", () => {
  const long = 3_000_000;
  test.each([
    ["brackets that close", `7 read(${"(".repeat(long)}${")".repeat(long)}) = 0`],
    ["brackets that do not", `7 read(${"(".repeat(long)}`],
    ["closing brackets", `7 read("${")".repeat(long)}`],
    ["nested structs", `7 clone(${"{a=".repeat(long / 3)}${"}".repeat(long / 3)}) = 0`],
    ["annotations that do not close", `7 clone(${"a<".repeat(long / 2)}) = 0`],
    ["annotations and commas", `7 clone(${"3<b,".repeat(long / 4)}) = 0`],
    ["digits", `7 socket(${"9".repeat(long)}) = ${"9".repeat(long)}`],
    ["backslashes", `7 write(1, "${"\\".repeat(long)}", 1) = 1`],
    ["quotes", `7 write(1, ${'"'.repeat(long + 1)}, 1) = 1`],
    ["blanks", `7 read(3${" ".repeat(long)}) = 0`],
    ["arrows", `7 clone(${"a=>".repeat(long / 3)}) = 0`],
    ["halves", `${'7 read(3, "x" <unfinished ...>\n'.repeat(20_000)}`],
    ["comments", `7 clone(${"/*".repeat(long / 2)}) = 0`],
    ["flags", `7 clone(${"A|".repeat(long / 2)}A) = 0`],
    ["products", `7 clone(${"9*".repeat(long / 2)}9) = 0`],
    ["shifts", `7 clone(${"1<<63".repeat(long / 5)}) = 0`],
    ["sums", `7 clone(${"A+".repeat(long / 2)}A) = 0`],
    ["characters", `7 clone(${"'('".repeat(long / 3)}) = 0`],
    ["apostrophes", `7 clone(${"'".repeat(long)}) = 0`],
    ["sets", `7 clone([${"3 ".repeat(long / 2)}]) = 0`],
    ["contexts", `7 clone(${"3 [a] ".repeat(long / 6)}) = 0`],
    ["a path", `7 clone(${"/".repeat(long)} attached`],
    ["a name that is said again", `7 clone(${"a=".repeat(long / 2)}) = 0`],
    ["names of strace", `${"strace".repeat(long / 6)}`],
    ["a name", `7 <${"a".repeat(long)}> read(3) = 0`],
  ])("%s: read in a moment", { timeout: 20_000 }, (_, log) => {
    let read = 0;
    for (const event of parseStraceSync([log])) read += event.kind === "syscall" ? 1 + event.args.length : 1;
    expect(read).toBeGreaterThan(0);
  });
});

test("a line of 100 MB is reported and passed over, and the next one read", { timeout: 60_000 }, () => {
  const chunk = Buffer.alloc(1 << 20, "a");
  const parser = createStraceParser();
  parser.push('7 write(1, "');
  for (let megabytes = 0; megabytes < 100; megabytes += 1) expect(parser.push(chunk)).toEqual([]);
  const events = [...parser.push('", 1) = 1\n7 getpid() = 7\n'), ...parser.end()];
  expect(events).toMatchObject([
    { kind: "unparsed", reason: "a line longer than 16 MiB" },
    { kind: "syscall", name: "getpid" },
  ]);
});

/** Text that the parser reads again for each of its parts would take an hour. */
test.each([
  ["a second half that never began", `<... read resumed>${'") = '.repeat(400_000)}"`],
  ["notes on descriptors", `prctl(${"1<a>|".repeat(400_000)}1) = 0`],
  ["comments", `prctl(${"1 /* a */|".repeat(400_000)}1) = 0`],
])("long lines are read once: %s", { timeout: 60_000 }, (_, line) => {
  expect(eventsOf([Buffer.from(`${line}\n`)])).toHaveLength(1);
});

test("names that every object has are names like others", () => {
  expect(() =>
    eventsOf([Buffer.from("ioctl(1, _IOC(constructor, 0x54, 0x1, 0)) = 0\nconstructor(1) = 0\n__proto__(1) = 0\n")]),
  ).not.toThrow();
});
