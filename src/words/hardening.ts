import { escapeTerminal, shellWord } from "../core/text/index.ts";
import type { Hardening, HardeningFinding } from "../run/verifier/index.ts";

/** The trials, for people. */
export function renderHardening({ findings, runs, confirmed }: Hardening): string {
  const lines = findings.map((finding) => `  ${findingText(finding)}`);
  return escapeTerminal(
    [
      `hardening, in ${runs} runs with the same exercise:`,
      ...lines,
      ...(confirmed
        ? []
        : [
            "  the last run, with all of this together, failed: the workload does not pass reliably; check each " +
              "setting before you use it",
          ]),
    ].join("\n"),
  );
}

function findingText(finding: HardeningFinding): string {
  switch (finding.kind) {
    case "privileged":
      return finding.tolerated
        ? "--privileged: not needed"
        : "--privileged: needed; with it, nothing else can be tried";
    case "unconfined":
      return `${finding.options.join(", ")}: ${finding.tolerated ? "not needed" : "needed, kept as it is"}`;
    case "capabilities":
      return (
        `capabilities: needs ${finding.kept.length === 0 ? "none" : finding.kept.join(", ")}; ` +
        `${finding.dropped.length} dropped${finding.minimal ? "" : " (more may be droppable, but no runs were left)"}`
      );
    case "no-new-privileges":
      return `no-new-privileges: ${privilegesText(finding.tolerated)}`;
    case "read-only":
      return `read-only root: ${readOnlyText(finding)}`;
    default:
      return finding satisfies never;
  }
}

function privilegesText(tolerated: boolean | "already"): string {
  if (tolerated === "already") return "has it already";
  return tolerated ? "tolerated" : "not tolerated: the workload runs a setuid program or one with file capabilities";
}

function readOnlyText({
  tolerated,
  tmpfs,
  volumes,
  folders,
}: Extract<HardeningFinding, { kind: "read-only" }>): string {
  if (tolerated === "already") return "has it already";
  if (!tolerated)
    return "not tolerated; it writes in " + `${folders.length === 0 ? "no folder that was seen" : folders.join(", ")}`;
  const places = [
    ...(tmpfs.length === 0 ? [] : [`in memory: ${tmpfs.join(", ")}`]),
    ...(volumes.length === 0 ? [] : [`in volumes: ${volumes.join(", ")}`]),
  ];
  return places.length === 0 ? "tolerated, it writes nowhere" : `tolerated; it writes ${places.join("; ")}`;
}

/** The result: the command, and the lines of a Compose file for the same protection. */
export function hardenedCommand(
  { command, settings }: Hardening,
  service: { readonly name: string; readonly image: string; readonly profile: string },
): string {
  const { capabilities, noNewPrivileges, readOnly, tmpfs, volumes, privileged } = settings;
  const list = (name: string, items: readonly string[]): readonly string[] =>
    items.length === 0 ? [] : [`    ${name}:`, ...items.map((item) => `      - ${JSON.stringify(item)}`)];
  const compose = [
    "services:",
    `  ${service.name}: # and what the service has already: ports, environment, volumes`,
    `    image: ${JSON.stringify(service.image)}`,
    ...(privileged
      ? ["    privileged: true"]
      : [
          ...list("cap_drop", ["ALL"]),
          ...list(
            "cap_add",
            capabilities.map((name) => name.replace(/^CAP_/, "")),
          ),
        ]),
    ...(readOnly ? ["    read_only: true"] : []),
    ...list("tmpfs", tmpfs),
    ...list("volumes", volumes),
    ...list("security_opt", [...(noNewPrivileges ? ["no-new-privileges:true"] : []), `seccomp=${service.profile}`]),
  ];
  return `${escapeTerminal([command.map(shellWord).join(" "), "", ...compose].join("\n"))}\n`;
}
