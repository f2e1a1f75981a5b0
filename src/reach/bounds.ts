/**
 * Bounds in time and memory. Real files stay far below each of them. A file that exceeds a bound is analysed up to it,
 * and `limits` of the summary names the bound. So the caller never takes a cut analysis for a whole one.
 */

/**
 * Bytes between the lowest and the highest address. Offsets are kept in 32 bits. The largest real object (Chromium) has
 * 0.3 GB.
 */
export const maxSpan = 0xffff_0000;
/** Program headers: 1170. The kernel refuses more than 64 KiB of them (fs/binfmt_elf.c, `ELF_MIN_ALIGN`). */
export const maxSegments = 1_170;
/** Section headers. Debug builds with -ffunction-sections have some thousands after linking. */
export const maxSections = 65_536;
/** Dynamic entries. Real objects have about 30, plus one for each DT_NEEDED. */
export const maxDynamicEntries = 4_096;
/** Symbols of one table. libxul and Chromium with symbols have about 1 million. */
export const maxSymbols = 4_000_000;
/** Bytes of a symbol's name. Mangled C++ names of some KB exist. */
export const maxNameBytes = 16_384;
/** Relocations of one object. Chromium has 1.2 million. */
export const maxRelocations = 8_000_000;
/** Unwind entries of one object. Chromium has 0.6 million. */
export const maxUnwindEntries = 4_000_000;
/** Functions of one object. */
export const maxFunctions = 4_000_000;
/** Events (calls, far jumps, references) of one object. libnode (29 MB of text) has 2 million. */
export const maxEvents = 32_000_000;
/** Rounds in which functions that calls reveal split the functions found before. Real objects need 4. */
export const maxRounds = 12;
/** Instructions of one function that are lifted for slicing. Interpreter loops have some 20,000. */
export const maxLifted = 200_000;
/** Steps of one slice. The median is 3. Deep slices, through wrappers with hundreds of callers, take some thousands. */
export const maxSliceSteps = 60_000;
/** Steps of all slices of one object: about 3 s of time. */
export const maxAllSliceSteps = 6_000_000;
/** Entries of one jump table. */
export const maxTableEntries = 4_096;
/** Rounds in which the slicer follows a number that is kept in memory to the places that write it. */
export const maxStoreSearches = 64;
/** At most this many variables are looked for in all code. It takes 10 ms for each 5 MB of code. */
export const maxVariableScans = 8;
/** Steps of one slice for the arguments of a call. An argument that takes more counts as no constant. */
export const maxArgumentSteps = 200;
/** Steps of all slices for arguments of one object: about 0.3 s of time. */
export const maxAllArgumentSteps = 400_000;
/** Callers through which arguments are followed, over all places. */
export const maxArgumentCallers = 50_000;
/** Functions that pass an argument on, one to the next. glibc has up to 4. */
export const maxArgumentDepth = 6;
/** Values that one place passes, over all arguments. */
export const maxArgumentValues = 32;
