import type { ElfImage } from "./elf.ts";
import type { Step } from "./steps.ts";
export function liftArm64(_image: ElfImage, _delta: number, _start: number, _end: number): readonly Step[] { return []; }
