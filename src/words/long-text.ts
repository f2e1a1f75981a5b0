import { wrapText } from "./wrap.ts";

/** How a text is laid out. */
export interface Layout {
  readonly color: boolean;
  /** Columns. */
  readonly width: number;
  /** Rows of the terminal that shows the text. `undefined` if the text is whole, however long it is. */
  readonly rows?: number | undefined;
}

/** A part of a text. `lines` is the whole part, and `brief` stands in its place if the text is long. */
export interface Part {
  readonly lines: readonly string[];
  readonly brief: readonly string[];
}

/** A part that is always whole. */
export function wholePart(lines: readonly string[]): Part {
  return { lines, brief: lines };
}

/**
 * The parts, one after the other. If they do not fit on the terminal, their brief forms are used, unless these take
 * more than half of the rows of the whole. `more` then ends the text: it says how to see the rest.
 */
export function longText(parts: readonly Part[], { width, rows = Infinity }: Layout, more: string): string {
  const whole = parts.flatMap(({ lines }) => lines);
  const brief = [...parts.flatMap((part) => part.brief), ...wrapText(more, { width, first: "", indent: "" })];
  const height = heightOf(whole, width);
  const isLong = height >= rows && heightOf(brief, width) <= height / 2;
  return `${(isLong ? brief : whole).join("\n")}\n`;
}

function heightOf(lines: readonly string[], width: number): number {
  return lines.reduce((height, line) => height + Math.max(1, Math.ceil(visible(line).length / width)), 0);
}

function visible(line: string): string {
  return line.replaceAll(/\u001b\[\d*m/g, "");
}

/** At most this many lines of names in a brief part. */
const nameLines = 3;

/**
 * Names on a few lines, and how many more there are. The first `always` of them are shown in any case. The caller has
 * escaped the names.
 */
export function someNames(
  names: readonly string[],
  { width, indent, always = 0 }: { readonly width: number; readonly indent: string; readonly always?: number },
): readonly string[] {
  const lines = (shown: number): readonly string[] => {
    const rest = names.length - shown;
    const words = [...names.slice(0, shown).join(", ").split(" "), ...(rest > 0 ? [`and ${rest} more`] : [])];
    return wrapText(words.join(" "), { width, first: indent, indent });
  };
  let shown = names.length;
  while (shown > Math.max(1, always) && lines(shown).length > nameLines) shown -= 1;
  return names.length === 0 ? [] : lines(shown);
}
