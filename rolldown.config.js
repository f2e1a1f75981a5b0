import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";
import { oxcRuntimePlugin } from "rolldown/experimental";

/**
 * Packages that every start of the command line needs; the others are loaded where they are used.
 */
const inlined = ["commander", "lossless-json", "@oxc-project/runtime"];

/** Packages whose code is copied. The helper for `await using` comes with rolldown. */
const copied = ["commander", "lossless-json", "rolldown"];

/**
 * Files that more than one command loads, by what needs them: nearly every command; the reading of
 * logs; the way from a recording to its profile; the reading of profiles that anybody may have
 * written. Long texts that explain calls are in none of them.
 */
const groups = [
  {
    name: "start",
    test: /\/src\/(?:core\/errors\/error|core\/text\/escape|project\/(?:package-folder|terminal\/terminal)|words\/review-model)\.ts/,
    priority: 3,
  },
  {
    name: "core",
    test: /\/src\/(?:core\/seccomp\/(?!index|compile|size|without|upper-bits)|core\/profile\/(?!index|read|validate|members|write|data)|core\/diff\/|core\/tables\/(?!syscall-texts|vulnerabilities|descriptions|exposures|subsystems|surface)|project\/(?:derivation\/(?:reference|host)|docker-default|files|names)\.ts)|\/node_modules\/lossless-json\//,
    priority: 2,
  },
  {
    name: "log",
    test: /\/src\/(?:strace-parser\/|core\/recording\/(?!index|read|data|schema|audit)|logs\/(?:inputs|log-source|reading|reading-flags)\.ts|project\/terminal\/progress)/,
    priority: 1,
  },
  {
    name: "policy",
    test: /\/src\/(?:core\/policy\/|core\/emitter\/docker|project\/derivation\/derivation\.ts|words\/summary\.ts)/,
    priority: 1,
  },
  { name: "profile", test: /\/src\/core\/profile\// },
];

/**
 * The command line in few files: a start reads what its command needs, without asking the disk for
 * a hundred modules. CommonJS, because Node reads it at once, one file after the other, and hands
 * built-in modules over as they are; its loader of ES modules makes a tenth of a start. Chunks stand
 * beside dist/cli.cjs, so that what is looked for from a module's own place is found; nothing is
 * minified, so that stack traces can be read.
 */
const commandLine = {
  input: { cli: "src/cli.ts" },
  platform: "node",
  external: (id) => !/^[./\0]/.test(id) && !inlined.some((name) => id === name || id.startsWith(`${name}/`)),
  // Node 20 has no `await using`: rolldown writes it out, with a helper that its plugin inlines.
  transform: { target: "node20.19" },
  treeshake: { moduleSideEffects: false },
  plugins: [oxcRuntimePlugin(), withoutChildProcess(), ioctlsApart(), asciiOnly(), licences()],
  output: {
    dir: "dist",
    comments: false,
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "cli-[name].cjs",
    codeSplitting: { groups },
  },
};

/**
 * The library in few files, for the same reason. ES modules, which `require` takes too. Its types
 * are tsc's.
 */
const library = {
  input: {
    index: "src/index.ts",
    "strace-parser": "src/library/strace-parser.ts",
    reach: "src/library/reach.ts",
  },
  platform: "node",
  external: (id) => !/^(?:[./\0]|@oxc-project\/runtime)/.test(id),
  transform: { target: "node20.19" },
  treeshake: { moduleSideEffects: false },
  plugins: [oxcRuntimePlugin(), asciiOnly()],
  output: {
    dir: "dist/lib",
    comments: false,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
  },
};

export default defineConfig([commandLine, library]);

/**
 * commander loads node:child_process for commands that are programs of their own; there are none
 * here, and it takes longer than the rest of commander.
 */
function withoutChildProcess() {
  return {
    name: "without-child-process",
    transform(code, id) {
      return /commander\/lib\/command\.js$/.test(id)
        ? { code: code.replace(/require\(['"]node:child_process['"]\)/, "undefined"), map: null }
        : undefined;
    },
  };
}

/** The longest table stands in a file of its own, which is read when it is asked for. */
function ioctlsApart() {
  return {
    name: "ioctls-apart",
    transform(code, id) {
      if (!id.endsWith("/src/core/tables/data/ioctls.ts")) return undefined;
      this.emitFile({
        type: "asset",
        fileName: "cli-ioctls.txt",
        source: code.slice(code.indexOf("`\\\n") + 3, code.lastIndexOf("`")),
      });
      return {
        code:
          `import { readFileSync } from "node:fs";\nlet text;\nexport const ioctlRequests = () => (text ` +
          `??= readFileSync(__dirname + "/cli-ioctls.txt", "latin1"));\n`,
        map: null,
      };
    },
  };
}

/**
 * One character beyond Latin-1 makes all of a file's text take two bytes a character in memory,
 * which doubles the time to read it. Last of all: what prints chunks writes such characters out
 * again.
 */
function asciiOnly() {
  return {
    name: "ascii-only",
    generateBundle(options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk")
          file.code = file.code.replace(
            /[^\0-\x7f]/g,
            (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
          );
      }
    },
  };
}

/** The licences of copied code ask to be copied with it. */
function licences() {
  const texts = copied.map((name) => {
    const folder = new URL(`./node_modules/${name}/`, import.meta.url);
    const file = ["LICENSE", "LICENSE.md"].map((candidate) => new URL(candidate, folder)).find((url) => readable(url));
    if (file === undefined) throw new Error(`${name} has no licence that could be copied`);
    return `${name} ${JSON.parse(readFileSync(new URL("package.json", folder), "utf8")).version}\n\n${readFileSync(file, "utf8").trim()}\n`;
  });
  return {
    name: "licences",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "cli-licences.txt", source: texts.join("\n\n") });
    },
  };
}

function readable(url) {
  try {
    return readFileSync(url).length > 0;
  } catch {
    return false;
  }
}
