import {
  callArgs,
  evaluate,
  sameAction,
  type Action,
  type ActionRule,
  type Filter,
  type Rule,
} from "../seccomp/index.ts";
import { syscallNumber } from "../tables/index.ts";
import { errno } from "./pin.ts";
import { probeRows } from "./probes.ts";
import type { FloorChoice } from "./types.ts";
import { allowingRules } from "./allowing-rules.ts";

/** The default action of every profile. */
export const enosys = errno("ENOSYS");
const eperm = errno("EPERM");

const probes = new Map(probeRows.flatMap((row) => row.names.map((name) => [name, row])));

/**
 * The rule that answers a denied call under this ceiling. `undefined` if the default action alone answers it. A call
 * that Docker's default denies keeps its answer there. A call that only this profile denies answers ENOSYS, from which
 * libraries fall back. ENOSYS is also the default action. It is repeated for every call because Docker before 23
 * ignores `defaultErrnoRet` and would answer EPERM, from which programs do not fall back. clone3 always answers ENOSYS:
 * Docker before 20.10.10 answers EPERM, under which newer libcs start neither threads nor processes.
 */
export function answerOf(name: string, ceiling: Filter, floor: FloorChoice): ActionRule | undefined {
  const isOursAlone = name === "clone3" || allowingRules(ceiling, name).length > 0;
  if (!isOursAlone && sameAction(dockersAnswer(name, ceiling), eperm))
    return answer(eperm, "Docker's default denies it too: the same answer", "moby default profile");
  const probe = probes.get(name);
  if (probe !== undefined)
    return answer(enosys, "libraries try it and fall back if the kernel lacks it", `${probe.who} → ${probe.fallback}`);
  if (isOursAlone)
    return answer(
      enosys,
      "this profile denies it: answers as a kernel without the call",
      "Docker before 23 ignores defaultErrnoRet",
    );
  if (floor === "old-runc")
    return answer(
      enosys,
      "newer than Docker's default, which answers as if the kernel did not have it",
      "runc's stub, libcontainer/seccomp/patchbpf",
    );
  return undefined;
}

function dockersAnswer(name: string, ceiling: Filter): Action {
  const { arch } = ceiling;
  return evaluate(ceiling, { arch, name, nr: syscallNumber(arch, name), args: callArgs() });
}

const always: Rule = { conditions: [] };

function answer(action: Action, reason: string, source: string): ActionRule {
  return { action, rule: always, because: { type: "fallback", reason, source } };
}
