import type { ProfileComparison, ProfileDiff, SyscallChange } from "../core/diff/index.ts";
import type { CallExplanation, Explanation } from "../core/explain/index.ts";
import { formatAction } from "../core/seccomp/index.ts";
import { dockerArch, type ScmpArch } from "../core/tables/index.ts";
import { elsewhereOf, exampleCall, profileChangeTexts, rulesText } from "./diff.ts";
import { keptCount, reasonsOf, stateOf } from "./explain-words.ts";
import { html, htmlDocument, type Html } from "./html.ts";
import { callDetails, callList, figure, picture, tools, vulnerabilityTable, type Look } from "./report-parts.ts";
import { reportScript } from "./report-script.ts";
import { reportStyle } from "./report-style.ts";

/** What the page of a comparison needs: the same calls, explained under each profile. */
export interface DiffPageModel {
  readonly diff: ProfileComparison | ProfileDiff;
  readonly before: Explanation;
  readonly after: Explanation;
}

const looks: readonly (Look & { readonly meaning: string })[] = [
  {
    state: "beyond",
    letter: "+",
    words: "newly allowed: look at it",
    meaning: "denied before, allowed now; attackers look for it, or Docker's default denies it",
  },
  {
    state: "allowed",
    letter: "+",
    words: "newly allowed",
    meaning: "denied before, allowed now, wholly or with more arguments",
  },
  {
    state: "pinned",
    letter: "~",
    words: "allowed with other arguments",
    meaning: "allowed before and now, under other conditions",
  },
  {
    state: "closed",
    letter: "−",
    words: "no longer allowed, or with fewer arguments",
    meaning: "allowed before, denied now, wholly or in part",
  },
  {
    state: "floor",
    letter: "e",
    words: "denied with another answer",
    meaning: "denied before and now, with another answer",
  },
  { state: "same", letter: "=", words: "unchanged", meaning: "every call gets the same answer" },
];

/** A comparison of two profiles as one self-contained page. */
export function diffPage({ diff, before, after }: DiffPageModel): string {
  const changes = new Map(diff.syscalls.map((change) => [`${change.arch} ${change.syscall}`, change]));
  const changeOf = (arch: string, { name }: CallExplanation): SyscallChange | undefined =>
    changes.get(`${arch} ${name}`);
  const lookFor =
    (arch: string) =>
    (call: CallExplanation): Look =>
      lookOf(changeOf(arch, call), call);
  const count = (state: string): number =>
    after.arches.reduce(
      (sum, { arch, calls }) => sum + calls.filter((call) => lookFor(arch)(call).state === state).length,
      0,
    );
  const old = new Map(before.vulnerabilities.map((verdict) => [verdict.vulnerability.id, verdict]));
  const moved = (into: boolean): typeof after.vulnerabilities =>
    after.vulnerabilities.filter(
      ({ vulnerability, reach }) =>
        (reach === "closed") === !into && (old.get(vulnerability.id)?.reach === "closed") === into,
    );
  const known = figure(
    "Known vulnerabilities out of reach",
    closedCount(after),
    closedCount(before),
    after.vulnerabilities.length,
    `before: ${closedCount(before)}`,
  );
  const reached =
    moved(true).length > 0
      ? vulnerabilityTable("Newly within reach, on a kernel that is not up to date", moved(true), after.ceilingName)
      : html`<p>None comes within reach.</p>`;
  const changed = (arch: ScmpArch, calls: readonly CallExplanation[]): string =>
    `${calls.filter((call) => changeOf(arch, call) !== undefined).length} changed`;
  const details = (arch: ScmpArch, call: CallExplanation): Html =>
    callDetails(arch, call, after, changeRows(changeOf(arch, call), before, arch, call));
  const whole = profileChangeTexts(diff.profile);
  const body = html`<header><h1>What changes from <code>${before.profile}</code> to <code>${after.profile}</code></h1>
    <p class="lead">${sentence(diff, moved(true).length, moved(false).length)}</p>
<dl class="figures">${after.arches.map(({ arch, counts }) => {
    const was = before.arches.find((other) => other.arch === arch);
    const kept = was === undefined ? 0 : keptCount(was.counts);
    return figure(
      `System calls allowed, ${dockerArch(arch)}`,
      keptCount(counts),
      kept,
      counts.total,
      `before: ${kept}`,
    );
  })}${known}</dl><p class="quiet">Thick bar: after. Thin bar: before.</p></header>
<main>${
    whole.length > 0 &&
    html`<section aria-labelledby="whole"><h2 id="whole">The whole profile</h2><ul>
  ${whole.map((line) => html`<li>${line}</li>`)}</ul></section>`
  }
${changeTable(diff, after)}${elsewhereLists(diff)}
<section aria-labelledby="calls"><h2 id="calls">Every system call of the kernel</h2>
  <p>A plus is newly possible, a minus no longer; ▲ marks calls that attackers look for.</p>
${tools(looks, count)}<div class="picture"><div>${after.arches.map(
    ({ arch, calls }) =>
      html`${after.arches.length > 1 && html`<h3>${dockerArch(arch)}</h3>`}
        ${picture(arch, calls, lookFor(arch), (group) => changed(arch, group))}`,
  )}</div><aside class="panel" id="panel" tabindex="0" aria-label="The call you are at">
    <p class="quiet">Point at a call, or move to it with the arrow keys: what it was and what it is now is shown
    here.</p></aside></div></section>
<section aria-labelledby="known"><h2 id="known">Known kernel vulnerabilities and container escapes</h2>
${reached}
${
  moved(false).length > 0 &&
  html`<details class="printed"><summary>Newly out of reach <span>${moved(false).length}
  </span></summary>${vulnerabilityTable("Within reach before", moved(false), after.ceilingName)}</details>`
}</section>
<section aria-labelledby="each"><h2 id="each">Each call</h2>
  ${callList(after, details)}</section></main>
<footer>Made by seccomp-gen. This page loads nothing and sends nothing.</footer>`;
  return htmlDocument({
    title: `${before.profile} → ${after.profile}`,
    style: reportStyle,
    script: reportScript,
    body,
  });
}

