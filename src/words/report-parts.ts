import type { CallExplanation, CallState, Explanation, Reach, VulnerabilityVerdict } from "../core/explain/index.ts";
import { dockerArch, subsystems, type ScmpArch } from "../core/tables/index.ts";
import { codeAnswerWords } from "./code-words.ts";
import {
  answersOf,
  bySubsystem,
  capabilityWords,
  gapsOf,
  keptCount,
  limitsOf,
  needsWords,
  reachCounts,
  reasonsOf,
  stateMeanings,
  stateOf,
  stateWords,
  vulnerabilityName,
} from "./explain-words.ts";
import { Html, html } from "./html.ts";

/**
 * How a tile looks. It shows whether a call is kept, closed by this profile, denied by Docker's default too, or beyond
 * that default.
 */
export interface Look {
  readonly state: string;
  readonly letter: string;
  readonly words: string;
}

const letters: { readonly [state in CallState]: string } = {
  allowed: "A",
  pinned: "P",
  floor: "S",
  enosys: "N",
  denied: "D",
};

/** The kinds of tiles: one profile beside Docker's default. */
export const looks: readonly (Look & { readonly meaning: string })[] = [
  { state: "allowed", letter: "A", words: "allowed", meaning: stateMeanings.allowed },
  { state: "pinned", letter: "P", words: stateWords.pinned, meaning: stateMeanings.pinned },
  { state: "floor", letter: "S", words: stateWords.floor, meaning: stateMeanings.floor },
  {
    state: "beyond",
    letter: "!",
    words: "beyond Docker's default",
    meaning: "without this profile, the container could not do this",
  },
  {
    state: "closed",
    letter: "N D",
    words: "denied by this profile alone",
    meaning:
      "Docker's default allows it, and this profile denies it. N: the program gets “not implemented”. D: " +
      "it gets another error",
  },
  {
    state: "both",
    letter: "N D",
    words: "denied by Docker's default too",
    meaning: "no container may make this call unless its profile allows it",
  },
];

/** The look of one call. */
export function lookOf(call: CallExplanation): Look {
  const { state, docker } = call;
  const denied = state === "denied" || state === "enosys";
  const dockerDenies = docker === "denied" || docker === "enosys";
  const letter = letters[state];
  if (denied)
    return {
      state: dockerDenies ? "both" : "closed",
      letter,
      words: `${stateOf(call)}${dockerDenies ? ", also by Docker's default" : "; Docker's default allows it"}`,
    };
  return dockerDenies
    ? { state: "beyond", letter: "!", words: `${stateOf(call)}; Docker's default denies it` }
    : { state, letter, words: stateOf(call) };
}

/** Big figures with a bar each. The bar shows this profile's share, and where Docker's default ends. */
export function figure(label: string, own: number, docker: number, total: number, text: string): Html {
  const share = (part: number): string => ((100 * part) / Math.max(1, total)).toFixed(1);
  return html`<div class="figure"><dt>${label}</dt><dd><span class="big">${own}</span> <span class="quiet">of ${total}
    </span>
<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6"/>
  <rect class="docker" width="${share(docker)}" y="4" height="2"/>
    <rect class="own" width="${share(own)}" height="3.4"/></svg>
<span class="quiet">${text}</span></dd></div>`;
}

