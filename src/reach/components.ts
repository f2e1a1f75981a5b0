/**
 * Strongly connected components of a graph in rows (Tarjan 1972). There is no recursion, so that a deep chain of calls
 * cannot exhaust the stack.
 */

/** Edges of node i: `targets[offsets[i]] … targets[offsets[i + 1] - 1]`. */
export interface Graph {
  readonly offsets: Uint32Array;
  readonly targets: Uint32Array;
}

export interface Components {
  readonly count: number;
  /** The component of each node. An edge never leads to a component with a higher number. */
  readonly of: Uint32Array;
}

const unseen = 0xffff_ffff;

export function componentsOf({ offsets, targets }: Graph): Components {
  const size = offsets.length - 1;
  const of = new Uint32Array(size).fill(unseen);
  const order = new Uint32Array(size).fill(unseen);
  const low = new Uint32Array(size);
  const edge = new Uint32Array(size);
  const stack = new Uint32Array(size);
  const path = new Uint32Array(size);
  let stacked = 0;
  let clock = 0;
  let count = 0;
  let depth = 0;
  const enter = (node: number): void => {
    order[node] = clock;
    low[node] = clock;
    clock += 1;
    edge[node] = offsets[node] ?? 0;
    stack[stacked] = node;
    stacked += 1;
    path[depth] = node;
    depth += 1;
  };
  for (let root = 0; root < size; root += 1) {
    if (order[root] !== unseen) continue;
    enter(root);
    while (depth > 0) {
      const node = path[depth - 1] ?? 0;
      const at = edge[node] ?? 0;
      if (at < (offsets[node + 1] ?? 0)) {
        edge[node] = at + 1;
        const target = targets[at] ?? 0;
        if (order[target] === unseen) enter(target);
        else if (of[target] === unseen) low[node] = Math.min(low[node] ?? 0, order[target] ?? 0);
        continue;
      }
      depth -= 1;
      if (depth > 0) {
        const parent = path[depth - 1] ?? 0;
        low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
      }
      if (low[node] !== order[node]) continue;
      for (;;) {
        stacked -= 1;
        const member = stack[stacked] ?? 0;
        of[member] = count;
        if (member === node) break;
      }
      count += 1;
    }
  }
  return { count, of };
}

/** Rows from pairs. */
export function graphOf(size: number, sources: Uint32Array, targets: Uint32Array): Graph {
  const offsets = new Uint32Array(size + 1);
  for (let i = 0; i < sources.length; i += 1) {
    const row = (sources[i] ?? 0) + 1;
    offsets[row] = (offsets[row] ?? 0) + 1;
  }
  for (let i = 1; i <= size; i += 1) offsets[i] = (offsets[i] ?? 0) + (offsets[i - 1] ?? 0);
  const next = offsets.slice();
  const rows = new Uint32Array(targets.length);
  for (let i = 0; i < sources.length; i += 1) {
    const source = sources[i] ?? 0;
    rows[next[source] ?? 0] = targets[i] ?? 0;
    next[source] = (next[source] ?? 0) + 1;
  }
  return { offsets, targets: rows };
}
