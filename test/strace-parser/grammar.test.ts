import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseStraceSync, type StraceEvent } from "../../src/strace-parser/index.ts";
import { formatArg, formatEvent, formatResult } from "../support/format-event.ts";

/** GRAMMAR.md: lines of strace with carets under what a production covers, and what the parser says about it. */
const grammar = readFileSync(new URL("../../src/strace-parser/GRAMMAR.md", import.meta.url), "utf8");

interface Diagram {
  readonly lines: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly production: string;
  /** The name of what the parser reads there. `undefined` if the parser passes over it. */
  readonly field: string | undefined;
  readonly value: string;
}

const diagrams: readonly Diagram[] = [...grammar.matchAll(/^```strace\n(.*?)^```$/gms)].flatMap(([, block = ""]) => {
  const all = block.split("\n").slice(0, -1);
  const carets = (line: string): RegExpExecArray | null =>
    /^( *)(\^+) ([a-z]+)(?: → ((?:arg \d+|[a-z]+)) (.*))?$/.exec(line);
  const lines = all.filter((line) => carets(line) === null);
  return all.flatMap((line) => {
    const [, indent = "", under = "", production = "", field, value = ""] = carets(line) ?? [];
    return under === ""
      ? []
      : [{ lines, start: indent.length, end: indent.length + under.length, production, field, value }];
  });
});

const eventsOf = (lines: readonly string[]): readonly StraceEvent[] => [
  ...parseStraceSync([lines.map((line) => `${line}\n`).join("")]),
];

/** The event's value of that name. */
function said(events: readonly StraceEvent[], field: string): string {
  const event = events.at(-1);
  if (event === undefined || field === "events") return `${events.length}`;
  if (event.kind === "syscall" && field.startsWith("arg "))
    return formatArg(event.arg(Number(field.slice(4))) ?? { type: "unknown", text: "" });
  const values: { readonly [name: string]: unknown } = {
    ...event.tracee,
    kind: event.kind,
    line: event.source.line,
    ...(event.kind === "syscall"
      ? {
          name: event.name,
          number: event.number,
          injected: event.injected,
          result: formatResult(event.result),
          errno: "errno" in event.result ? event.result.errno : undefined,
        }
      : {}),
    ...(event.kind === "signal" ? { signal: event.signal } : {}),
    ...(event.kind === "exit" && event.status.type === "exited" ? { code: event.status.code } : {}),
    ...(event.kind === "superseded" ? { by: event.by } : {}),
    ...(event.kind === "personality" ? { personality: event.personality } : {}),
  };
  return `${values[field] as string}`;
}

/** The events without their place, their thread, and the words beside an argument. */
const meaning = (events: readonly StraceEvent[]): readonly string[] =>
  events.map((event) =>
    formatEvent(event)
      .replace(/^\d+:\d+ \S+/, "")
      .replace(/'[^']*'|<[^>]*>/g, ""),
  );

test.each(
  diagrams.map(
    (diagram) =>
      [`${diagram.production}: ${(diagram.lines.at(-1) ?? "").slice(diagram.start, diagram.end)}`, diagram] as const,
  ),
)("what the carets mark is what the parser reads, %s", (_, { lines, start, end, field, value }) => {
  const line = lines.at(-1) ?? "";
  const under = line.slice(start, end);
  const before = lines.slice(0, -1);
  expect(end).toBeLessThanOrEqual(line.length);
  const events = eventsOf(lines);
  if (field === undefined) {
    expect(meaning(eventsOf([...before, line.slice(0, start) + line.slice(end)]))).toEqual(meaning(events));
    return;
  }
  expect(said(events, field)).toBe(value);
  // Nothing but the text above the carets says so.
  if (["kind", "line", "events"].includes(field)) expect(end).toBe(line.length);
  else if (field.startsWith("arg ")) expect(said(eventsOf([`7 x(${under}) = 0`]), "arg 0")).toBe(value);
  else if (field !== "injected") expect(under).toBe(value);
});

test("every production has a diagram", () => {
  const productions = [...grammar.matchAll(/^```text\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
    [...block.matchAll(/^([a-z]+) +=/gm)].map(([, name = ""]) => name),
  );
  expect(productions.length).toBeGreaterThan(25);
  expect(productions.filter((production) => !diagrams.some((diagram) => diagram.production === production))).toEqual(
    [],
  );
});

test("of each production it is said which function of strace writes it", () => {
  const productions = [...grammar.matchAll(/^([a-z]+) += /gm)].map(([, name]) => name);
  const rows = [...(grammar.split("## Who writes it")[1] ?? "").matchAll(/^\| ([a-z, ]+) \| (?=.*`)/gm)].flatMap(
    ([, names = ""]) => names.split(", "),
  );
  expect(rows.filter((name) => name !== "production").sort()).toEqual(Array.from(productions, String).sort());
});
