/**
 * The script of the report. It filters tiles, shows a call's details beside the picture, and moves between tiles with
 * the arrow keys. Without it every tile is a link to the same details further down. It never turns text into markup:
 * the details are copies of elements in the page.
 */
export const reportScript = `
"use strict";
const search = document.querySelector("#filter"),
  keys = [...document.querySelectorAll("button.key")],
  tiles = [...document.querySelectorAll("a.tile")],
  panel = document.querySelector("#panel"),
  count = document.querySelector("#count");
for (const tool of document.querySelectorAll(".tools")) tool.hidden = false;
const shown = () => tiles.filter((tile) => !tile.parentElement.hidden);
let current = tiles[0];
function rove(tile) {
  if (current) current.tabIndex = -1;
  current = tile;
  if (tile) tile.tabIndex = 0;
}
for (const tile of tiles) tile.tabIndex = -1;
rove(tiles[0]);
function apply() {
  const wanted = search.value.trim().toLowerCase(),
    off = new Set(
      keys.filter((key) => key.getAttribute("aria-pressed") === "false").map((key) => key.dataset.state),
    );
  for (const tile of tiles)
    tile.parentElement.hidden =
      off.has(tile.dataset.state) ||
      !(tile.dataset.words + " " + tile.closest(".group").dataset.title).includes(wanted);
  for (const group of document.querySelectorAll(".group"))
    group.hidden = [...group.querySelectorAll("li")].every((item) => item.hidden);
  const left = shown();
  count.textContent =
    left.length === tiles.length ? "" : left.length + " of " + tiles.length + " calls shown";
  if (!left.includes(current)) rove(left[0]);
}
function details(tile) {
  const source = document.getElementById(tile.getAttribute("href").slice(1));
  if (!panel || !source) return;
  const copy = source.cloneNode(true);
  copy.removeAttribute("id");
  panel.replaceChildren(...copy.childNodes);
}
search.addEventListener("input", apply);
for (const key of keys)
  key.addEventListener("click", () => {
    key.setAttribute("aria-pressed", String(key.getAttribute("aria-pressed") === "false"));
    apply();
  });
for (const tile of tiles) {
  tile.addEventListener("focus", () => {
    rove(tile);
    details(tile);
  });
  tile.addEventListener("mouseenter", () => details(tile));
  tile.addEventListener("click", () => open(tile.getAttribute("href").slice(1)));
}
document.addEventListener("keydown", (event) => {
  const tile = event.target;
  if (!(tile instanceof HTMLElement) || !tile.classList.contains("tile")) return;
  const left = shown(),
    at = left.indexOf(tile),
    next = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: below(left, tile, 1),
      ArrowUp: below(left, tile, -1),
      Home: 0,
      End: left.length - 1,
    }[event.key];
  if (next === undefined || !left[next]) return;
  event.preventDefault();
  left[next].focus();
});
function below(left, tile, way) {
  const box = tile.getBoundingClientRect(),
    at = left.indexOf(tile);
  for (let next = at + way; left[next]; next += way) {
    const other = left[next].getBoundingClientRect();
    if (
      (other.top - box.top) * way > 4 &&
      (way > 0 ? other.right >= box.left + 8 : other.left <= box.right - 8)
    )
      return next;
  }
  return undefined;
}
function open(id) {
  for (let element = document.getElementById(id); element; element = element.parentElement)
    if (element instanceof HTMLDetailsElement) element.open = true;
}
addEventListener("hashchange", () => open(location.hash.slice(1)));
if (location.hash) open(location.hash.slice(1));
addEventListener("beforeprint", () => {
  for (const element of document.querySelectorAll("details.printed")) element.open = true;
});
`;
