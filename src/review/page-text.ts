import { escapeLine } from "../escape.ts";
import type { Block, Line, Weight } from "./page.ts";

const colors: { readonly [weight in Weight]: number | undefined } = { danger: 31, notable: 33, ordinary: undefined };

/** A document for a terminal: a row of a table is a paragraph, its columns lines with their names. */
export function pageToText(blocks: readonly Block[], color: boolean): string {
  const paint = (code: number | undefined, words: string): string => (color && code !== undefined ? `\u001b[${code}m${words}\u001b[0m` : words);
  const block = (part: Block, indent: string): readonly string[] => {
    switch (part.type) {
      case "title":
      case "heading":
        return [indent + paint(1, plain(part.line))];
      case "paragraph":
        return [indent + plain(part.line)];
      case "list":
        return part.items.map((item) => `${indent}  ${plain(item)}`);
      case "table":
        return part.rows.flatMap(({ weight, cells: [first = [], second = [], ...more] }) => [
          `${indent}  ${paint(colors[weight], `${plain(first)}: ${plain(second)}`)}`,
          ...more.map((cell, at) => `${indent}    ${`${part.head[at + 2] ?? ""}:`.padEnd(13)}${plain(cell)}`),
        ]);
      case "folded":
        return [`${indent}${part.summary}:`, ...part.blocks.flatMap((inner) => block(inner, `${indent}  `))];
      default:
        return part satisfies never;
    }
  };
  return `${blocks.map((part) => block(part, "").join("\n")).join("\n\n")}\n`;
}

function plain(line: Line): string {
  return escapeLine(line.map((span) => (typeof span === "string" ? span : "strong" in span ? span.strong : span.data)).join(""));
}