/** The figures of a profile. */
export function figures(explanation: Explanation): Html {
  const [own, docker] = [reachCounts(explanation, "reach"), reachCounts(explanation, "docker")];
  // A call of several architectures counts once. It is open if it is open on one of them.
  const named = (is: (call: CallExplanation) => boolean): number =>
    new Set(
      explanation.arches
        .flatMap(({ calls }) => calls)
        .filter((call) => call.exposure?.level === "danger" && is(call))
        .map(({ name }) => name),
    ).size;
  const dangers = (whose: "state" | "docker"): number =>
    named((call) => call[whose] !== "denied" && call[whose] !== "enosys");
  const allDangers = named(() => true);
  const known = figure(
    "Known vulnerabilities out of reach",
    own.closed,
    docker.closed,
    explanation.vulnerabilities.length,
    `${explanation.ceilingName}: ${docker.closed}`,
  );
  const soughtAfter = figure(
    "Calls allowed that attackers look for",
    dangers("state"),
    dangers("docker"),
    allDangers,
    `${explanation.ceilingName}: ${dangers("docker")}`,
  );
  return html`<dl class="figures">${explanation.arches.map(({ arch, counts }) => {
    const there = keptCount({ states: counts.docker });
    return figure(
      `System calls allowed${explanation.arches.length > 1 ? `, ${dockerArch(arch)}` : ""}`,
      keptCount(counts),
      there,
      counts.total,
      `${explanation.ceilingName}: ${there}`,
    );
  })}${known}${soughtAfter}</dl>`;
}

/** The place of a call's details in the document. */
function anchor(arch: ScmpArch, name: string): string {
  return `${dockerArch(arch)}-${name}`;
}

/** The picture: a tile for each call, grouped by subsystem. */
export function picture(
  arch: ScmpArch,
  calls: readonly CallExplanation[],
  look: (call: CallExplanation) => Look,
  kept: (calls: readonly CallExplanation[]) => string,
): Html {
  return html`<div class="groups">${bySubsystem(calls).map(([subsystem, own]) => {
    const { title } = subsystems[subsystem];
    return html`<section class="group" data-title="${title.toLowerCase()}"><h3>${title} <span>${kept(own)}</span></h3>
      <ul class="tiles">${own.map((call) => tile(arch, call, look(call)))}</ul></section>`;
  })}</div>`;
}

function tile(arch: ScmpArch, { name, text, exposure }: CallExplanation, { state, letter, words }: Look): Html {
  const danger = exposure?.level === "danger";
  return html`<li><a class="tile ${state}" href="#${anchor(arch, name)}" data-state="${state}"
    data-words="${`${name} ${text?.does ?? ""} ${danger ? "dangerous" : ""}`.toLowerCase()}"><i aria-hidden="true">
      ${letter}</i>${name}${danger && html`<b aria-hidden="true">▲</b>`}<span class="hidden">: ${words}
      ${danger && ", attackers look for it"}</span></a></li>`;
}

/**
 * The search field, and a legend whose entries hide and show kinds of tiles. Both do nothing without the script, so
 * they stay hidden until the script shows them.
 */
export function tools(
  shown: readonly (Look & { readonly meaning: string })[],
  countOf: (state: string) => number,
): Html {
  return html`<div class="tools" hidden><label for="filter">Find a call</label>
    <input id="filter" type="search" autocomplete="off" spellcheck="false">${shown
      .filter(({ state }) => countOf(state) > 0)
      .map(
        ({ state, letter, words, meaning }) =>
          html`<button type="button" class="key" aria-pressed="true" data-state="${state}" title="${meaning}">
          <span class="tile ${state}" aria-hidden="true"><i>${letter}</i></span>
          ${words} (${countOf(state)})</button>`,
      )}<span id="count" role="status" class="quiet"></span></div>`;
}

