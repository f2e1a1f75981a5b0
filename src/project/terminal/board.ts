/** A terminal of a certain size. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** The application keeps at least this many rows. */
const fewestRows = 8;

/**
 * Lines at the bottom of the terminal, below the application's output. The application's rows are a scrolling region
 * (DEC VT100, DECSTBM). So its output and these lines never meet, even in the middle of a line. `show` returns what to
 * write to the terminal.
 */
export class Board {
  #size: Screen = { columns: 0, rows: 0 };
  #shown: readonly string[] = [];

  get isOpen(): boolean {
    return this.#shown.length > 0;
  }

  /** Without lines, the application has the whole terminal again. */
  show(lines: readonly string[], size: Screen): string {
    if (lines.length === 0) return this.#close();
    const fitting = this.#fit(lines, size);
    if (fitting.length === 0) return "";
    const hasMoved = fitting.length !== this.#shown.length || size.rows !== this.#size.rows;
    const room = hasMoved ? this.#makeRoom(fitting.length, size) : "";
    const first = size.rows - fitting.length + 1;
    const drawn = fitting.map((line, index) =>
      !hasMoved && line === this.#shown[index] ? "" : `${at(first + index)}${clearRow}${line}`,
    );
    [this.#shown, this.#size] = [fitting, size];
    return room + aside(drawn.join(""));
  }

  /** The board never shrinks. Otherwise the application's last lines would be torn from those above. */
  #fit(lines: readonly string[], { columns, rows }: Screen): readonly string[] {
    const most = Math.min(Math.floor(rows / 2), rows - fewestRows);
    if (most < 1) return [];
    const shown = lines.length > most ? [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more`] : lines;
    return Array.from({ length: Math.max(shown.length, this.#shown.length) }, (_, index) =>
      (shown[index] ?? "").slice(0, columns - 1),
    ).slice(0, most);
  }

  /** The cursor goes down and up again. That scrolls the application's lines up if they reach the bottom. */
  #makeRoom(count: number, { rows }: Screen): string {
    const more = Math.max(0, count - this.#shown.length);
    const scrolled = more === 0 ? "" : index.repeat(more) + up(more);
    return scrolled + aside(region(1, rows - count));
  }

  #close(): string {
    if (!this.isOpen) return "";
    const { rows, columns } = this.#size;
    const rowsShown = this.#shown.map((_, index) => `${at(rows - index)}${clearRow}`).join("");
    this.#shown = [];
    return aside(wholeRegion + rowsShown) + freshLine(columns);
  }

  /** The text to write before a line of ours that belongs to the application's part of the terminal. */
  freshLine(): string {
    return this.isOpen ? freshLine(this.#size.columns) : "";
  }
}

/**
 * Goes to the beginning of a line: of this line if it is empty, otherwise of the next. Spaces as wide as the terminal
 * wrap only if the line has text.
 */
function freshLine(columns: number): string {
  return `${" ".repeat(Math.max(0, columns - 1))}\r${clearRest}`;
}

/** ECMA-48 and DEC private sequences. */
const clearRow = "\u001b[2K";
const clearRest = "\u001b[K";
const index = "\u001bD";
const wholeRegion = "\u001b[r";
const up = (rows: number): string => `\u001b[${rows}A`;
const at = (row: number): string => `\u001b[${row};1H`;
const region = (first: number, last: number): string => `\u001b[${first};${last}r`;

/** Keeps the cursor and its colors as they were. */
function aside(text: string): string {
  return text === "" ? "" : `\u001b7${text}\u001b8`;
}
