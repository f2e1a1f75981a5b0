// What the filter costs hot calls. The same program runs in turns on this host without a filter, in a container under
// Docker's default, and in a container under the profile recorded from it. The fastest of all batches counts, because
// other work on the machine can only slow a batch down. Usage: npm run bench:filter [-- TURNS] [--write]. --write also
// writes to docs/measurements.md. It needs an engine with the base image of `npm run engine -- base-image`, and a C
// compiler.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const source = fileURLToPath(new URL("hot-calls.c", import.meta.url));
const turns = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 9);
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-filter-"));
const program = join(folder, "hot-calls");
const container = ["docker", "run", "--rm", "--network=none", `-v=${program}:/hot-calls:ro`];
const image = ["seccomp-gen-base:bookworm", "/hot-calls"];
const profile = join(folder, "profiles/hot-calls.json");

function output([word, ...rest]) {
  return execFileSync(word, rest, {
    cwd: folder,
    encoding: "utf8",
    timeout: 300_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Nanoseconds by call. */
const timesOf = (words) =>
  new Map(
    [...output(words).matchAll(/^(\w+) ([\d.]+)$/gm)].map(([, name, nanoseconds]) => [name, Number(nanoseconds)]),
  );

try {
  output(["cc", "-O2", "-static", "-o", program, source]);
  output([process.execPath, cli, "record", "--name", "hot-calls", "--", ...container, ...image, "1"]);
  const places = {
    none: [program, "60"],
    docker: [...container, ...image, "60"],
    ours: [...container, `--security-opt=seccomp=${profile}`, ...image, "60"],
  };
  const rounds = Array.from({ length: turns }, () =>
    Object.fromEntries(Object.entries(places).map(([place, words]) => [place, timesOf(words)])),
  );
  const rules = JSON.parse(output(["cat", profile])).syscalls;
  const isPinned = (name) => rules.some(({ names, args = [] }) => names.includes(name) && args.length > 0);
  const rows = [...rounds[0].none.keys()].map((name) => {
    const [none, docker, ours] = ["none", "docker", "ours"].map((place) =>
      Math.min(...rounds.map((round) => round[place].get(name))),
    );
    const percent = Math.round((ours / docker - 1) * 100);
    return (
      `| ${name} | ${isPinned(name) ? "yes" : "no"} | ${Math.round(none)} | ${Math.round(docker)} | ` +
      `${Math.round(ours)} | ${percent > 0 ? "+" : ""}${percent} % |`
    );
  });
  const lines = [
    `${measuredOn()}. Nanoseconds a call; \`mmap\` with its \`munmap\`, \`socket\` with its \`close\`.`,
    "",
    "| call | pinned | no filter | Docker's default | its profile | beside the default |",
    "|---|---|---|---|---|---|",
    ...rows,
  ];
  console.log(lines.join("\n"));
  if (process.argv.includes("--write")) writeMeasured("bench:filter", lines.join("\n"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
