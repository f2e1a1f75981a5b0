/**
 * Sets V8's flags before a log is read. Reading leaves next to nothing behind, so two megabytes of
 * young generation suffice instead of sixteen. Only the loop over lines is worth optimizing, and
 * elsewhere optimizing takes longer than it saves. So V8 waits six times as long as by itself.
 */
export function prepareToRead(): void {
  // to load it takes longer than to read a short log
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--max-semi-space-size=2");
  setFlagsFromString("--interrupt-budget=400000");
}
