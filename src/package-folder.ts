import { dirname } from "node:path";

/** This package's own folder: as far above src/ as above dist/, where the command line's bundle is too. */
export const packageFolder = dirname(import.meta.dirname);
