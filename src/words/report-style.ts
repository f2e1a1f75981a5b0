/**
 * The look of the report: quiet, dark and light, printable. Colour is never the only sign: tiles also have a letter and
 * a border.
 */
export const reportStyle = `
:root {
  --bg: #fcfcfb;
  --ink: #1c2630;
  --muted: #55616d;
  --line: #d8dde2;
  --card: #fff;
  --accent: #1d5c9f;
  --a-bg: #1d5c9f;
  --a-ink: #fff;
  --p-bg: #dceafa;
  --p-ink: #123c69;
  --p-line: #1d5c9f;
  --s-bg: #ece9f8;
  --s-ink: #3d3180;
  --s-line: #6555b8;
  --c-bg: #e6f3e9;
  --c-ink: #1b5730;
  --c-line: #86b896;
  --b-ink: #5d6873;
  --b-line: #c9d0d6;
  --x-bg: #b3261e;
  --x-ink: #fff;
  --warn: #8a4b00;
  --stripe: rgba(29, 92, 159, 0.16);
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #12161b;
    --ink: #e4e9ee;
    --muted: #9ca8b4;
    --line: #2c353e;
    --card: #181e25;
    --accent: #7fb4f0;
    --a-bg: #6ea8ea;
    --a-ink: #08182a;
    --p-bg: #1a3049;
    --p-ink: #d3e6fb;
    --p-line: #6ea8ea;
    --s-bg: #28244a;
    --s-ink: #d9d2fb;
    --s-line: #8d7fe0;
    --c-bg: #152d1e;
    --c-ink: #aee0bd;
    --c-line: #43805a;
    --b-ink: #98a3ae;
    --b-line: #3a444e;
    --x-bg: #f28b82;
    --x-ink: #2c0905;
    --warn: #f0b35e;
    --stripe: rgba(110, 168, 234, 0.2);
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0;
  background: var(--bg);
  color: var(--ink);
  font:
    16px/1.5 system-ui,
    -apple-system,
    "Segoe UI",
    Roboto,
    "DejaVu Sans",
    sans-serif;
}
main,
header,
footer {
  max-width: 76rem;
  margin: 0 auto;
  padding: 0 1.5rem;
}
header {
  padding-top: 2.25rem;
}
h1 {
  font-size: 1.6rem;
  line-height: 1.25;
  margin: 0 0 0.5rem;
  font-weight: 650;
  overflow-wrap: anywhere;
}
h2 {
  font-size: 1.2rem;
  margin: 2.75rem 0 0.5rem;
  font-weight: 650;
}
h3 {
  font-size: 0.95rem;
  margin: 0;
  font-weight: 600;
}
p {
  margin: 0.4rem 0;
  max-width: 64rem;
}
.lead {
  font-size: 1.08rem;
}
.quiet,
.quiet a {
  color: var(--muted);
}
.figures {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr));
  gap: 1rem;
  margin: 1.5rem 0 0;
  padding: 0;
}
.figure {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.6rem;
  padding: 1rem 1.15rem;
  margin: 0;
}
.figure dt {
  color: var(--muted);
  font-size: 0.88rem;
}
.figure dd {
  margin: 0;
}
.figure .big {
  font-size: 2rem;
  font-weight: 650;
  line-height: 1.2;
  font-variant-numeric: tabular-nums;
}
.figure svg {
  display: block;
  width: 100%;
  height: 0.55rem;
  margin: 0.5rem 0;
}
svg .track {
  fill: var(--line);
}
svg .docker {
  fill: var(--muted);
}
svg .own {
  fill: var(--accent);
}
code,
.tile,
.names {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: 0.85em;
}
.tools {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem;
  align-items: center;
  margin: 1rem 0;
}
.tools label {
  font-size: 0.9rem;
  color: var(--muted);
}
input[type="search"] {
  font: inherit;
  font-size: 0.9rem;
  padding: 0.35rem 0.6rem;
  border: 1px solid var(--muted);
  border-radius: 0.4rem;
  background: var(--card);
  color: var(--ink);
  min-width: 13rem;
}
.key {
  display: inline-flex;
  align-items: center;
  gap: 0.4rem;
  font: inherit;
  font-size: 0.85rem;
  padding: 0.3rem 0.6rem;
  border: 1px solid var(--line);
  border-radius: 0.4rem;
  background: var(--card);
  color: var(--ink);
  cursor: pointer;
}
.key[aria-pressed="false"] {
  opacity: 1;
  background: transparent;
  color: var(--muted);
  text-decoration: line-through;
}
:focus-visible {
  outline: 3px solid var(--accent);
  outline-offset: 2px;
}
.picture {
  display: grid;
  grid-template-columns: minmax(0, 1fr) 21rem;
  gap: 1.5rem;
  align-items: start;
}
.groups {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr));
  gap: 1.1rem 1.5rem;
}
.group {
  break-inside: avoid;
}
.group h3 {
  display: flex;
  justify-content: space-between;
  gap: 0.5rem;
  border-bottom: 1px solid var(--line);
  padding-bottom: 0.2rem;
  margin-bottom: 0.45rem;
}
.group h3 span {
  font-weight: 400;
  color: var(--muted);
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
}
.tiles {
  display: flex;
  flex-wrap: wrap;
  gap: 3px;
  margin: 0;
  padding: 0;
  list-style: none;
}
.tile {
  display: inline-flex;
  align-items: center;
  gap: 0.3rem;
  font-size: 0.72rem;
  line-height: 1.35;
  padding: 0.1rem 0.35rem 0.1rem 0.25rem;
  border: 1px solid var(--b-line);
  border-radius: 0.25rem;
  color: var(--b-ink);
  text-decoration: none;
  background: transparent;
}
.tile i {
  font-style: normal;
  font-weight: 700;
  font-size: 0.65rem;
  opacity: 1;
  min-width: 0.75em;
  text-align: center;
}
.allowed {
  background: var(--a-bg);
  color: var(--a-ink);
  border-color: var(--a-bg);
}
.pinned {
  background: repeating-linear-gradient(135deg, var(--p-bg) 0 5px, var(--stripe) 5px 7px) var(--p-bg);
  color: var(--p-ink);
  border-color: var(--p-line);
}
.floor {
  background: var(--s-bg);
  color: var(--s-ink);
  border: 1px dotted var(--s-line);
}
.closed {
  background: var(--c-bg);
  color: var(--c-ink);
  border-color: var(--c-line);
}
.both {
  border-style: dashed;
}
.beyond {
  background: var(--x-bg);
  color: var(--x-ink);
  border-color: var(--x-bg);
}
.same {
  opacity: 1;
  background: transparent;
  color: var(--b-ink);
  border-color: transparent;
}
.panel {
  position: sticky;
  top: 1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.6rem;
  padding: 1rem 1.15rem;
  min-height: 12rem;
  font-size: 0.9rem;
  overflow-wrap: anywhere;
  max-height: calc(100vh - 2rem);
  overflow: auto;
}
.panel h3,
.call h3 {
  margin: 0 0 0.2rem;
  font-size: 1rem;
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.call {
  padding: 0.7rem 0;
  border-top: 1px solid var(--line);
  font-size: 0.9rem;
  overflow-wrap: anywhere;
}
.call:target {
  outline: 2px solid var(--accent);
  outline-offset: 4px;
}
.call dl,
.panel dl {
  display: grid;
  grid-template-columns: 6.5rem minmax(0, 1fr);
  gap: 0.15rem 0.6rem;
  margin: 0.35rem 0 0;
}
.call dt,
.panel dt {
  color: var(--muted);
}
.call dd,
.panel dd {
  margin: 0;
}
.id {
  display: inline-block;
}
.warn {
  color: var(--warn);
  font-weight: 600;
}
table {
  border-collapse: collapse;
  width: 100%;
  font-size: 0.88rem;
  margin: 0.75rem 0;
}
caption {
  text-align: left;
  color: var(--muted);
  padding-bottom: 0.35rem;
}
th,
td {
  text-align: left;
  vertical-align: top;
  padding: 0.35rem 0.75rem 0.35rem 0;
  border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere;
}
th {
  font-weight: 600;
}
thead th {
  color: var(--muted);
  min-width: 5rem;
}
td:first-child,
tbody th {
  white-space: nowrap;
}
/* Long rules would leave the reasons no room. */
.opened {
  table-layout: fixed;
}
.opened thead th:first-child {
  width: 13rem;
}
.opened thead th:last-child {
  width: 30%;
}
details {
  border-top: 1px solid var(--line);
}
details:last-of-type {
  border-bottom: 1px solid var(--line);
}
summary {
  cursor: pointer;
  padding: 0.6rem 0;
  font-weight: 600;
}
summary span {
  font-weight: 400;
  color: var(--muted);
}
.phases {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr));
  gap: 1.25rem;
}
.phases > div {
  border-top: 3px solid var(--accent);
  padding-top: 0.5rem;
}
.phases > div:nth-child(2) {
  border-top-style: double;
}
.phases > div:nth-child(3) {
  border-top-style: dashed;
}
.names {
  color: var(--muted);
  overflow-wrap: anywhere;
}
.hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
[hidden] {
  display: none !important;
}
footer {
  color: var(--muted);
  font-size: 0.85rem;
  padding-top: 2rem;
  padding-bottom: 3rem;
}
@media (max-width: 64rem) {
  .picture {
    grid-template-columns: minmax(0, 1fr);
  }
  .panel {
    position: sticky;
    top: auto;
    bottom: 0;
    order: 2;
    min-height: 0;
    max-height: 40vh;
    box-shadow: 0 -6px 18px rgba(0, 0, 0, 0.12);
  }
}
@media (max-width: 40rem) {
  main,
  header,
  footer {
    padding-left: 1rem;
    padding-right: 1rem;
  }
  .groups {
    grid-template-columns: minmax(0, 1fr);
  }
  td:first-child,
  tbody th {
    white-space: normal;
  }
  .optional {
    display: none;
  }
  .opened thead th:first-child {
    width: 35%;
  }
}
@media print {
  :root {
    --bg: #fff;
    --ink: #000;
    --card: #fff;
  }
  body {
    font-size: 10pt;
  }
  * {
    print-color-adjust: exact;
    -webkit-print-color-adjust: exact;
  }
  .panel,
  .tools input,
  .tools label {
    display: none;
  }
  .picture {
    display: block;
  }
  .groups {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
  h2 {
    break-after: avoid;
  }
  tr,
  .call {
    break-inside: avoid;
  }
  header,
  main {
    padding: 0;
    max-width: none;
  }
}
@media (prefers-reduced-motion: no-preference) {
  .tile {
    transition: opacity 0.12s;
  }
}
`;
