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

/** A kind of finding in words. FINDINGS.md is made of them. */
export interface FindingWords<Kind extends FindingKind> {
  readonly title: string;
  /** What it means for those who run the profile. */
  readonly why: string;
  readonly todo: string;
  /** What is so in this profile. */
  readonly what: (finding: FindingOf<Kind>) => string;
}

/** Every kind of finding, in words. */
export const findingKinds: { readonly [Kind in FindingKind]: FindingWords<Kind> } = {
  "no-filter": {
    title: "No filter at all",
    why:
      "Engines take a document in which they find neither a default action nor groups for seccomp " +
      "switched off: the container may make every call of the kernel, more than without a profile.",
    todo: "Put the profile itself into the file, with its defaultAction and syscalls at the top.",
    what: ({ noFilter }) => noFilterText(noFilter),
  },
  denylist: {
    title: "The default action lets calls through",
    why:
      "A list of what is forbidden is never complete: every call it does not name is open, also those " +
      "of kernels to come.",
    todo: "Let the default be SCMP_ACT_ERRNO and name what is needed: record the workload and generate the profile.",
    what: () => "everything that is not named is allowed, also calls of kernels to come",
  },
  "unknown-syscall": {
    title: "A name that no kernel has",
    why: "Engines leave unknown names out without a word: what was meant is not allowed, or not denied.",
    todo: "Correct the name. Names are those of the syscalls(2) manual.",
    what: ({ names, meant }) => {
      const doubt = meant === undefined ? "" : `; did you mean ${meant}?`;
      return `there is no syscall ${names.join()}, so the name does nothing${doubt}`;
    },
  },
  "more-unknown-syscalls": {
    title: "Many more names that no kernel has",
    why: "Engines leave unknown names out without a word. Somebody who reads the profile reads them all.",
    todo: "Take them out.",
    what: ({ count }) => `${count} more names do nothing, because there are no such syscalls`,
  },
  "unknown-member": {
    title: "A member that no engine reads",
    why:
      'Engines leave out what they do not know without a word: a group with "arg" for "args" has ' +
      "no conditions at all.",
    todo: "Correct its spelling, or take it out.",
    what: ({ names, meant }) => {
      const doubt = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
      return `engines do not know the member ${JSON.stringify(names.join())} and leave it out${doubt}`;
    },
  },
  "unknown-architecture": {
    title: "An architecture that libseccomp does not have",
    why: "The runtime refuses the profile: the container does not start.",
    todo: "Use names as SCMP_ARCH_X86_64 and SCMP_ARCH_AARCH64.",
    what: ({ names }) => `libseccomp knows no architecture ${names.join()}: the container does not start`,
  },
  conflict: {
    title: "Two answers for the same call",
    why:
      "libseccomp refuses a rule that says something else for calls which an earlier rule has " +
      "answered: the container does not start.",
    todo: "Keep one of the rules, or give them conditions that do not meet.",
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
    title: "Conditions that look and-bound are or-bound",
    why:
      "Where a group has two conditions on one argument, runc and crun make a rule of every condition: " +
      "either one suffices, and a range becomes everything.",
    todo: "Say it with one condition on each argument, SCMP_CMP_MASKED_EQ for sets of flags.",
    what: ({ index }) => `two conditions on ${argumentName(index)}: runc and crun let either one suffice`,
  },
  "wide-comparison": {
    title: "A 64-bit comparison of a 32-bit argument",
    why:
      "The kernel looks at the lower half only. A program that sets an upper bit does the same, but " +
      "the rule no longer sees it: a deny rule is passed by, an allow rule refuses what is harmless.",
    todo: "Use SCMP_CMP_MASKED_EQ with the mask 4294967295. --fix does it for SCMP_CMP_EQ.",
    what: ({ passed }) => {
      const open = `; so these pass with bit 32 set, though they are denied: ${shortened(passed.map(passedWords))}`;
      return (
        "compares 64 bits of a 32-bit argument: set an upper bit, and the kernel does the same while the rule no " +
        `longer matches${passed.length === 0 ? "" : open}; use SCMP_CMP_MASKED_EQ with the mask 4294967295`
      );
    },
  },
  "void-deny": {
    title: "A deny that does not take effect",
    why:
      "The runtimes leave out rules that answer as the default does, and of two rules of which one asks nothing " +
      "libseccomp keeps that one alone. What the rule names passes.",
    todo:
      "Let the allowing rule leave out what is denied: give it the opposite condition (SCMP_CMP_NE, or " +
      "SCMP_CMP_MASKED_EQ for each bit), and take the deny out.",
    what: ({ names, why, passes, by }) => {
      const because =
        why === "dropped"
          ? "it answers as the default does, so the runtimes leave it out"
          : "libseccomp does not come to it";
      return `does not deny ${names.join(", ")}: ${because}${placeWords(by)}; ${witnessWords(passes)}`;
    },
  },
  "void-exception": {
    title: "An exception that does not take effect",
    why: "Beside a rule that denies every such call, libseccomp does not come to the one that allows some.",
    todo: "Give the denying rule the opposite condition, and take the exception out.",
    what: ({ names, why, denied, by }) => {
      const because =
        why === "dropped"
          ? "it answers as the default does, so the runtimes leave it out"
          : "libseccomp does not come to it";
      return `does not allow ${names.join(", ")}: ${because}${placeWords(by)}; ${witnessWords(denied)}`;
    },
  },
  "inverted-mask": {
    title: "A mask that means the opposite",
    why:
      "SCMP_CMP_MASKED_EQ holds where the bits of value are those of valueTwo. Without valueTwo they have to be " +
      "clear: the rule is about the calls without the flags.",
    todo:
      "Put the flags into value and into valueTwo to mean calls that set them; valueTwo 0 means those " +
      "that do not.",
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
      "The argument is a pointer. A filter sees the address, which the program chooses, and never what lies there: " +
      "the rule allows or denies by chance.",
    todo:
      "Take the condition out, and allow or deny the call as a whole (clone3: ENOSYS, so that libraries " +
      "use clone).",
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
    why: "A rule that no call meets does nothing, and a condition that every call meets asks nothing.",
    todo: "Correct the value, or take the condition or the rule out.",
    what: ({ names, index, holds, ints, condition }) => {
      const words = conditionWords(names[0] ?? "", condition);
      if (holds === "always")
        return `every value of ${argumentName(index)} meets “${words}”: the condition asks nothing`;
      const values = ints
        ? `no value that fits into the 32 bits of ${argumentName(index)} which the kernel looks at meets`
        : `no value of ${argumentName(index)} meets`;
      return `${values} “${words}”: the rule on ${names.join(", ")} does nothing`;
    },
  },
  "never-applies": {
    title: "A condition on hosts that never holds",
    why:
      "Engines compare these names letter by letter. A group whose includes never hold is left out everywhere, and " +
      "excludes that never hold leave nothing out.",
    todo: "Capabilities are written as CAP_SYS_ADMIN, architectures as amd64, x86, x32, arm64.",
    what: ({ names, side, cause }) => {
      const effect =
        side === "includes" ? `the group on ${listWords(names)} does not apply by it` : "nothing is left out by it";
      if (cause.type === "contradiction")
        return (
          `includes and excludes contradict each other in ${cause.of} (${cause.name}): ` +
          `the group on ${listWords(names)} never applies`
        );
      const kind = cause.of === "caps" ? "capability" : "architecture";
      const doubt = cause.meant === undefined ? "" : `; did you mean ${cause.meant}?`;
      return `no engine knows the ${kind} ${JSON.stringify(cause.name)} in ${side}: ${effect}${doubt}`;
    },
  },
  "open-sibling": {
    title: "A deny beside which another call does the same",
    why:
      "The kernel has several calls for it, and libraries choose among them. An attacker takes the one " +
      "that is open.",
    todo: "Deny all of them, or none.",
    what: ({ names, does, siblings }) =>
      `denies ${names.join(", ")}, but others ${does} too: ${siblings.map(witnessWords).join("; ")}`,
  },
  "ignored-bits": {
    title: "Bits that the mask ignores",
    why:
      "SCMP_CMP_MASKED_EQ compares the bits of value (the mask) with valueTwo; libseccomp drops the " +
      "bits of valueTwo outside of the mask, so the rule matches more than it says. With a mask of 0 " +
      "it matches every value.",
    todo: "Put the mask into value and what its bits have to be into valueTwo.",
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
    why: "The container can do what it could not do without any profile of yours.",
    todo: "Take the calls out, or say why they are needed (generate --allow).",
    what: ({ names, arches, ceiling }) =>
      `allows on ${arches.map(dockerArch).join(", ")} what ${ceiling} denies: ${names.join(", ")}`,
  },
  "beyond-elsewhere": {
    title: "Wider than Docker's default on other hosts",
    why:
      "Rules with includes or excludes apply with other capabilities, kernels or architectures than " +
      "the profile is judged for. containerd skips these conditions, podman skips minKernel.",
    todo: "Take the rule out, or give it the condition that Docker's default has for this call.",
    what: ({ elsewhere, ceiling }) => `allows on other hosts what ${ceiling} denies there: ${elsewhereText(elsewhere)}`,
  },
  "dangerous-call": {
    title: "A call that attackers look for",
    why:
      "It reaches parts of the kernel that had many vulnerabilities or that reach beyond the " +
      "container, and few services need it.",
    todo: "Take it out, or pin it to the arguments that were recorded (--args).",
    what: ({ names, exposes }) => `${names.join(", ")}: ${exposes}`,
  },
  "false-success": {
    title: "Denied calls that claim to have succeeded",
    why:
      "With errno 0 the call is not made and returns 0. A program that drops its privileges with " +
      "setuid goes on as root, and believes that it does not.",
    todo: "Answer with an error: 1 (EPERM), or 38 (ENOSYS).",
    what: () => "answers 0: the call is not made, and the program believes that it succeeded",
  },
  "missing-floor": {
    title: "The container may not start",
    why:
      "The runtime installs the filter before it is done: what it calls afterwards has to be allowed, " +
      "and differs between runc, crun and their versions.",
    todo: "Generate the profile again: the floor is part of it.",
    what: ({ names, starts, privileged }) => {
      const only = privileged.length === 0 ? "" : `, of which without no-new-privileges only ${privileged.join(", ")}`;
      const what = {
        never: "the container does not start on any version of runc or crun",
        some: "on some versions of runc or crun the container does not start",
        "no-new-privileges": "the container starts only with --security-opt no-new-privileges",
      } as const;
      const shown = starts === "no-new-privileges" ? "" : only;
      return `the container runtime itself may call ${names.join(", ")}${shown}: ${what[starts]}`;
    },
  },
  "enosys-trap": {
    title: "New calls answer EPERM",
    why:
      "Libraries try a new call first and fall back to the old one when the answer is ENOSYS. EPERM " +
      "they believe: programs break after an update of the base image.",
    todo: 'Let these calls answer ENOSYS ("errnoRet": 38), as Docker does for clone3.',
    what: ({ names }) =>
      `libraries fall back from ENOSYS, but these answer EPERM: ${names.join(", ")}; a newer libc or runtime breaks ` +
      "on them",
  },
  "socketcall-open": {
    title: "The other way to a socket is open",
    why:
      "On 32-bit x86 socketcall makes any socket. Its arguments are in memory, where no filter looks, " +
      "so the conditions on socket mean nothing.",
    todo: "Take socketcall out, or the 32-bit architecture.",
    what: ({ arch }) =>
      `socket is pinned, but on ${dockerArch(arch)} socketcall opens any socket: its arguments are in memory, where ` +
      "no filter sees them",
  },
  "compat-architecture": {
    title: "A second way into the kernel",
    why: "Calls of another architecture reach other kernel code, less used and less tested.",
    todo: "Take the architecture out unless the image has programs of it.",
    what: ({ names }) =>
      `calls of ${names.join()} are served too; few images have programs of it, and it is a second way into the kernel`,
  },
  "agent-needed": {
    title: "Calls wait for a program that answers",
    why:
      "SCMP_ACT_NOTIFY and SCMP_ACT_TRACE hand the call to another program. Without a tracer the call fails with " +
      "ENOSYS. Without an agent at listenerPath runc does not start the container, and engines that do not know " +
      "listenerPath (Docker before 23) leave it out.",
    todo: "Run the agent with the container, or use SCMP_ACT_ERRNO.",
    what: ({ names, action, listener }) => {
      const calls = shortened(names);
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
    why: "crun keeps the first six conditions of a group and leaves out the others without a word; runc keeps all.",
    todo: "Write several groups of at most six conditions.",
    what: ({ names, taken, given }) =>
      `crun takes ${taken} of the ${given} conditions on ${shortened(names)} and leaves out the others`,
  },
  "shadowed-rule": {
    title: "A rule that changes nothing",
    why:
      "Another rule answers the same calls. A reviewer reads two rules where one counts, and may " +
      "correct the wrong one.",
    todo: "Take it out.",
    what: ({ names }) =>
      `says nothing new of ${names.join(", ")}: another rule answers these calls already, or no call can match it`,
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
    why:
      "Only the machine's own architecture is filtered, and every call that comes in by another kills " +
      "the program.",
    todo: "Name the architectures the profile is meant for.",
    what: () =>
      "names no architectures: the engine filters its own only, and kills what enters the kernel by another (a " +
      "32-bit program)",
  },
  "huge-profile": {
    title: "Too large for the kernel",
    why: "A filter has at most 4096 instructions (BPF_MAXINSNS). The container does not start.",
    todo: "Replace lists of values by masks, or leave arguments open that have so many.",
    what: ({ instructions, sure }) =>
      `about ${instructions} instructions for all architectures: the kernel takes at most ${maxInstructions}, so the ` +
      `container ${sure ? "does not start" : "may not start"}`,
  },
};

/** What is so, in words. */
export function findingText<Kind extends FindingKind>(finding: FindingOf<Kind>): string {
  return (findingKinds[finding.kind] as FindingWords<Kind>).what(finding);
}

const fixWords: { readonly [kind in FixKind]: string } = {
  "new-spelling": '"name" is written as "names"',
  "masked-equality": "compares the 32 bits that the kernel looks at",
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

/** The first few of a list. */
function shortened(items: readonly string[]): string {
  return `${items.slice(0, 8).join(", ")}${items.length > 8 ? " …" : ""}`;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
