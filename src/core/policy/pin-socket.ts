import { isRead, type ArgTuple } from "../recording/index.ts";
import { conditionMatches, type Rule } from "../seccomp/index.ts";
import { hasOwnSocketTypes } from "../tables/index.ts";
import { pinRooms } from "./pin-rooms.ts";
import { ascending, equals32, errno, type Pin, type PinContext, type Pinner } from "./pin.ts";
import { internetName, internetRooms, type InternetFamily } from "./rooms.ts";

const int = 0xffff_ffffn;

/**
 * Families that programs try before they use them, and that they do without if the kernel lacks them (getaddrinfo(3),
 * if_nameindex(3), nscd).
 */
const probedFamilies: readonly { readonly value: bigint; readonly name: string }[] = [
  {
    value: 1n,
    name: "AF_UNIX",
  },
  {
    value: 2n,
    name: "AF_INET",
  },
  {
    value: 10n,
    name: "AF_INET6",
  },
  {
    value: 16n,
    name: "AF_NETLINK",
  },
];

const internetFamilies: readonly InternetFamily[] = [2n, 10n];
const netlink = 16n;

/**
 * Allows the seen families. Internet families get their ordinary protocols and the seen ones. Netlink gets only its
 * seen protocols.
 */
export const pinSocket: Pinner = (values, context, syscall) => {
  if (context.tier === "strict") return pinSocketExactly(values, context, syscall);
  const families = [...new Set(values.map(([family]) => family ?? 0n))].sort(ascending);
  const internet = internetFamilies.filter((family) => families.includes(family));
  const others = families.filter((family) => !internet.some((each) => each === family));
  const pins = [
    ...others.map((family): Pin => {
      const own = values.filter(([each]) => each === family);
      if (family !== netlink) return anyOf(family);
      const protocols = own.flatMap(([, , protocol]) => protocol ?? []);
      if (protocols.length < own.length)
        return { ...anyOf(family), lost: "a protocol of AF_NETLINK could not be read" };
      return {
        allow: [...new Set(protocols)]
          .sort(ascending)
          .map((protocol) => ({ conditions: [equals32(0, netlink), equals32(2, protocol)] })),
        answers: [],
      };
    }),
    ...pinInternet(internet, values, context, syscall),
  ];
  const lost = pins.flatMap((pin) => pin.lost ?? []);
  return {
    allow: pins.flatMap(({ allow }) => allow),
    also: pins.flatMap(({ also = [] }) => also),
    answers: [...pins.flatMap(({ answers }) => answers), ...familyAnswers(families, "socket(2)")],
    ...(lost.length === 0 ? {} : { lost: [...new Set(lost)].join("; ") }),
  };
};

/** A family with all its protocols. */
function anyOf(family: bigint): Pin {
  return { allow: [{ conditions: [equals32(0, family)] }], answers: [] };
}

const pinSocketExactly: Pinner = (values, context, syscall) => {
  const pin = pinRooms([0, 1, 2], [int, int, int], () => [])(values, context, syscall);
  if ("unpinned" in pin) return pin;
  const families = values.map(([family]) => family ?? 0n);
  const isOpen = ({ rule }: { readonly rule: Rule }): boolean => families.some((family) => isOfFamily(rule, family));
  return {
    ...pin,
    also: (pin.also ?? []).filter(isOpen),
    answers: [...pin.answers.filter(isOpen), ...familyAnswers(families, "socket(2)")],
  };
};

const isOfFamily = ({ conditions }: Rule, family: bigint): boolean =>
  conditions.some(({ index, datum }) => index === 0 && datum === family);

function pinInternet(
  families: readonly InternetFamily[],
  values: readonly ArgTuple[],
  context: PinContext,
  syscall: string,
): readonly Pin[] {
  const isUnread = (family: InternetFamily): boolean => values.some((tuple) => tuple[0] === family && !isRead(tuple));
  const whole = hasOwnSocketTypes(context.arch) ? families : families.filter(isUnread);
  const pinned = families.filter((family) => !whole.includes(family));
  const lost = (family: InternetFamily): string =>
    hasOwnSocketTypes(context.arch)
      ? "socket types have other numbers on this architecture"
      : `a type or protocol of ${internetName(family)} could not be read`;
  const wholes = whole.map((family) => ({ ...anyOf(family), lost: lost(family) }));
  if (pinned.length === 0) return wholes;
  const own = values.filter(([family]) => pinned.some((each) => each === family));
  const pin = pinRooms([0, 1, 2], [int, 0xfn, int], () => internetRooms(pinned))(own, context, syscall);
  if ("unpinned" in pin) return [...wholes, ...pinned.map(anyOf)];
  // Code opens operations of families that are open anyway. It opens no family.
  const isOwn = ({ rule: { conditions } }: { readonly rule: Rule }): boolean =>
    conditions.some(
      (condition) => condition.index === 0 && pinned.some((family) => conditionMatches(condition, family)),
    );
  return [...wholes, { ...pin, also: (pin.also ?? []).filter(isOwn), answers: pin.answers.filter(isOwn) }];
}

export const pinSocketpair: Pinner = (values) => {
  const families = [...new Set(values.map(([family]) => family ?? 0n))].sort(ascending);
  return { allow: families.map((family) => ({ conditions: [equals32(0, family)] })), answers: [] };
};

function familyAnswers(allowed: readonly bigint[], source: string): Pin["answers"] {
  const unused = probedFamilies.filter(({ value }) => !allowed.includes(value));
  const names = unused.map(({ name }) => name).join(", ");
  return unused.map(({ value }) => ({
    action: errno("EAFNOSUPPORT"),
    rule: { conditions: [equals32(0, value)] },
    reason: `not used: ${names}: answers as a kernel without`,
    source,
  }));
}
