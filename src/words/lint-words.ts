import type { FindingKind, FindingOf, Fix, FixKind, Witness } from "../core/lint/index.ts";
import { elsewhereText } from "../core/diff/index.ts";
import { noFilterText } from "../core/profile/index.ts";
import {
  argumentName,
  callWords,
  conditionWords,
  formatAction,
  maxInstructions,
  type ArgCondition,
  type ArgIndex,
  type PassedCall,
} from "../core/seccomp/index.ts";
import { dockerArch } from "../core/tables/index.ts";

/** The words for a kind of finding. FINDINGS.md is made from them. */
export interface FindingWords<Kind extends FindingKind> {
  readonly title: string;
  /** What the finding means for the people who run the profile. */
  readonly why: string;
  readonly todo: string;
  /** What is wrong in this profile. */
  readonly what: (finding: FindingOf<Kind>) => string;
}

/** The words for every kind of finding. */
export const findingKinds: { readonly [Kind in FindingKind]: FindingWords<Kind> } = {
  "no-filter": {
    title: "No filter at all",
    why:
      "If a document has neither a default action nor groups, engines switch seccomp off. The container may " +
      "then make every call of the kernel, more than without a profile.",
    todo: "Put the profile itself into the file, with its defaultAction and syscalls at the top.",
    what: ({ noFilter }) => noFilterText(noFilter),
  },
  denylist: {
    title: "The default action allows calls",
    why:
      "A list of forbidden calls is never complete. Every call that it does not name is open, also the " +
      "calls of future kernels.",
    todo: "Make SCMP_ACT_ERRNO the default and name the needed calls: record the workload and generate the profile.",
    what: () => "every call that it does not name is allowed, including calls of future kernels",
  },
  "unknown-syscall": {
    title: "A name that no kernel has",
    why: "Engines silently ignore unknown names, so the call that was meant is not allowed, or not denied.",
    todo: "Correct the name. Names are those of the syscalls(2) manual.",
    what: ({ names, meant }) => {
      const doubt = meant === undefined ? "" : `; did you mean ${meant}?`;
      return `there is no syscall ${names.join()}, so the name does nothing${doubt}`;
    },
  },
  "more-unknown-syscalls": {
    title: "Many more names that no kernel has",
    why: "Engines silently ignore unknown names, but everybody who reads the profile reads them all.",
    todo: "Remove them.",
    what: ({ count }) => `${count} more names do nothing, because there are no such syscalls`,
  },
  "base-profile": {
    title: "A profile on top of another one",
    why: "The security-profiles-operator adds the rules of the base profile, which stand in another file.",
    todo: "Look at the base profile too: this profile allows everything that it allows.",
    what: ({ names }) => `the rules of ${names.join()} are added, and no finding here takes them into account`,
  },
  "unknown-member": {
    title: "A member that no engine reads",
    why: 'Engines silently ignore unknown members. A group with "arg" for "args" has no conditions at all.',
    todo: "Correct its spelling, or remove it.",
    what: ({ names, meant }) => {
      const doubt = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
      return `engines ignore the unknown member ${JSON.stringify(names.join())} and leave it out${doubt}`;
    },
  },
  "unknown-architecture": {
    title: "An architecture that libseccomp does not have",
    why: "The runtime refuses the profile: the container does not start.",
    todo: "Use names such as SCMP_ARCH_X86_64 and SCMP_ARCH_AARCH64.",
    what: ({ names }) => `libseccomp knows no architecture ${names.join()}: the container does not start`,
  },
  conflict: {
    title: "Two answers for the same call",
    why:
      "libseccomp refuses a rule that gives calls another answer than an earlier rule, so the container " +
      "does not start.",
    todo: "Keep one of the rules, or give them conditions that no call meets together.",
    what: ({ names, arch }) =>
      `libseccomp refuses this rule on ${names.join()} beside an earlier one with another action ` +
      `(${dockerArch(arch)}): the container does not start`,
  },
  refused: {
    title: "A rule that the runtime refuses",
    why: "The container does not start.",
    todo: "Change the rule as the finding says.",
    what: ({ reason }) => `${reason}: the container does not start`,
  },
  "or-not-and": {
    title: "Conditions that look like AND but mean OR",
    why:
      "If a group has two conditions on one argument, runc and crun make one rule of each. Either condition " +
      "is then enough, and a range becomes everything.",
    todo: "Use one condition for each argument, and SCMP_CMP_MASKED_EQ for sets of flags.",
    what: ({ names, index, across }) =>
      across === true
        ? `every value of ${argumentName(index)} meets a condition of one of the groups on ${names.join(", ")}, ` +
          "and one is enough: together they hold for every call"
        : `two conditions on ${argumentName(index)}: for runc and crun, either one is enough`,
  },
  "wide-comparison": {
    title: "A comparison of more bits than the kernel looks at",
    why:
      "The kernel looks at the lower 32 bits of an int, and at 16 of a file's mode. With a bit above them set the " +
      "call does the same, but the comparison has another result: a deny rule is bypassed, or a harmless call is " +
      "denied.",
    todo: "Use SCMP_CMP_MASKED_EQ with the mask 4294967295, and 65535 for a mode. --fix does it for SCMP_CMP_EQ.",
    what: ({ bits, passed }) => {
      const open = `; these are denied, but pass with bit ${bits} set: ${shortened(passed.map(passedWords))}`;
      return (
        `the kernel looks at ${bits} bits of this argument, and the rule compares more: with one of the others set, ` +
        `the same call can get another answer${passed.length === 0 ? "" : open}; use SCMP_CMP_MASKED_EQ with the ` +
        `mask ${2 ** bits - 1}`
      );
    },
  },
  "void-deny": {
    title: "A deny that does not take effect",
    why:
      "Runtimes drop rules whose answer is the default's. Beside a rule without conditions, libseccomp " +
      "drops the others. The calls that this rule names are therefore not denied.",
    todo:
      "Give the allowing rule the opposite condition (SCMP_CMP_NE, or SCMP_CMP_MASKED_EQ for each bit), and " +
      "remove the deny.",
    what: ({ names, why, passes, by }) => {
      const because =
        why === "dropped" ? "its answer is the default's, so the runtimes drop it" : "libseccomp drops it";
      return `does not deny ${names.join(", ")}: ${because}${placeWords(by)}; ${witnessWords(passes)}`;
    },
  },
  "void-exception": {
    title: "An exception that does not take effect",
    why: "Beside a rule that denies every such call, libseccomp drops the rule that allows some.",
    todo: "Give the denying rule the opposite condition, and remove the exception.",
    what: ({ names, why, denied, by }) => {
      const because =
        why === "dropped" ? "its answer is the default's, so the runtimes drop it" : "libseccomp drops it";
      return `does not allow ${names.join(", ")}: ${because}${placeWords(by)}; ${witnessWords(denied)}`;
    },
  },
  "inverted-mask": {
    title: "A mask that means the opposite",
    why:
      "SCMP_CMP_MASKED_EQ holds if the masked bits equal valueTwo. Without valueTwo these bits have to be " +
      "clear, so the rule matches the calls without the flags.",
    todo:
      "To match calls that set the flags, put them into value and into valueTwo. With valueTwo 0 the rule " +
      "matches calls that do not set them.",
    what: ({ names, action, index, mask, passes, denied }) => {
      const flags = conditionWords(names[0] ?? "", without(index, mask));
      const means =
        action === "deny"
          ? `denies ${names.join(", ")} ${flags}, and allows them with it`
          : `allows ${names.join(", ")} only with all of these flags: ${hex(mask)}`;
      return `${means}: ${witnessWords(passes)}; ${witnessWords(denied)}`;
    },
  },
  "mask-of-all": {
    title: "A deny of all flags at once",
    why:
      "With the same flags in value and valueTwo the rule holds only for calls that set every one of them; a call " +
      "with one of them passes.",
    todo: "Write one group for each flag, or allow only calls in which all are clear (valueTwo 0).",
    what: ({ names, mask, passes }) =>
      `denies ${names.join(", ")} only if all flags of ${hex(mask)} are set together: ${witnessWords(passes)}`,
  },
  "pointer-condition": {
    title: "An address is compared",
    why:
      "The argument is a pointer. A filter sees the address, which the program chooses, and never the data " +
      "there. The rule allows or denies by chance.",
    todo: "Remove the condition, and allow or deny the whole call (clone3: ENOSYS, so that libraries use clone).",
    what: ({ names, index, apart }) => {
      const shown = apart.length === 0 ? "" : `: ${apart.map(witnessWords).join("; ")}`;
      return (
        `${argumentName(index)} of ${names.join(", ")} is an address, ` +
        `and the filter does not see what lies there${shown}`
      );
    },
  },
  "dead-condition": {
    title: "A condition that never or always holds",
    why: "A rule that no call can meet does nothing. A condition that every call meets restricts nothing.",
    todo: "Correct the value, or remove the condition or the rule.",
    what: ({ names, index, holds, ints, condition }) => {
      const words = conditionWords(names[0] ?? "", condition);
      if (holds === "always")
        return `every value of ${argumentName(index)} meets “${words}”: the condition restricts nothing`;
      const values = ints
        ? `no value of the 32 bits of ${argumentName(index)} which the kernel looks at meets`
        : `no value of ${argumentName(index)} meets`;
      return `${values} “${words}”: the rule on ${names.join(", ")} does nothing`;
    },
  },
  "never-applies": {
    title: "A condition on hosts that never holds",
    why:
      "Engines compare these names letter by letter. A group whose includes never hold never applies, and " +
      "excludes that never hold exclude nothing.",
    todo: "Write capabilities like CAP_SYS_ADMIN, and architectures as amd64, x86, x32, arm64.",
    what: ({ names, side, cause }) => {
      const effect =
        side === "includes" ? `the group on ${listWords(names)} never applies because of it` : "it excludes nothing";
      if (cause.type === "contradiction")
        return (
          `includes and excludes contradict each other in ${cause.of} (${cause.name}): ` +
          `the group on ${listWords(names)} never applies`
        );
      if (cause.type === "every-kernel")
        return (
          `excludes with minKernel ${JSON.stringify(cause.name)} hold on every kernel: under Docker, ` +
          `the group on ${listWords(names)} never applies`
        );
      const kind = cause.of === "caps" ? "capability" : "architecture";
      const doubt = cause.meant === undefined ? "" : `; did you mean ${cause.meant}?`;
      return `no engine knows the ${kind} ${JSON.stringify(cause.name)} in ${side}: ${effect}${doubt}`;
    },
  },
  "open-sibling": {
    title: "A deny beside which another call does the same",
    why: "The kernel has several calls for the same purpose. An attacker uses the one that is open.",
    todo: "Deny all of them, or none.",
    what: ({ names, does, siblings }) =>
      `denies ${names.join(", ")}, but others ${does} too: ${siblings.map(witnessWords).join("; ")}`,
  },
  "ignored-bits": {
    title: "Bits that the mask ignores",
    why:
      "SCMP_CMP_MASKED_EQ compares the bits of value (the mask) with valueTwo. libseccomp ignores bits of " +
      "valueTwo outside the mask, so the rule matches more than it says. A mask of 0 matches every value.",
    todo: "Put the mask into value, and the bits that it has to equal into valueTwo.",
    what: ({ index, mask, ignored }) => {
      const what =
        mask === 0n
          ? `the mask of ${argumentName(index)} is 0: the condition holds for every value`
          : `${hex(ignored)} of valueTwo lies outside of the mask ${hex(mask)} and is ignored`;
      return `${what}; value is the mask, valueTwo what its bits have to be`;
    },
  },
  "beyond-docker": {
    title: "Wider than Docker's default",
    why: "Without your profile, the container could not make these calls.",
    todo: "Remove the calls, or say why they are needed (generate --allow).",
    what: ({ names, arches, ceiling }) =>
      `does not deny on ${arches.map(dockerArch).join(", ")} what ${ceiling} denies: ${names.join(", ")}`,
  },
  "beyond-elsewhere": {
    title: "Wider than Docker's default on other hosts",
    why:
      "Rules with includes or excludes can apply with other capabilities, kernels or architectures. " +
      "containerd ignores these conditions, and podman ignores minKernel.",
    todo: "Remove the rule, or give it the condition that Docker's default has for this call.",
    what: ({ elsewhere, ceiling }) =>
      `does not deny on other hosts what ${ceiling} denies there: ${elsewhereText(elsewhere)}`,
  },
  "dangerous-call": {
    title: "A call that attackers look for",
    why:
      "The call reaches parts of the kernel that had many vulnerabilities or that lie beyond the container. " +
      "Few services need it.",
    todo: "Remove it, or pin it to the recorded arguments (--args).",
    what: ({ names, exposes }) => `${names.join(", ")}: ${exposes}`,
  },
  "false-success": {
    title: "Denied calls that claim to have succeeded",
    why:
      "With errno 0 the kernel does not make the call but returns 0. A program that drops privileges with " +
      "setuid would go on as root without knowing it.",
    todo: "Answer with an error, such as 1 (EPERM).",
    what: () => "answers 0: the kernel does not make the call, but the program believes that it succeeded",
  },
  "missing-floor": {
    title: "The container may not start",
    why:
      "The runtime makes some calls after it has installed the filter. The profile has to allow them. They " +
      "differ between runc, crun and their versions.",
    todo: "Regenerate the profile from a recording of the container: it then has the floor.",
    what: ({ names, starts, needed, privileged }) => {
      const only =
        privileged.length === 0 ? "" : `, of which without no-new-privileges only ` + `${privileged.join(", ")}`;
      const what = {
        never: "the container does not start",
        "not-runc": `under runc, Docker's own runtime, the container does not start without ${listWords(needed)}`,
        some: "in some starts, or on some versions of runc or crun, the container does not start",
        "no-new-privileges": "the container starts only with --security-opt no-new-privileges",
      } as const;
      const shown = starts === "no-new-privileges" ? "" : only;
      return `the container runtime itself may call ${names.join(", ")}${shown}: ${what[starts]}`;
    },
  },
  "enosys-trap": {
    title: "New calls answer EPERM",
    why:
      "Libraries try a new call first and fall back to the old one on ENOSYS, but not on EPERM. Programs " +
      "then break after an update of the base image.",
    todo: "Let these calls answer ENOSYS, as Docker does for clone3.",
    what: ({ names, enosys }) =>
      `libraries fall back on ENOSYS ("errnoRet": ${enosys}), but these calls answer EPERM: ${names.join(", ")}; ` +
      "a newer libc or runtime breaks on them",
  },
  "foreign-errno": {
    title: "The error has another number here",
    why:
      "mips and parisc number errors in their own way, and a profile has one number for all architectures. " +
      "Libraries then do not fall back as they do on ENOSYS, and programs report an error that makes no sense.",
    todo: "Make a profile for these architectures alone, with their number of ENOSYS.",
    what: ({ arch, number, enosys }) =>
      `${number} is ENOSYS on most architectures, but not on ${dockerArch(arch)}, where ENOSYS is ${enosys}`,
  },
  "socketcall-open": {
    title: "The other way to a socket is open",
    why:
      "On 32-bit x86, socketcall makes any socket. Its arguments are in memory, which no filter sees, so " +
      "the conditions on socket have no effect.",
    todo: "Remove socketcall or the 32-bit architecture.",
    what: ({ arch }) =>
      `socket is pinned, but on ${dockerArch(arch)} socketcall opens any socket: its arguments are in ` +
      `memory, where ` +
      "no filter sees them",
  },
  "compat-architecture": {
    title: "A second way into the kernel",
    why: "Calls of another architecture reach other kernel code, which is less used and less tested.",
    todo: "Remove the architecture unless the image has programs for it.",
    what: ({ names }) =>
      `calls of ${names.join()} are served too; few images have programs of it, and it is a second way into ` +
      `the kernel`,
  },
  "agent-needed": {
    title: "Calls wait for a program that answers",
    why:
      "SCMP_ACT_NOTIFY and SCMP_ACT_TRACE hand the call to another program. Without a tracer the call fails with " +
      "ENOSYS. Without an agent at listenerPath runc does not start the container, and engines that do not know " +
      "listenerPath (Docker before 23) leave it out.",
    todo: "Run the agent with the container, or use SCMP_ACT_ERRNO.",
    what: ({ names, action, listener }) => {
      const calls = names.length === 0 ? "every call that is not named" : shortened(names);
      if (action !== "SCMP_ACT_NOTIFY")
        return `${action} needs a program that traces the container; without one ${calls} fails with ENOSYS`;
      return listener === undefined || listener === ""
        ? `${action} needs an agent that answers ${calls}, and the profile names none in listenerPath`
        : `${action} needs an agent that answers ${calls} at ${listener}; ` +
            "if none listens there, the container does not start";
    },
  },
  "cut-conditions": {
    title: "More conditions than crun takes",
    why: "crun keeps the first six conditions of a group and silently drops the others. runc keeps all.",
    todo: "Write several groups of at most six conditions.",
    what: ({ names, taken, given }) =>
      `crun takes ${taken} of the ${given} conditions on ${shortened(names)} and drops the others`,
  },
  "shadowed-rule": {
    title: "A rule that changes nothing",
    why:
      "Another rule answers the same calls. A reviewer reads two rules of which one counts, and may correct " +
      "the wrong one.",
    todo: "Remove it.",
    what: ({ names }) =>
      `this rule on ${names.join(", ")} has no effect: ` +
      "another rule answers these calls already, or no call can match it",
  },
  "old-format": {
    title: "An old format",
    why:
      'Groups with "name" are from before Docker 1.13. Docker still reads them; other engines and ' + "tools do not.",
    todo: 'Write "names": ["…"]. --fix does it.',
    what: ({ names }) =>
      `${names.length} groups have "name" for one call, as before Docker 1.13; "names" takes them together and is ` +
      "what other tools read",
  },
  "missing-architectures": {
    title: "No architectures",
    why: "The engine filters only the machine's own architecture. Every call of another one kills the program.",
    todo: "Name the architectures that the profile is for.",
    what: () =>
      "names no architectures: the engine filters only its own, and kills programs of another (a 32-bit program)",
  },
  "huge-profile": {
    title: "Too large for the kernel",
    why: "The kernel takes at most 4096 instructions (BPF_MAXINSNS). The container does not start.",
    todo: "Replace lists of values by masks, or leave arguments with many values open.",
    what: ({ instructions, sure }) =>
      `about ${instructions} instructions for all architectures: the kernel takes at most ` +
      `${maxInstructions}, so the ` +
      `container ${sure ? "does not start" : "may not start"}`,
  },
};

