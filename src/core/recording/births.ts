/**
 * Which thread made which, in a log that strace wrote from another PID namespace. A call returns the child's id in the
 * maker's namespace, and the child's lines have another id. Ids count upwards in both namespaces. So the child with the
 * lower id in one also has the lower id in the other.
 */
export class Births<Maker> {
  /** Children by the id that the call returned. */
  #made: { readonly id: number; readonly maker: Maker }[] = [];
  /** Children by the id in their lines. */
  #seen: number[] = [];
  readonly #found: (child: number, maker: Maker) => void;

  /** `found` gets each child, by the id in its lines, and its maker. */
  constructor(found: (child: number, maker: Maker) => void) {
    this.#found = found;
  }

  made(id: number, maker: Maker): void {
    this.#made.push({ id, maker });
    this.#settle();
  }

  /** The first line of a thread. It often comes before the end of the call that made the thread. */
  seen(pid: number): void {
    this.#seen.push(pid);
    this.#settle();
  }

  /**
   * Some calls may have no thread, because their child has no line (CLONE_UNTRACED). Then the children that have lines
   * can only be matched if one maker made them all.
   */
  finish(): void {
    const [only, ...others] = new Set(this.#made.map(({ maker }) => maker));
    if (only === undefined || others.length > 0) return;
    for (const pid of this.#seen) this.#found(pid, only);
  }

  #settle(): void {
    if (this.#made.length !== this.#seen.length) return;
    const made = this.#made.sort((a, b) => a.id - b.id);
    const seen = this.#seen.sort((a, b) => a - b);
    [this.#made, this.#seen] = [[], []];
    for (const [at, { maker }] of made.entries()) this.#found(seen[at] as number, maker);
  }
}
