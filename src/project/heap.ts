import { setFlagsFromString } from "node:v8";

/**
 * Reading leaves next to nothing behind, so that room for more only costs memory: V8 keeps its young generation at two megabytes instead of sixteen. The heap of a new
 * thread sets the growth back for all (V8's heap.cc, `ConfigureHeap`): say it again then.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--max-semi-space-size=2");
}
