import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import glob from "fast-glob";
import { expect, test } from "vitest";

/** Which stage may know which: the arrows of the data. A stage not named on the right is none of the left one's business. */
const arrows: { readonly [stage: string]: { readonly may: readonly string[]; readonly because: string } } = {
  "strace-parser": { may: [], because: "it is a library of its own" },
  reach: { may: ["tables"], because: "it is a library of its own: bytes go in; only names of calls are asked of the tables" },
  tables: { may: [], because: "facts know nothing of their use" },
  seccomp: { may: ["tables"], because: "the algebra knows neither JSON nor Docker" },
  aggregator: { may: ["strace-parser", "tables", "errors", "escape"], because: "a recording is made of events alone" },
  "audit-log": { may: ["aggregator", "tables"], because: "it reads the kernel's words and makes a recording; files and options are others' business" },
  policy: { may: ["aggregator", "seccomp", "tables"], because: "a policy is a function of the recording; the ceiling is given" },
  profile: { may: ["json-text", "seccomp", "tables", "errors", "package-folder"], because: "reading a profile has nothing to do with how it was made" },
  diff: { may: ["seccomp", "tables"], because: "filters are compared, whatever they were made from" },
  check: { may: ["aggregator", "seccomp", "tables"], because: "a recording is held against filters, wherever they come from" },
  lint: { may: ["diff", "policy", "profile", "seccomp", "tables"], because: "findings are made from profiles" },
  assessment: { may: ["diff", "seccomp", "tables"], because: "a change is judged by what it means, wherever it comes from" },
  explain: { may: ["aggregator", "seccomp", "tables"], because: "a resolved profile is explained, whoever wrote it; the recording says who called" },
  emitter: { may: ["escape", "json-text", "policy", "profile", "seccomp", "tables"], because: "text is made from a policy" },
  review: { may: ["aggregator", "assessment", "check", "diff", "escape", "explain", "json-text", "lint", "policy", "profile", "seccomp", "tables", "verifier"], because: "models go in, strings come out" },
  container: { may: ["errors", "escape"], because: "it speaks with the container CLI and nothing else" },
  tracer: { may: ["container", "errors", "escape", "package-folder", "tables"], because: "it brings bytes; what they mean is the parser's" },
  terminal: { may: ["aggregator", "escape"], because: "words reach the screen escaped; what they say is decided elsewhere" },
  project: { may: ["aggregator", "container", "errors", "package-folder", "strace-parser", "tables", "terminal"], because: "it is the user's folders on disk: profiles/, traces/, logs and git" },
  derivation: { may: ["aggregator", "container", "diff", "emitter", "errors", "json-text", "policy", "profile", "project", "seccomp", "tables"], because: "a recording and stored options go in, the profile and what it was compared with come out" },
  recorder: { may: ["aggregator", "container", "derivation", "emitter", "errors", "escape", "policy", "project", "seccomp", "tables", "terminal", "tracer"], because: "it has a workload traced, round by round, and brings its recording; profiles and committed files are others' business" },
  verifier: { may: ["aggregator", "container", "policy", "profile", "seccomp", "strace-parser", "tables", "tracer"], because: "it runs a workload, asks why it fails and reports; files, options and words are others' business" },
};

/** Packages have their places too: who else imports them does another stage's work. */
const packages: { readonly [name: string]: readonly string[] } = {
  execa: ["container", "project", "tracer"],
  ajv: ["aggregator", "derivation", "profile"],
  commander: ["cli.ts", "commands"],
  "fast-glob": ["commands", "project"],
  "lossless-json": ["aggregator", "emitter", "json-text.ts", "profile", "lint"],
};

const src = fileURLToPath(new URL("../src/", import.meta.url));
const imports = glob.sync("**/*.ts", { cwd: src }).flatMap((file) =>
  [...readFileSync(src + file, "utf8").matchAll(/^(?:import|export)[^;]*? from "([^"]+)";/gm)].map(([, from = ""]) => ({ file, stage: file.split("/")[0] ?? "", from })),
);

test("stages know only what the picture shows", () => {
  const wrong = imports.flatMap(({ file, stage, from }) => {
    const target = /^\.\.\/(?:\.\.\/)*([a-z-]+)/.exec(from)?.[1];
    const row = arrows[stage];
    return target === undefined || row === undefined || row.may.includes(target) ? [] : [`src/${file} imports ${from}: ${row.because}`];
  });
  expect(wrong).toEqual([]);
});

test("temporary folders are made where clean finds them again", () => {
  expect(glob.sync("**/*.ts", { cwd: src }).filter((file) => /\bmkdtemp(?:Sync)?\(/.test(readFileSync(src + file, "utf8")))).toEqual(["container/leftovers.ts"]);
});

test("JSON documents are written by one function, which escapes what would not show", () => {
  const own = glob.sync("**/*.ts", { cwd: src }).filter((file) => /\bstringify\([^;]*undefined, 2\)/.test(readFileSync(src + file, "utf8")));
  expect(own).toEqual(["json-text.ts"]);
});

test("every folder has its arrows", () => {
  const folders = new Set(imports.filter(({ file }) => file.includes("/")).map(({ stage }) => stage));
  folders.delete("commands");
  expect([...folders].filter((stage) => arrows[stage] === undefined)).toEqual([]);
});

test("packages are used where they belong", () => {
  const wrong = imports.flatMap(({ file, stage, from }) => {
    const places = packages[from];
    return places === undefined || places.includes(stage) ? [] : [`src/${file} imports ${from}, which belongs to ${places.join(", ")}`];
  });
  expect(wrong).toEqual([]);
});
