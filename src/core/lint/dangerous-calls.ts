import { exposures, type Exposure } from "../tables/index.ts";

/** Calls that open a part of the kernel that attackers look for, and that few services need. */
export const dangerousCalls: readonly Exposure[] = exposures.filter(({ level }) => level === "danger");
