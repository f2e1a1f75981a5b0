import { SeccompGenError } from "../core/errors/index.ts";

/** Throws SeccompGenError (`usage`) for an option that the function does not have. */
export function checkOptions(options: object | undefined, known: readonly string[], whose: string): void {
  const stranger = Object.keys(options ?? {}).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new SeccompGenError({
    code: "usage",
    what: `${whose} has no option ${stranger}`,
    todo: `It has ${known.join(", ")}.`,
  });
}
