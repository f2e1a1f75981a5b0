/**
 * A piece of a line. Whatever comes from a file, a trace or an image is `data`: no writer lets it
 * be more than text.
 */
export type Span = string | { readonly strong: string } | { readonly data: string };

export type Line = readonly Span[];

/** How much a row asks for attention. */
export type Weight = "danger" | "notable" | "ordinary";

export interface Row {
  readonly weight: Weight;
  readonly cells: readonly Line[];
}

/** A part of a document, in whatever format it is written. */
export type Block =
  | { readonly type: "title" | "heading" | "paragraph"; readonly line: Line }
  | { readonly type: "list"; readonly items: readonly Line[] }
  /** The first column names the row's weight. */
  | { readonly type: "table"; readonly head: readonly string[]; readonly rows: readonly Row[] }
  /** Out of sight until somebody asks. `summary` holds no data. */
  | { readonly type: "folded"; readonly summary: string; readonly blocks: readonly Block[] };
