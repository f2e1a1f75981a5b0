import type { CallExplanation, Explanation } from "../core/explain/index.ts";
import { noFilterText } from "../core/profile/index.ts";
import { dockerArch } from "../core/tables/index.ts";
import { openWords, subsystemWords, unseenWords } from "./code-words.ts";
import { keptCount, reachCounts } from "./explain-words.ts";
import { html, htmlDocument, type Html } from "./html.ts";
import { callDetails, callList, figures, lookOf, looks, picture, tools, vulnerabilityTable } from "./report-parts.ts";
import { reportScript } from "./report-script.ts";
import { reportStyle } from "./report-style.ts";

/** A profile as one self-contained page. */
export function explanationPage(explanation: Explanation): string {
  const { profile, arches, vulnerabilities, ceilingName } = explanation;
  const calls = arches.flatMap((arch) => arch.calls);
  const count = (state: string): number => calls.filter((call) => lookOf(call).state === state).length;
  const by = (reach: "closed" | "capability" | "open"): typeof vulnerabilities =>
    vulnerabilities.filter((verdict) => verdict.reach === reach);
  const gained = by("closed").filter(({ docker }) => docker !== "closed");
  const body = html`<header><h1>What <code>${profile}</code> lets a container do</h1><p class="lead">
    ${sentence(explanation)}</p>${figures(explanation)}
<p class="quiet">Thick bar: this profile. Thin bar: ${ceilingName}.</p></header>
<main><section aria-labelledby="calls"><h2 id="calls">Every system call of the kernel</h2>
<p>A program can ask the kernel for these things. Allowed calls are filled. This profile denies the green ones, which
  Docker's default allows. ▲ marks calls that attackers look for.</p>
${tools(looks, count)}<div class="picture"><div>${arches.map(
    ({ arch, calls: own }) =>
      html`${arches.length > 1 && html`<h3>${dockerArch(arch)}</h3>`}
        ${picture(arch, own, lookOf, (group) => `${group.filter(isKept).length} of ${group.length} allowed`)}`,
  )}</div><aside class="panel" id="panel" tabindex="0" aria-label="The call you are at">
    <p class="quiet">Point at a call, or move to it with the arrow keys: this shows what it does, why it is allowed and
    what it opens.</p></aside></div></section>
${coverageSection(explanation)}
${timeline(explanation)}
<section aria-labelledby="known"><h2 id="known">Known kernel vulnerabilities and container escapes</h2>
<p>Today's kernels and runtimes have fixed all of them. The next vulnerability will need such calls too. “Out of reach”
  means that a call it needs cannot be made with the arguments it needs.</p>
<details class="printed" open><summary>Out of reach only because of this profile <span>${gained.length}</span>
  </summary>${vulnerabilityTable(`Within reach under ${ceilingName}`, gained, ceilingName)}</details>
<details class="printed"><summary>Still within reach, on a kernel that is not up to date <span>${by("open").length}
  </span></summary>${vulnerabilityTable("Keep the kernel and the engine up to date", by("open"), ceilingName)}
    </details>
${
  by("capability").length > 0 &&
  html`<details><summary>The calls can be made, but the container lacks the
  capability <span>${by("capability").length}</span></summary>
    ${vulnerabilityTable("Do not add these capabilities", by("capability"), ceilingName)}</details>`
}
<details><summary>Out of reach under Docker's default too <span>${by("closed").length - gained.length}</span>
  </summary>${vulnerabilityTable(
    "Denied without any profile of your own",
    by("closed").filter(({ docker }) => docker === "closed"),
    ceilingName,
  )}</details></section>
<section aria-labelledby="each"><h2 id="each">Each call, with its reason</h2>
  ${callList(explanation, (arch, call) => callDetails(arch, call, explanation))}</section></main>
<footer>Made by seccomp-gen from ${profile}${explanation.runs.length > 0 && " and its recording"}. This page loads
  nothing and sends nothing.</footer>`;
  return htmlDocument({
    title: `${profile}: what it lets a container do`,
    style: reportStyle,
    script: reportScript,
    body,
  });
}

