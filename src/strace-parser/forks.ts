/** Calls that make a process or a thread (fork(2), vfork(2), clone(2)). */
export const forkCalls = ["clone", "clone3", "fork", "vfork"] as const;

const names: ReadonlySet<string> = new Set(forkCalls);

/** Does the call make a process or a thread? Its id is what the call returns. */
export function isForkCall(name: string): boolean {
  return names.has(name);
}
