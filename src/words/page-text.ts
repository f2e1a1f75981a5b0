import { escapeLine } from "../core/text/index.ts";
import type { Block, Line, Weight } from "./page.ts";
import { wrapText } from "./wrap.ts";

const colors: { readonly [weight in Weight]: number | undefined } = { danger: 31, notable: 33, ordinary: undefined };

/**
 * A document for a terminal of this width. Each row of a table becomes a paragraph, with a line for each column and its
 * name.
 */
export function pageToText(
  blocks: readonly Block[],
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = (code: number | undefined, lines: readonly string[]): readonly string[] =>
    lines.map((line) => (color && code !== undefined ? `\u001b[${code}m${line}\u001b[0m` : line));
  const fit = (text: string, first: string, indent = first): readonly string[] =>
    wrapText(text, { width, first, indent });
  const block = (part: Block, indent: string): readonly string[] => {
    switch (part.type) {
      case "title":
      case "heading":
        return paint(1, fit(plain(part.line), indent));
      case "paragraph":
        return fit(plain(part.line), indent);
      case "list":
        return part.items.flatMap((item) => fit(plain(item), `${indent}  `, `${indent}    `));
      case "table":
        return part.rows.flatMap(({ weight, cells: [first = [], second = [], ...more] }) => [
          ...paint(colors[weight], fit(`${plain(first)}: ${plain(second)}`, `${indent}  `, `${indent}    `)),
          ...more.flatMap((cell, at) =>
            cell.length === 0
              ? []
              : fit(
                  plain(cell),
                  `${indent}    ${`${part.head[at + 2] ?? ""}:`.padEnd(13)}`,
                  " ".repeat(indent.length + 17),
                ),
          ),
        ]);
      case "folded":
        return [...fit(`${part.summary}:`, indent), ...part.blocks.flatMap((inner) => block(inner, `${indent}  `))];
      default:
        return part satisfies never;
    }
  };
  return `${blocks.map((part) => block(part, "").join("\n")).join("\n\n")}\n`;
}

function plain(line: Line): string {
  return escapeLine(
    line.map((span) => (typeof span === "string" ? span : "strong" in span ? span.strong : span.data)).join(""),
  );
}
