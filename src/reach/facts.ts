import type { ElfImage } from "./elf.ts";
import type { readGoFunctions } from "./pclntab.ts";
import type { readRelocations } from "./relocations.ts";
import type { DynamicSymbols, readLocalSymbols } from "./symbols.ts";
import type { UnwindRanges } from "./unwind.ts";

/** The facts about an object before its code is divided into functions. */
export interface Facts {
  readonly image: ElfImage;
  readonly symbols: DynamicSymbols;
  readonly local: ReturnType<typeof readLocalSymbols>;
  readonly relocations: ReturnType<typeof readRelocations>;
  readonly unwind: UnwindRanges;
  readonly go: ReturnType<typeof readGoFunctions>;
  /** Rvas of entry point, init and fini functions and resolvers. */
  readonly starts: readonly number[];
  /** Rvas of code that data points to. */
  readonly pointers: Uint32Array;
}