/** What is wrong, in words. */
export function findingText<Kind extends FindingKind>(finding: FindingOf<Kind>): string {
  const where = finding.machine === undefined ? "" : `on ${dockerArch(finding.machine)}: `;
  return where + (findingKinds[finding.kind] as FindingWords<Kind>).what(finding);
}

const fixWords: { readonly [kind in FixKind]: string } = {
  "new-spelling": '"name" is written as "names"',
  "masked-equality": "compares the bits that the kernel looks at",
};

/** What a correction does, in words. */
export function fixText({ kind }: Fix): string {
  return fixWords[kind];
}

/** A call and its answer, as `evaluate` gave it. */
function witnessWords({ call, answer }: Witness): string {
  return `${callWords(call)} gets ${formatAction(answer)}`;
}

function passedWords({ args, witness }: PassedCall): string {
  const { name } = witness;
  const denied = args.map(({ index, value }) => conditionWords(name, { index, op: "SCMP_CMP_EQ", datum: value }));
  return `${name} with ${denied.join(" and ")} as ${callWords(witness)}`;
}

function placeWords(pointer: string | undefined): string {
  return pointer === undefined ? "" : `, and ${pointer} answers`;
}

function listWords(names: readonly string[]): string {
  return shortened(names);
}

function without(index: number, mask: bigint): ArgCondition {
  return { index: index as ArgIndex, op: "SCMP_CMP_MASKED_EQ", mask, datum: 0n };
}

/** The first items of a list. */
function shortened(items: readonly string[]): string {
  return `${items.slice(0, 8).join(", ")}${items.length > 8 ? " …" : ""}`;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