/** A call's details, for the panel and for the list below. */
export function callDetails(
  arch: ScmpArch,
  call: CallExplanation,
  explanation: Explanation,
  more: readonly (readonly [string, string])[] = [],
): Html {
  const { name, text, exposure } = call;
  const limits = limitsOf(call);
  const verdicts = new Map(explanation.vulnerabilities.map((verdict) => [verdict.vulnerability.id as string, verdict]));
  const open = call.vulnerabilities.filter((id) => verdicts.get(id)?.reach === "open");
  const closed = call.vulnerabilities.filter((id) => verdicts.get(id)?.reach === "closed");
  const row = (term: string, value: string | Html): Html => html`<dt>${term}</dt><dd>${value}</dd>`;
  return html`<div class="call" id="${anchor(arch, name)}"><h3>${name}</h3><div>
    ${text?.does ?? "no table knows this call"}</div><dl>${[
      ...more.map(([term, value]) => row(term, value)),
      row("here", html`<strong>${stateOf(call)}</strong>`),
      row("Docker", stateWords[call.docker]),
      ...reasonsOf(call)
        .slice(0, 8)
        .map((reason) => row("why", reason)),
      ...(call.code === undefined ? [] : [row("code", codeAnswerWords(call.code))]),
      ...(limits === undefined ? [] : [row("only", limitsText(limits))]),
      ...gapsOf(call).map((gap) => row("but", html`<span class="warn">${gap}</span>`)),
      ...answersOf(call).map((answer) => row("denied", answer)),
      ...(exposure?.level === "danger" ? [row("danger", html`<span class="warn">${exposure.reason}</span>`)] : []),
      ...(exposure?.level === "notable" ? [row("note", exposure.reason)] : []),
      ...(open.length === 0 ? [] : [row("helps reach", idList(open.map(nameOf(verdicts))))]),
      ...(closed.length === 0 ? [] : [row("out of reach", idList(closed.map(nameOf(verdicts))))]),
      ...(text === undefined ? [] : [row("see", text.source)]),
    ]}</dl></div>`;
}

function limitsText(limits: readonly string[]): string {
  return limits.slice(0, 12).join("; ") + (limits.length > 12 ? ` and ${limits.length - 12} more` : "");
}

function nameOf(verdicts: ReadonlyMap<string, VulnerabilityVerdict>): (id: string) => string {
  return (id) => {
    const verdict = verdicts.get(id);
    return verdict === undefined ? id : vulnerabilityName(verdict.vulnerability);
  };
}

/** Names of vulnerabilities, the latest first, because people have heard of the latest. */
function idList(names: readonly string[]): Html {
  const shown = names.toReversed().slice(0, 6);
  return html`${shown.map((name, position) => html`${position > 0 && ", "}<span class="id">${name}</span>`)}
    ${names.length > shown.length && ` and ${names.length - shown.length} more`}`;
}

/** The details of every call, by subsystem. */
export function callList(explanation: Explanation, details: (arch: ScmpArch, call: CallExplanation) => Html): Html {
  return html`${explanation.arches.flatMap(({ arch, calls }) =>
    bySubsystem(calls).map(
      ([subsystem, own]) =>
        html`<details><summary>${subsystems[subsystem].title}
          ${explanation.arches.length > 1 && `, ${dockerArch(arch)}`} <span>
          ${own.length} calls; they reach ${subsystems[subsystem].exposes}</span></summary>
          ${own.map((call) => details(arch, call))}</details>`,
    ),
  )}`;
}

const shortReach: { readonly [reach in Reach]: string } = {
  closed: "out of reach",
  capability: "needs more privilege",
  open: "within reach",
};

/** A table of vulnerabilities. The caption says what they have in common. */
export function vulnerabilityTable(
  caption: string,
  verdicts: readonly VulnerabilityVerdict[],
  ceilingName: string,
): Html {
  return html`<table><caption>${caption}</caption><thead><tr><th scope="col">Vulnerability</th>
    <th scope="col">needs</th><th scope="col">gives</th><th scope="col" class="optional">${ceilingName}</th></tr>
    </thead><tbody>${verdicts.map(
      ({ vulnerability, docker }) =>
        html`<tr><th scope="row">${vulnerability.id}${
          vulnerability.name !== undefined &&
          html`<br>
        ${vulnerability.name}`
        }</th><td><code>${needsWords(vulnerability)}</code>
        ${capabilityWords(vulnerability)}</td><td>
        ${vulnerability.gives}</td><td class="optional">${shortReach[docker]}</td></tr>`,
    )}</tbody></table>`;
}
