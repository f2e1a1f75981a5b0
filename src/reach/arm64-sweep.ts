import type { SweepContext } from "./events.ts";
export function sweepArm64(_context: SweepContext, _delta: number, _start: number, _end: number): void {}
