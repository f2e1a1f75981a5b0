import { elsewhereByHost } from "../core/diff/index.ts";
import { isDangerousElsewhere, type Opening } from "../core/judgement/index.ts";
import { profileChangeTexts } from "./diff.ts";
import type { Line } from "./page.ts";
import type { JudgedProfile } from "./review-model.ts";
import { clipped } from "./review-words.ts";

/** A change that no call's row shows. */
export interface WholeChange {
  /** A key for the change that unrelated changes do not alter. */
  readonly about: string;
  readonly weight: Opening["level"];
  readonly line: Line;
}

/** Changes that concern all calls: errno 0 for denied calls, the default action, and members beside the rules. */
export function wholeChanges({ assessment }: JudgedProfile): readonly WholeChange[] {
  const { profile, open, dangerousUnnamed, pretended } = assessment;
  const names = [...new Set(pretended.map(({ syscall }) => syscall))].join(", ");
  return [
    ...(names === ""
      ? []
      : [
          {
            about: "pretended",
            weight: "danger",
            line: [
              { strong: "Dangerous: denied, but the program sees success" },
              " (errno 0): ",
              { data: clipped(names, 200) },
            ],
          } as const,
        ]),
    ...(open
      ? [
          {
            about: "open",
            weight: "danger",
            line: [
              { strong: "Dangerous: every call that no rule names is possible now" },
              ", also calls of future kernels",
              ...(dangerousUnnamed.length === 0
                ? []
                : ["; among them ", { data: clipped(dangerousUnnamed.join(", "), 200) }]),
            ],
          } as const,
        ]
      : []),
    ...profileChangeTexts(profile).map((words, at): WholeChange => ({
      about: profile[at]?.kind ?? "profile",
      weight: profile[at]?.kind === "no-filter" ? "danger" : "notable",
      line: [words],
    })),
  ];
}

/** What became possible on other hosts, dangerous first. */
export function changesElsewhere({ elsewhere }: JudgedProfile): readonly WholeChange[] {
  return [true, false].flatMap((isDangerous) =>
    elsewhereByHost(elsewhere.filter((one) => isDangerousElsewhere(one) === isDangerous)).map((words): WholeChange => ({
      about: `elsewhere ${words.replace(/: .*$/, "")}`,
      weight: isDangerous ? "danger" : "notable",
      line: [...(isDangerous ? [{ strong: "dangerous" }, ": "] : []), { data: clipped(words, 600) }],
    })),
  );
}
