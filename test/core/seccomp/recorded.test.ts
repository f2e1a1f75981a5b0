import { expect, test } from "vitest";
import { refusedRule } from "../../../src/core/seccomp/index.ts";
import { decidingRule } from "../../../src/core/seccomp/evaluate.ts";
import { readAnswers } from "../../support/kernel-answers.ts";
import { defaultErrno } from "../../support/oracle.ts";

const all = readAnswers();

test("what libseccomp refused is refused, at the same rule, and nothing else is", () => {
  const told = all.map(({ rules, wide }) => {
    const refused = refusedRule(rules, wide);
    return refused === undefined ? undefined : rules.indexOf(refused);
  });
  expect(told).toEqual(all.map(({ refused }) => refused));
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
