import { expect, test } from "vitest";
import { refusedRule } from "../../../src/core/seccomp/index.ts";
import { decidingRule } from "../../../src/core/seccomp/evaluate.ts";
import { readAnswers } from "../../support/kernel-answers.ts";
import { defaultErrno } from "../../support/oracle.ts";

const all = readAnswers();

test("what libseccomp refused is refused, at the same rule, and nothing else is", () => {
  const wide = all.filter((each) => each.wide);
  const told = wide.map(({ rules }) => rules.findIndex((rule) => rule === refusedRule(rules, true)));
  expect(told).toEqual(wide.map(({ refused = -1 }) => refused));
});

test("beside 32-bit arguments, what either width refuses is refused", () => {
  const narrow = all.filter((each) => !each.wide);
  const told = narrow.map(({ rules }) => [true, false].some((width) => refusedRule(rules, width) !== undefined));
  expect(told).toEqual(narrow.map(({ refused }) => refused !== undefined));
});

test.each([true, false])("evaluate answers as the kernel answered (64-bit arguments: %s)", (width) => {
  const wrong = all
    .filter(({ wide }) => wide === width)
    .flatMap(({ rules, answers }) =>
      answers.flatMap(({ args, errno }) => {
        const action = decidingRule(rules, args, width)?.action;
        const answer = action?.action === "SCMP_ACT_ERRNO" ? action.errnoRet : defaultErrno;
        return answer === errno ? [] : [{ rules, args, errno, answer }];
      }),
    );
  expect(wrong).toEqual([]);
});
