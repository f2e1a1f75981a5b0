import type { PassedOperation } from "../core/explain/index.ts";
import { howWords } from "../core/policy/index.ts";
import type { CodeAnswer, CodeCoverage, UnseenCall } from "../core/recording/index.ts";
import { argumentWords } from "../core/seccomp/index.ts";
import { subsystems } from "../core/tables/index.ts";

/** "Have I recorded enough?" as a number. */
export function coverageWords({ seen, reachable }: CodeCoverage): string {
  return `recorded ${seen} of ${reachable} calls that the programs' code can make`;
}

/** The same for each part of the kernel: `Files 20 of 31, Memory 9 of 12`. */
export function subsystemWords({ subsystems: parts }: CodeCoverage): string {
  return parts
    .map(({ subsystem, seen, reachable }) => `${subsystems[subsystem].title} ${seen} of ${reachable}`)
    .join(", ");
}

/** At most this many places are named. The recording has the others. */
const mostPlaces = 3;

/** The places where the code may make any call, or was not read. `undefined` if there are none. */
export function openWords(places: readonly string[]): string | undefined {
  if (places.length === 0) return undefined;
  const rest = places.length - mostPlaces;
  const named = places.slice(0, mostPlaces).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
  const count = `${places.length} ${places.length === 1 ? "place" : "places"}`;
  return `${count} may make any call or could not be read (${named})`;
}

/** The calls that were never recorded, one line for each weight. A dangerous call comes with the code's way to it. */
export function unseenWords(unseen: readonly UnseenCall[], most: number): readonly (readonly [string, string])[] {
  return (["dangerous", "weighty", "ordinary"] as const).flatMap((weight) => {
    const own = unseen.filter((call) => call.weight === weight);
    if (own.length === 0) return [];
    const names = own
      .slice(0, most)
      .map(({ name, via }) => (weight === "dangerous" ? `${name} (${via.program}, ${howWords(via)})` : name));
    return [[weight, names.join(", ") + (own.length > most ? ` and ${own.length - most} more` : "")] as const];
  });
}

/** `arg0 = AF_UNIX, arg1 = any value: openlog in libc.so.6` */
export function operationWords(syscall: string, { args, place }: PassedOperation): string {
  const words = args.map(({ index, value }) => {
    const word = value === undefined ? "any value" : argumentWords(syscall, index, value);
    return word.startsWith("arg") ? word : `arg${index} = ${word}`;
  });
  return `${words.join(", ")}: ${place}`;
}

/** What the code shows about one call. */
export function codeAnswerWords(answer: CodeAnswer): string {
  switch (answer.type) {
    case "in":
      return `in the code of ${answer.via.program}${answer.ran ? "" : ", which did not run"}: ${howWords(answer.via)}`;
    case "not-in":
      return "not in the code of any program that ran";
    case "open":
      return `open: no code that was read makes it, but ${openWords(answer.places) ?? "not all was read"}`;
    default:
      return answer satisfies never;
  }
}
