import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { operations, vulnerabilities } from "../src/core/tables/index.ts";

const page = fileURLToPath(new URL("../docs/operations.md", import.meta.url));
const between = /(<!-- operations -->\n\n)[\s\S]*?(\n\n<!-- end of operations -->)/;

/** The table of the page. */
function table(): string {
  const rows = operations.map((row) => {
    const calls = [...new Set(row.forms.flatMap(({ names }) => names))].map((name) => `\`${name}\``).join(" ");
    return [calls, row.does, row.closes.join(" "), `${row.answer.errno}: ${row.answer.then}`, row.users, row.since];
  });
  const head = ["call", "may not", "closes", "answer", "needed by", "since Linux"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The number of known vulnerabilities for each year since 2022. */
function years(): string {
  const of = (year: number): number => vulnerabilities.filter(({ id }) => id.startsWith(`CVE-${year}-`)).length;
  const recent = [2022, 2023, 2024, 2025, 2026].map((year) => `${of(year)} of ${year}`);
  return `Of ${vulnerabilities.length} known vulnerabilities, ${recent.join(", ")}.`;
}

/** The text without the formatter's columns. */
const plain = (text: string): string => text.replaceAll(/\s+/g, " ").replaceAll(/-{3,}/g, "---");

// SECCOMP_GEN_WRITE_GUIDE=1 writes the page.
test("docs/operations.md has the table and the counts as they are", () => {
  const text = readFileSync(page, "utf8");
  const made = text.replace(between, (_, begin: string, end: string) => `${begin}${years()}\n\n${table()}${end}`);
  if (process.env["SECCOMP_GEN_WRITE_GUIDE"] !== undefined) writeFileSync(page, made);
  expect(plain(readFileSync(page, "utf8"))).toBe(plain(made));
});
