import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import glob from "fast-glob";
import { expect, test } from "vitest";

/** Which ring may import which, from the bottom up. A ring may also import the rings that those may. */
const rings: { readonly [ring: string]: { readonly may: readonly string[]; readonly because: string } } = {
  "strace-parser": { may: [], because: "it is a library of its own" },
  reach: { may: ["core"], because: "it is a library of its own: bytes go in; it asks the tables for names of calls" },
  core: { may: ["strace-parser"], because: "the core is pure: no disk, no process, no clock" },
  project: {
    may: ["core"],
    because: "it handles the files of a repository; it starts no container and words no report",
  },
  logs: {
    may: ["project", "core", "strace-parser", "reach"],
    because: "it turns files into recordings; what is done with them is decided above",
  },
  run: {
    may: ["logs", "project", "core", "strace-parser"],
    because: "it starts workloads; reports and options are others' business",
  },
  words: { may: ["run", "core"], because: "models go in, strings come out; of run it knows types alone" },
  commands: {
    may: ["words", "run", "logs", "project", "core", "strace-parser"],
    because: "a command joins the stages",
  },
  "cli.ts": { may: ["commands", "words", "project", "core"], because: "it turns argv into a command" },
  library: {
    may: ["words", "logs", "project", "core", "strace-parser", "reach"],
    because: "the library runs nothing",
  },
  "index.ts": { may: ["library", "core"], because: "it names what the library offers" },
};

/** Within core and run: which room may import which. */
const rooms: { readonly [room: string]: { readonly may: readonly string[]; readonly because: string } } = {
  "core/text": { may: [], because: "it makes text safe, whatever the text says" },
  "core/errors": { may: ["core/text"], because: "every stage may fail, so the error class depends on none" },
  "core/tables": { may: [], because: "facts know nothing of their use" },
  "core/seccomp": { may: ["core/tables"], because: "the algebra knows neither JSON nor Docker" },
  "core/recording": {
    may: ["core/tables", "core/errors", "core/text"],
    because: "a recording is made of events alone",
  },
  "core/profile": {
    may: ["core/text", "core/seccomp", "core/tables", "core/errors"],
    because: "reading a profile has nothing to do with how it was made",
  },
  "core/carrier": {
    may: ["core/profile", "core/errors", "core/text"],
    because: "it finds profiles in files; what they say is the profile's business",
  },
  "core/policy": {
    may: ["core/recording", "core/seccomp", "core/tables"],
    because: "a policy is a function of the recording; the ceiling is given",
  },
  "core/diff": {
    may: ["core/profile", "core/seccomp", "core/tables"],
    because: "profiles are compared on every host, whatever they were made from",
  },
  "core/check": {
    may: ["core/recording", "core/seccomp", "core/tables"],
    because: "a recording is held against filters, wherever they come from",
  },
  "core/lint": {
    may: ["core/diff", "core/policy", "core/profile", "core/seccomp", "core/tables"],
    because: "findings are made from profiles",
  },
  "core/judgement": {
    may: ["core/diff", "core/seccomp", "core/tables"],
    because: "a change is judged by what it means, wherever it comes from",
  },
  "core/explain": {
    may: ["core/lint", "core/policy", "core/profile", "core/recording", "core/seccomp", "core/tables"],
    because: "a resolved profile is explained, whoever wrote it; policy reads the reasons it wrote",
  },
  "core/emitter": {
    may: ["core/text", "core/policy", "core/profile", "core/seccomp", "core/tables"],
    because: "text is made from a policy",
  },
  "run/container": { may: [], because: "it knows what a session leaves behind, and nothing of how it came there" },
  "run/tracer": { may: ["run/container"], because: "it brings bytes; what they mean is the parser's business" },
  "run/gateway": {
    may: ["run/container"],
    because: "it reads and changes what a client and its engine say; it traces nothing",
  },
  "run/keeper": {
    may: ["run/container", "run/gateway", "run/tracer"],
    because: "it talks to the engine as the gateway does, and hears crashes as the tracer does",
  },
  "run/session": {
    may: ["run/container", "run/gateway", "run/keeper", "run/tracer"],
    because: "it joins gateway and keeper; what becomes of the traces is the recorder's business",
  },
  "run/recorder": {
    may: ["run/container", "run/gateway", "run/keeper", "run/session", "run/tracer"],
    because: "it has a workload traced and brings its recording",
  },
  "run/verifier": {
    may: ["run/container", "run/gateway", "run/session"],
    because: "it runs a workload under a profile and asks why it fails",
  },
};