/** What differs only on other hosts, one host on a line. */
function elsewhereLists(diff: ProfileComparison | ProfileDiff): readonly Html[] {
  return elsewhereOf(diff).map(
    ({ title, count, list }) =>
      html`<details class="printed"><summary>${title[0]?.toUpperCase()}${title.slice(1)} <span>${count}
  </span></summary><ul>${list.map((line) => html`<li>${line}</li>`)}</ul></details>`,
  );
}

function closedCount({ vulnerabilities }: Explanation): number {
  return vulnerabilities.filter(({ reach }) => reach === "closed").length;
}

function lookOf(change: SyscallChange | undefined, call: CallExplanation): Look {
  const { docker, exposure } = call;
  const risky = exposure?.level === "danger" || docker === "denied" || docker === "enosys";
  if (change === undefined) return { state: "same", letter: "=", words: `unchanged: ${stateOf(call)}` };
  switch (change.kind) {
    case "newly-allowed":
    case "widened":
      return {
        state: risky ? "beyond" : "allowed",
        letter: "+",
        words: `${changeWords[change.kind]}${otherAction(change)}${risky ? ": look at it" : ""}`,
      };
    case "changed":
      return { state: "pinned", letter: "~", words: changeWords[change.kind] };
    case "narrowed":
    case "no-longer-allowed":
      return { state: "closed", letter: "−", words: changeWords[change.kind] };
    case "denied-differently":
      return { state: "floor", letter: "e", words: changeWords[change.kind] };
    default:
      return change.kind satisfies never;
  }
}

/** The call's new action, such as ` (ask the agent)`. Empty if the call is simply allowed. */
function otherAction({ is }: SyscallChange): string {
  return is.action === "SCMP_ACT_ALLOW" ? "" : ` (${formatAction(is)})`;
}

const changeWords: { readonly [kind in SyscallChange["kind"]]: string } = {
  "newly-allowed": "newly allowed",
  widened: "allowed with more arguments",
  changed: "allowed with other arguments",
  narrowed: "allowed with fewer arguments",
  "no-longer-allowed": "no longer allowed",
  "denied-differently": "denied with another answer",
};

