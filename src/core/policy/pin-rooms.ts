import { isRead, type ArgTuple } from "../recording/index.ts";
import { callArgs, ruleMatches, type ArgCondition, type ArgIndex, type Rule } from "../seccomp/index.ts";
import { hasOwnNumbers, operationsOf, type Operation, type RequiredCall, type ScmpArch } from "../tables/index.ts";
import { isOpenedByCode, tellsArguments } from "./constants-in-code.ts";
import { equals32, errno, masked, ruleOf, type Also, type Pin, type PinContext, type Pinner } from "./pin.ts";

/**
 * Arguments that every program may use, recorded or not, because programs vary them from day to day. A pin allows its
 * rooms and the recorded values, and nothing else. The operations of tables/operations.ts lie outside the rooms.
 */
export interface Room {
  readonly conditions: readonly ArgCondition[];
  readonly words: string;
  readonly reason: string;
  readonly source: string;
  /** Open with --args strict too, because the container runtime needs it to start a container. */
  readonly always?: true;
}

/** A form of an operation, for one call on one architecture. */
interface Form {
  readonly operation: Operation;
  readonly form: RequiredCall;
}

/** The forms of all operations of a call on this architecture. */
export function formsOf(syscall: string, arch: ScmpArch): readonly Form[] {
  return operationsOf(syscall).flatMap((operation) =>
    operation.forms
      .filter(({ names, arches }) => names.includes(syscall) && (arches === undefined || arches.includes(arch)))
      .map((form) => ({ operation, form })),
  );
}

/** Does a recorded call match the rule? An argument that could not be read may be anything. */
function matches(rule: Rule, indices: readonly ArgIndex[], tuple: ArgTuple): boolean {
  return ruleMatches(
    {
      conditions: rule.conditions.filter(({ index }) => (tuple[indices.indexOf(index)] ?? null) !== null),
    },
    callArgs(Object.fromEntries(indices.map((index, at) => [index, tuple[at] ?? 0n]))),
  );
}

/** The answers of the operations that stay closed. */
function answersOf(syscall: string, { arch }: PinContext, except: (form: Form) => boolean = () => false) {
  return formsOf(syscall, arch)
    .filter((form) => !except(form))
    .map(({ operation, form }): Pin["answers"][number] => ({
      action: errno(operation.answer.errno),
      rule: ruleOf(form),
      reason: `would ${operation.does}, which was not seen: ${operation.answer.then}`,
      source: operation.source,
    }));
}

/** The recorded values, each compared whole. */
function exactly(indices: readonly ArgIndex[], values: readonly ArgTuple[]): readonly Rule[] {
  return values.map((tuple) => ({
    conditions: tuple.flatMap((value, at) => (value === null ? [] : [equals32(indices[at] ?? 0, value)])),
  }));
}

/** Allows any flags except those that open an operation. It is one rule, whatever their number. */
export function pinFlags(index: ArgIndex, words: string): Pinner {
  return (values, context, syscall) => {
    const { arch, tier } = context;
    const indices = [index];
    const isOpen = ({ operation, form }: Form): boolean =>
      values.some((tuple) => matches(ruleOf(form), indices, tuple)) ||
      isOpenedByCode(context, syscall, operation, form) ||
      (operation.id === "peek" && !tellsArguments(context, syscall, indices));
    const forms = formsOf(syscall, arch);
    const closed = forms.filter((form) => !isOpen(form));
    if (hasOwnNumbers(arch, syscall)) return { unpinned: "its arguments have other numbers on this architecture" };
    if (tier === "strict" && values.length > 0)
      return { allow: exactly(indices, values), answers: answersOf(syscall, context, isOpen) };
    if (closed.length === 0) return { unpinned: "all that a pin would deny was seen" };
    const mask = closed.reduce((bits, { form }) => bits | BigInt(form.args?.[0]?.mask ?? 0), 0n);
    return {
      allow: [],
      also: [
        {
          rule: { conditions: [masked(index, mask, 0n)] },
          words: `any ${words}, but not to ${closed.map(({ operation }) => operation.does).join(", or to ")}`,
          reason: "other values vary from day to day",
          source: `${syscall}(2)`,
          seen: values.length > 0,
        },
      ],
      answers: answersOf(syscall, context, isOpen),
    };
  };
}

/** Allows the rooms, and the recorded values outside them. Both are compared under these masks. */
export function pinRooms(
  indices: readonly ArgIndex[],
  masks: readonly bigint[],
  rooms: (context: PinContext) => readonly Room[],
): Pinner {
  return (values, context, syscall) => {
    if (hasOwnNumbers(context.arch, syscall))
      return { unpinned: "its arguments have other numbers on this architecture" };
    const strict = context.tier === "strict" && values.length > 0;
    const entered = rooms(context).filter(({ always = false }) => !strict || always);
    const open = entered.map(({ words, reason, source, ...room }): Also => {
      const rule = { conditions: room.conditions };
      return { words, reason, source, rule, seen: values.some((tuple) => matches(rule, indices, tuple)) };
    });
    const beyond = values.filter((tuple) => !open.some(({ rule }) => isRead(tuple) && matches(rule, indices, tuple)));
    const rule = (tuple: ArgTuple): Rule => ({
      conditions: tuple.flatMap((value, at) =>
        value === null ? [] : [masked(indices[at] ?? 0, masks[at] ?? 0n, value & (masks[at] ?? 0n))],
      ),
    });
    const forms = formsOf(syscall, context.arch);
    const passed = forms.filter(({ operation, form }) => isOpenedByCode(context, syscall, operation, form));
    const isSeen = ({ form }: Form): boolean => values.some((tuple) => matches(ruleOf(form), indices, tuple));
    const implied = forms.filter(
      (one) =>
        one.operation.together === true &&
        !isSeen(one) &&
        forms.some((other) => other.operation === one.operation && isSeen(other)),
    );
    const allowed = (each: readonly Form[], why: string): readonly Also[] =>
      each.map(({ operation, form }) => ({
        rule: ruleOf(form),
        reason: `${why}: may ${operation.does}`,
        source: operation.source,
      }));
    return {
      allow: strict ? exactly(indices, beyond) : beyond.map(rule),
      also: [
        ...open,
        ...allowed(passed, "the program's code passes it as a constant"),
        ...allowed(implied, "was seen in another form, and C libraries count on all"),
      ],
      answers: answersOf(syscall, context, (form) => passed.includes(form) || implied.includes(form)),
      ...(beyond.some((tuple) => !isRead(tuple)) ? { lost: "an argument could not be read" } : {}),
    };
  };
}