/** Packages have their places too. An import elsewhere does another stage's work. */
const packages: { readonly [name: string]: readonly string[] } = {
  execa: ["logs", "project", "run"],
  ajv: ["core", "project"],
  commander: ["cli.ts", "commands"],
  "fast-glob": ["commands", "logs"],
  "lossless-json": ["core", "run"],
  yaml: ["core"],
};

interface Import {
  readonly file: string;
  /** The imported file, relative to src/, or the package's name. */
  readonly target: string;
}

const src = fileURLToPath(new URL("../src/", import.meta.url));
const files = glob.sync("**/*.ts", { cwd: src, ignore: ["**/assembly/**"] });
const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(src + file, "utf8");
  const found = [
    ...text.matchAll(/^(?:import|export)\s[^;"]*?from "([^"]+)";/gm),
    ...text.matchAll(/\bimport\("([^"]+)"\)/g),
  ];
  return found.map(([, from = ""]) => ({
    file,
    target: from.startsWith(".") ? new URL(from, `file:///${file}`).pathname.slice(1) : from,
  }));
});
const within = imports.filter(({ target }) => target.endsWith(".ts"));

const ringOf = (file: string): string => file.split("/")[0] ?? "";

/** The folder with rules of its own: a room of core/ or run/, otherwise the whole ring. */
function roomOf(file: string): string {
  const [ring = "", room, rest] = file.split("/");
  return (ring === "core" || ring === "run") && rest !== undefined ? `${ring}/${room}` : ring;
}

test("a ring imports only the rings below it", () => {
  const wrong = within.flatMap(({ file, target }) => {
    const [own, other] = [ringOf(file), ringOf(target)];
    return own === other || rings[own]?.may.includes(other) === true
      ? []
      : [`src/${file} imports src/${target}: ${rings[own]?.because ?? "this ring has no rule"}`];
  });
  expect(wrong).toEqual([]);
});

test("a room of core or run imports only the rooms that its rule names", () => {
  const wrong = within.flatMap(({ file, target }) => {
    const [own, other] = [roomOf(file), roomOf(target)];
    if (own === other || ringOf(own) !== ringOf(other)) return [];
    return rooms[own]?.may.includes(other) === true
      ? []
      : [`src/${file} imports src/${target}: ${rooms[own]?.because ?? "this room has no rule"}`];
  });
  expect(wrong).toEqual([]);
});

test("what another room offers is imported from its index.ts", () => {
  const wrong = within.filter(
    ({ file, target }) =>
      roomOf(file) !== roomOf(target) &&
      !["cli.ts", "index.ts"].includes(ringOf(file)) &&
      !target.endsWith("/index.ts"),
  );
  expect(wrong).toEqual([]);
});

test("no file imports itself over others, not even its types", () => {
  const next = new Map(
    files.map((file) => [file, within.filter((one) => one.file === file).map(({ target }) => target)]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(" → "));
    if (way.includes(file) || done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("every ring and room that has files has its rule", () => {
  expect([...new Set(files.map(ringOf))].filter((ring) => rings[ring] === undefined)).toEqual([]);
  expect([...new Set(files.map(roomOf))].filter((room) => room.includes("/") && rooms[room] === undefined)).toEqual([]);
});

test("temporary folders are made where clean finds them again", () => {
  expect(files.filter((file) => /\bmkdtemp(?:Sync)?\(/.test(readFileSync(src + file, "utf8")))).toEqual([
    "run/container/leftovers.ts",
  ]);
});

test("JSON documents are written by one function, which escapes what would not show", () => {
  const own = files.filter((file) => /\bstringify\([^;]*undefined, 2\)/.test(readFileSync(src + file, "utf8")));
  expect(own).toEqual(["core/text/json-text.ts"]);
});

test("packages are used where they belong", () => {
  const wrong = imports.flatMap(({ file, target }) => {
    const places = packages[target];
    return places === undefined || places.includes(ringOf(file))
      ? []
      : [`src/${file} imports ${target}, which belongs to ${places.join(", ")}`];
  });
  expect(wrong).toEqual([]);
});