function sentence(diff: ProfileComparison | ProfileDiff, reached: number, closed: number): string {
  const { syscalls, profile } = diff;
  const count = (...kinds: readonly SyscallChange["kind"][]): number =>
    syscalls.filter(({ kind }) => kinds.includes(kind)).length;
  const parts = [
    [count("newly-allowed"), "newly allowed"],
    [count("widened", "changed"), "allowed with more or other arguments"],
    [count("no-longer-allowed", "narrowed"), "no longer allowed, or with fewer arguments"],
    [count("denied-differently"), "denied with another answer"],
    ...elsewhereOf(diff).map(({ title, count }) => [count, title] as const),
    [reached, `known ${reached === 1 ? "vulnerability" : "vulnerabilities"} newly within reach`],
    [closed, `known ${closed === 1 ? "vulnerability" : "vulnerabilities"} newly out of reach`],
  ] as const;
  const said = parts.flatMap(([number, words]) => (number === 0 ? [] : [`${number} ${words}`]));
  if (said.length + profile.length === 0) return "Nothing: every call gets the same answer.";
  return said.length === 0 ? "" : `${said.join("; ")}.`;
}

/** A reviewer should look first at what opened. Rules are shown if arguments are part of them. */
function changeTable({ syscalls }: ProfileDiff, after: Explanation): Html | false {
  const opened = syscalls.flatMap((change) => {
    const call = after.arches
      .find(({ arch }) => arch === change.arch)
      ?.calls.find(({ name }) => name === change.syscall);
    return (change.kind === "newly-allowed" || change.kind === "widened" || change.kind === "changed") &&
      call !== undefined
      ? [{ change, call, look: lookOf(change, call) }]
      : [];
  });
  if (opened.length === 0) return false;
  const risky = opened.filter(({ look }) => look.state === "beyond");
  const shown = [...risky, ...opened.filter((row) => !risky.includes(row))].slice(0, 200);
  return html`<section aria-labelledby="opened"><h2 id="opened">What became possible</h2><table class="opened">
    <caption>Each with its reason. Calls that attackers look for, or that Docker's default denies, come first</caption>
<thead>
    <tr><th scope="col">Call</th><th scope="col">what it does</th><th scope="col">why</th></tr></thead><tbody>
    ${shown.map(({ change, call, look }) => {
      const rules = [...change.before, ...change.after].some(({ rule }) => rule.conditions.length > 0);
      return html`<tr><th scope="row"><span class="tile ${look.state}"><i>${look.letter}</i>${change.syscall}</span>
        ${otherAction(change)}</th><td>${call.text?.does ?? "no table knows this call"}
        ${call.exposure?.level === "danger" && html`; <span class="warn">${call.exposure.reason}</span>`}
        ${
          call.docker === "denied" || call.docker === "enosys"
            ? html`; <span class="warn">Docker's default denies
        it</span>`
            : false
        }${
          rules &&
          html`<br><span class="quiet">before: ${rulesText(change.syscall, change.before, change.arch)}
          <br>after: ${rulesText(change.syscall, change.after, change.arch)}<br>for example <code>${exampleCall(change)}
          </code>: ${formatAction(change.was)} → ${formatAction(change.is)}</span>`
        }</td><td>${reasonsOf(call).slice(0, 3).join("; ")}</td></tr>`;
    })}</tbody></table>${
      opened.length > shown.length &&
      html`<p>
    ${opened.length - shown.length} more are in the picture below.</p>`
    }</section>`;
}

function changeRows(
  change: SyscallChange | undefined,
  before: Explanation,
  arch: string,
  { name }: CallExplanation,
): readonly (readonly [string, string])[] {
  const was = before.arches.find((other) => other.arch === arch)?.calls.find((call) => call.name === name);
  return [
    ["before", was === undefined ? "the architecture was not served" : stateOf(was)],
    ...(change === undefined
      ? []
      : [
          ["change", changeWords[change.kind]] as const,
          ["example", `${exampleCall(change)}: ${formatAction(change.was)} → ${formatAction(change.is)}`] as const,
        ]),
  ];
}
