/** A terminal, as far as our own output needs one (ECMA-48; DEC VT100: IND, DECSC, DECRC, DECSTBM). */
export class VirtualScreen {
  readonly rows: string[];
  readonly #columns: number;
  #row = 0;
  #column = 0;
  #saved: readonly [number, number] = [0, 0];
  #region: readonly [first: number, last: number];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.rows = Array.from({ length: rows }, () => "");
    this.#region = [0, rows - 1];
  }

  /** `\n` also returns to the beginning of the line, as a terminal driver does (termios(3), ONLCR). */
  write(text: string): void {
    for (const [part] of text.matchAll(/\u001b\[[\d;]*[A-Za-z]|\u001b[78D]|[^]/g)) {
      if (part === "\n") [this.#column] = [0, this.#down()];
      else if (part === "\r") this.#column = 0;
      else if (part.startsWith("\u001b")) this.#obey(part);
      else this.#print(part);
    }
  }

  #print(character: string): void {
    if (this.#column === this.#columns) [this.#column] = [0, this.#down()];
    const line = (this.rows[this.#row] ?? "").padEnd(this.#column);
    this.rows[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }

  #down(): void {
    const [first, last] = this.#region;
    if (this.#row !== last) this.#row = Math.min(this.#row + 1, this.rows.length - 1);
    else this.rows.splice(first, last - first + 1, ...this.rows.slice(first + 1, last + 1), "");
  }

  #obey(sequence: string): void {
    const numbers = (/[\d;]+/.exec(sequence.slice(2))?.[0] ?? "").split(";").map(Number);
    const [first = 0, second = 0] = numbers;
    const at = Math.min(this.#column, this.#columns - 1);
    if (sequence === "\u001bD") this.#down();
    else if (sequence === "\u001b7") this.#saved = [this.#row, this.#column];
    else if (sequence === "\u001b8") [this.#row, this.#column] = this.#saved;
    else if (sequence.endsWith("A")) this.#row = Math.max(0, this.#row - first);
    else if (sequence.endsWith("H")) [this.#row, this.#column] = [first - 1, second - 1];
    else if (sequence.endsWith("2K")) this.rows[this.#row] = "";
    else if (sequence.endsWith("K")) this.rows[this.#row] = (this.rows[this.#row] ?? "").slice(0, at);
    else if (sequence.endsWith("r")) {
      this.#region = first === 0 ? [0, this.rows.length - 1] : [first - 1, second - 1];
      [this.#row, this.#column] = [0, 0];
    } else throw new Error(`a sequence that this screen does not know: ${JSON.stringify(sequence)}`);
  }
}
