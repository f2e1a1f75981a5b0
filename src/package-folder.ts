import { fileURLToPath } from "node:url";

/** This package's own folder: as far above src/ as above dist/, where the command line's bundle is too. */
export const packageFolder = fileURLToPath(new URL("../", import.meta.url));