function isKept({ state }: CallExplanation): boolean {
  return state !== "denied" && state !== "enosys";
}

function sentence(explanation: Explanation): string {
  const [first] = explanation.arches;
  if (explanation.noFilter !== undefined) return `${noFilterText(explanation.noFilter)}.`;
  if (first === undefined) return "The profile serves no architecture.";
  const [own, docker] = [reachCounts(explanation, "reach"), reachCounts(explanation, "docker")];
  // A call of several architectures counts once.
  const beyond = [
    ...new Set(
      explanation.arches
        .flatMap(({ calls }) => calls)
        .filter((call) => lookOf(call).state === "beyond")
        .map(({ name }) => name),
    ),
  ];
  const difference = own.closed - docker.closed;
  const more = beyond.length > 8 ? ` and ${beyond.length - 8} more` : "";
  return [
    `It may make ${keptCount(first.counts)} of the ${first.counts.total} system calls of ` +
      `${dockerArch(first.arch)}; under ${explanation.ceilingName} it could make ` +
      `${keptCount({ states: first.counts.docker })}.`,
    `That puts ${own.closed} of ${explanation.vulnerabilities.length} known kernel vulnerabilities ` +
      `and container escapes out of reach, ${differenceWords(difference)} Docker's default does.`,
    beyond.length === 0
      ? "It allows no call that Docker's default denies."
      : `It does not deny what Docker's default denies: ${beyond.slice(0, 8).join(", ")}${more}.`,
  ].join(" ");
}

function differenceWords(difference: number): string {
  if (difference === 0) return "as many as";
  return difference > 0 ? `${difference} more than` : `${-difference} fewer than`;
}

/** At most this many names of each weight. The calls below show the rest. */
const mostUnseen = 40;

/** What the programs' code can make, and how much of it was recorded. `false` if no code was read. */
function coverageSection({ coverage, arches }: Explanation): Html | false {
  if (coverage.length === 0) return false;
  return html`<section aria-labelledby="code"><h2 id="code">What the programs' code can make</h2>
    <p>The files of the programs that ran were read. Ordinary calls are allowed although the recording did
    not see them. Other calls stay denied unless they were recorded.</p>${coverage.map((one) => {
      const open = openWords(one.open);
      return html`${arches.length > 1 && html`<h3>${dockerArch(one.arch)}</h3>`}
        <p><strong>${one.seen} of ${one.reachable}</strong> calls were recorded: ${subsystemWords(one)}.</p>
        <dl>${unseenWords(one.unseen, mostUnseen).map(
          ([weight, names]) => html`<dt>never recorded, ${weight}</dt><dd>${names}</dd>`,
        )}${open !== undefined && html`<dt>open</dt><dd>${open}. Such a place may make any call.</dd>`}</dl>`;
    })}</section>`;
}

const phases = [
  { phase: "start", title: "Starting", text: "until it took its first connection" },
  { phase: "serve", title: "Serving", text: "first needed while it did its work" },
  { phase: "stop", title: "Stopping", text: "first needed when it had to end" },
] as const;

/** When each call was first seen. `false` if the recording does not say. */
function timeline({ arches }: Explanation): Html | false {
  const seen = arches
    .flatMap(({ calls }) => calls)
    .flatMap(({ name, recorded }) => (recorded?.first === undefined ? [] : [{ name, first: recorded.first }]));
  if (seen.length === 0) return false;
  return html`<section aria-labelledby="when"><h2 id="when">When each call was first needed</h2>
    <p>A call that only the start needs could be denied once the service runs. Requests can reach the calls that
    come up while serving.</p><div class="phases">${phases.map(({ phase, title, text }) => {
      const names = [...new Set(seen.filter(({ first }) => first === phase).map(({ name }) => name))];
      return html`<div><h3>${title}: ${names.length} calls</h3><p class="quiet">${text}</p><p class="names">
        ${names.length === 0 ? "none" : names.join(", ")}</p></div>`;
    })}</div></section>`;
}
