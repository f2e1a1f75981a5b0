import { escapeLine } from "../core/text/index.ts";
import { markdownCell } from "./markdown.ts";
import type { Block, Line, Span } from "./page.ts";

/**
 * Writes a document as Markdown for GitHub and GitLab. Data stands in code spans, so none of it becomes markup, a link,
 * a mention or HTML.
 */
export function pageToMarkdown(blocks: readonly Block[]): string {
  return `${blocks.map(block).join("\n\n")}\n`;
}

function block(part: Block): string {
  switch (part.type) {
    case "title":
      return `## ${line(part.line)}`;
    case "heading":
      return `### ${line(part.line)}`;
    case "paragraph":
      return line(part.line);
    case "list":
      return part.items.map((item) => `- ${line(item)}`).join("\n");
    case "table":
      return [
        `| ${part.head.join(" | ")} |`,
        `|${part.head.map(() => "---|").join("")}`,
        ...part.rows.map(({ weight, cells: [first = [], ...more] }) => {
          const lead = weight === "danger" ? `**${line(first)}**` : line(first);
          return `| ${[lead, ...more.map(line)].join(" | ")} |`;
        }),
      ].join("\n");
    case "folded":
      return `<details><summary>${part.summary}</summary>\n\n${part.blocks.map(block).join("\n\n")}\n\n</details>`;
    default:
      return part satisfies never;
  }
}

function line(spans: Line): string {
  return spans.map(span).join("");
}

function span(part: Span): string {
  if (typeof part === "string") return markdownCell(part);
  return "strong" in part ? `**${markdownCell(part.strong)}**` : markdownCode(part.data);
}

/**
 * A code span, inside or outside a table. In a table, a backslash must precede each bar. The text's own backslash must
 * not stand directly before that one.
 */
function markdownCode(text: string): string {
  const shown = escapeLine(text)
    .replace(/\\+\|?/g, (run) => (run.endsWith("|") ? `${"\\u{5c}".repeat(run.length - 1)}|` : run))
    .replaceAll("|", "\\|");
  if (shown.trim() === "") return '""';
  const ticks = "`".repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map(({ length }) => length)) + 1);
  const pad = /^[` ]|[` ]$/.test(shown) ? " " : "";
  return `${ticks}${pad}${shown}${pad}${ticks}`;
}
