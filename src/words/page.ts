/**
 * A piece of a line. Everything from a file, a trace or an image is `data`. Every writer shows `data` as plain text.
 */
export type Span = string | { readonly strong: string } | { readonly data: string };

export type Line = readonly Span[];

/** How much attention a row needs. */
export type Weight = "danger" | "notable" | "ordinary";

export interface Row {
  readonly weight: Weight;
  readonly cells: readonly Line[];
}

/** A part of a document, for every format. */
export type Block =
  | { readonly type: "title" | "heading" | "paragraph"; readonly line: Line }
  /** `urgent` is the number of first items that a long document shows. Without it, the document shows all items. */
  | { readonly type: "list"; readonly items: readonly Line[]; readonly urgent?: number }
  /** The first column names the row's weight. */
  | { readonly type: "table"; readonly head: readonly string[]; readonly rows: readonly Row[] }
  /** Hidden until the reader opens it. `summary` holds no data. */
  | { readonly type: "folded"; readonly summary: string; readonly blocks: readonly Block[] };
