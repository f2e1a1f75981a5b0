import fc from "fast-check";

/** What an attacker writes where a name, a comment or a path is expected. */
const nasty: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "../../etc/passwd",
  "..",
  "/etc/passwd",
  "~",
  ".git/config",
  "-rf",
  "--output=/tmp/x",
  "$(touch /tmp/pwned)",
  "`id`",
  "; rm -rf /",
  "| sh",
  "a\nb",
  "a\r\nb",
  "\u001b[31mred\u001b[0m",
  "\u001b]0;title\u0007",
  "\u009b2J",
  "\u202etxt.exe",
  "\u2028",
  "\u0000",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "</style><script>",
  "</details>",
  "-->",
  "]]>",
  "&lt;",
  "[x](javascript:alert(1))",
  "![](http://x/y.png)",
  "@everyone",
  "#1",
  "a|b|c",
  "| --- |",
  "```\nx",
  "::error file=x::y",
  "::set-output name=x::y",
  "%0A::warning::x",
  "{{json .}}",
  "${{ secrets.X }}",
  "!!js/function >",
  "&a *a",
  "? x",
  "- x",
  ": x",
  "\t",
  " ",
  "",
  "'",
  '"',
  "\\",
  "\\u0000",
  "\ud800",
  "é",
  "𝔘",
  "0x10",
  "1e999",
  "-0",
  "NaN",
  "SCMP_ACT_ALOW",
  "socket",
  "ſocket",
  "SOCKET",
  "socket ",
  "a".repeat(5000),
];

/** A string that tries to be something else. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...nasty) },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(...nasty), { minLength: 2, maxLength: 4 }).map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  fc.constantFrom(null, true, [], {}, -1, 0, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, [[]], [null], {
    a: { b: {} },
  }),
  fc.array(hostileText, { maxLength: 4 }),
  fc.dictionary(hostileText, hostileText, { maxKeys: 3 }),
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
);

/** One change somewhere in a document. `at` chooses the place: each number is a member of its level. */
interface Mutation {
  readonly at: readonly number[];
  readonly what: "replace" | "remove" | "double" | "rename";
  readonly value: unknown;
  readonly name: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.array(fc.nat(1000), { minLength: 1, maxLength: 7 }),
  what: fc.constantFrom("replace", "replace", "replace", "remove", "double", "rename"),
  value: hostileValue,
  name: hostileText,
});

function mutated(document: unknown, { at: [first = 0, ...rest], what, value, name }: Mutation): unknown {
  if (typeof document !== "object" || document === null) return value;
  const entries: (readonly [string, unknown])[] = Object.entries(document);
  if (entries.length === 0) return value;
  const index = first % entries.length;
  const [key = "", member] = entries[index] ?? [];
  if (rest.length > 0 && typeof member === "object" && member !== null)
    entries[index] = [key, mutated(member, { at: rest, what, value, name })];
  else if (what === "remove") entries.splice(index, 1);
  else if (what === "double") entries.push([Array.isArray(document) ? `${entries.length}` : name, member]);
  else entries[index] = what === "rename" ? [name, member] : [key, value];
  return Array.isArray(document) ? entries.map(([, item]) => item) : fromEntries(entries);
}

/** Sets own members whatever their names, as JSON.parse does. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  return object;
}

/**
 * JSON made from one of our documents: a few members are replaced, removed, doubled or renamed. Sometimes the text is
 * also cut off or spoilt.
 */
export function hostileDocument(originals: readonly string[]): fc.Arbitrary<string> {
  const parsed = originals.map((text) => JSON.parse(text) as unknown);
  return fc
    .record({
      original: fc.nat(originals.length - 1),
      mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
      cut: fc.option(fc.nat(100_000), { freq: 8 }),
      spoilt: fc.option(hostileText, { freq: 8 }),
    })
    .map(({ original, mutations, cut, spoilt }) => {
      const text = JSON.stringify(mutations.reduce(mutated, parsed[original])) ?? "";
      const at = cut === null ? text.length : cut % (text.length + 1);
      return spoilt === null ? text.slice(0, at) : `${text.slice(0, at)}${spoilt}${text.slice(at)}`;
    });
}

const traceParts: readonly string[] = [
  "1234  ",
  "[pid  77] ",
  "77<a b>c> ",
  "12:00:01.000123 ",
  "[  59] ",
  "openat(",
  'execve("/bin/x", ["x"], 0x7ffc /* 3 vars */',
  "socket(AF_INET, SOCK_STREAM, 0",
  "ioctl(0, TCGETS, {",
  ") = 0\n",
  ") = -1 ENOENT (No such file)\n",
  ")",
  " = ",
  "?",
  " <unfinished ...>\n",
  "<... openat resumed>",
  "<... ",
  " resumed>",
  "--- SIGCHLD {si_signo=SIGCHLD} ---\n",
  "+++ exited with 0 +++\n",
  "+++ killed by SIGSYS +++\n",
  "+++ superseded by execve in pid 5 +++\n",
  "[ Process PID=5 runs in 32 bit mode. ]\n",
  "strace: Process 9 attached\n",
  '"',
  '"...',
  "\\",
  '\\"',
  "\\377",
  "{",
  "}",
  "[",
  "]",
  "(",
  "<",
  ">",
  "=>",
  "/*",
  "*/",
  ", ",
  "0x4d /* SO_??? */",
  "|",
  "1<<",
  "\n",
  "\r\n",
  "\u001b[35m",
  "syscall_0x1ff(0",
  "clone3({flags=CLONE_VM",
  "clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = 8\n",
  "mmap(NULL, 4096, PROT_WRITE|PROT_EXEC",
  "% time     seconds\n",
  " > /lib/x(y+0x1) [0x2]\n",
  " | 00000  00 \n",
];

/** A log of pieces of strace's language, of hostile text and of any bytes. */
export const hostileLog: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...traceParts).map((part) => Buffer.from(part, "latin1")) },
      { weight: 2, arbitrary: hostileText.map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) },
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));
