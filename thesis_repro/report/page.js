"use strict";
// The ledger's filters, order and search, kept in the address ("#?section=4.2&grade=paper") so that a
// view can be sent; figures large; long tables whole. Without this script everything is shown.
const ledger = document.querySelector("table.ledger");
const rows = [...ledger.tBodies[0].rows];
const form = document.querySelector(".filters");
const groups = [...form.querySelectorAll("fieldset[data-filter]")];
const view = new Map(); // name of a filter, "words" or "sort": its value

function values(row, name) {
  return (row.dataset[name] ?? "").split("|");
}

// Rows with the very words that are looked for, if there are any; else those with each of them.
function found(words) {
  const text = (row) => row.textContent.toLowerCase().replace(/\s+/g, " ");
  const wanted = words.toLowerCase().trim().replace(/\s+/g, " ");
  const exact = rows.filter((row) => text(row).includes(wanted));
  return new Set(exact.length ? exact : rows.filter((row) => wanted.split(" ").every((word) => text(row).includes(word))));
}

function matching() {
  const searched = view.has("words") ? found(view.get("words")) : new Set(rows);
  const filters = [...view].filter(([name]) => name !== "words" && name !== "sort");
  return (row) => searched.has(row) && filters.every(([name, wanted]) => values(row, name).includes(wanted));
}

function sortKey(row, column) {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
}

function inOrder() {
  if (!view.has("sort")) return rows;
  const [name, direction] = view.get("sort").split(" ");
  const sign = direction === "down" ? -1 : 1;
  const column = [...ledger.tHead.rows[0].cells].findIndex((cell) => cell.textContent === name.replaceAll("_", " "));
  if (column < 0) return rows;
  const none = (text) => text === "–" || text === "";
  return [...rows].sort((one, other) => {
    const [a, b] = [sortKey(one, column), sortKey(other, column)];
    if (none(a) || none(b)) return none(a) - none(b); // what has no number comes last
    const difference = Number(a) - Number(b); // what is no number: NaN
    return sign * (Number.isNaN(difference) ? a.localeCompare(b, "en", { numeric: true }) : difference);
  });
}

function apply() {
  let shown = 0;
  const matches = matching();
  for (const row of rows) {
    row.hidden = !matches(row);
    shown += !row.hidden;
  }
  const order = inOrder();
  if (order.some((row, at) => row !== ledger.tBodies[0].rows[at])) ledger.tBodies[0].append(...order);
  for (const group of groups) {
    for (const button of group.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(view.get(group.dataset.filter) === button.dataset.value));
    }
  }
  for (const name of ["model", "erratum", "words"]) form.elements[name].value = view.get(name) ?? "";
  for (const cell of ledger.tHead.rows[0].cells) {
    const [name, direction] = (view.get("sort") ?? "").split(" ");
    const sorted = name.replaceAll("_", " ") === cell.textContent;
    if (sorted) cell.setAttribute("aria-sort", direction === "down" ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  form.querySelector("output").value = `${shown} of ${rows.length} claims`;
  document.querySelector(".nothing").hidden = shown > 0;
}

function set(name, value) {
  if (value) view.set(name, value);
  else view.delete(name);
  apply();
  const address = view.size ? `#?${new URLSearchParams([...view])}` : "#ledger";
  history.replaceState(null, "", address);
}

function readAddress() {
  if (location.hash.startsWith("#?")) {
    view.clear();
    for (const [name, value] of new URLSearchParams(location.hash.slice(2))) if (value) view.set(name, value);
    apply();
    document.getElementById("ledger").scrollIntoView();
    return;
  }
  // What a link leads to is opened: an erratum, a table, a claim of a folded part.
  let name = location.hash.slice(1);
  try { name = decodeURIComponent(name); } catch { /* it is no such address */ }
  const target = document.getElementById(name);
  for (let part = target; part; part = part.parentElement?.closest("details")) if (part.matches("details")) part.open = true;
  target?.scrollIntoView();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-value]");
  if (!button) return;
  const name = button.closest("fieldset").dataset.filter;
  set(name, view.get(name) === button.dataset.value ? "" : button.dataset.value);
});
form.addEventListener("input", (event) => set(event.target.name, event.target.value));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", (event) => {
  event.preventDefault();
  view.clear();
  set("words", "");
});
for (const cell of ledger.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = cell.textContent;
  cell.replaceChildren(button);
  button.addEventListener("click", () => {
    const name = cell.textContent.replaceAll(" ", "_");
    const next = { [`${name} up`]: `${name} down`, [`${name} down`]: "" }[view.get("sort")] ?? `${name} up`;
    set("sort", next);
  });
}
form.hidden = false;
apply();
addEventListener("hashchange", readAddress);
if (location.hash) readAddress();

// Long tables: their other rows are in a template until they are asked for.
document.addEventListener("click", (event) => {
  const all = event.target.closest(".all-rows");
  if (!all) return;
  const part = all.closest(".ours");
  part.querySelector("tbody").append(part.querySelector("template").content);
  all.closest("p").remove();
});

// Figures, large: the next and the one before by buttons or arrow keys.
const dialog = document.getElementById("large");
const figures = [...document.querySelectorAll("figure")];
let current = 0;

function show(at) {
  current = (at + figures.length) % figures.length;
  const figure = figures[current];
  const copy = figure.querySelector(".shown").cloneNode(true);
  for (const button of copy.querySelectorAll("button.open")) button.replaceWith(...button.childNodes);
  for (const image of copy.querySelectorAll("img")) image.loading = "eager";
  dialog.querySelector(".shown").replaceChildren(copy, figure.querySelector("figcaption").cloneNode(true));
  dialog.querySelector(".place").textContent = `${current + 1} of ${figures.length}`;
}

document.addEventListener("click", (event) => {
  const opened = event.target.closest("button.open");
  if (opened) {
    show(figures.indexOf(opened.closest("figure")));
    dialog.showModal();
  }
});
dialog.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) show(current + Number(step.dataset.step));
  if (event.target.closest("[data-close]")) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) show(current + step);
});
dialog.addEventListener("close", () => figures[current].scrollIntoView());
