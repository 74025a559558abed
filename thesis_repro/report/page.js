"use strict";
// Filters by verdict and section. Without this script everything is shown and no filter is.
const chosen = { verdict: "", section: "" };
const bar = document.querySelector(".filters");

function sectionOf(element) {
  return element.closest("[data-section]")?.dataset.section ?? "";
}

function apply() {
  for (const item of document.querySelectorAll("[data-verdict], blockquote[data-section]")) {
    const verdict = item.dataset.verdict;
    const otherVerdict = chosen.verdict && verdict !== chosen.verdict;
    item.hidden = otherVerdict || (chosen.section && sectionOf(item) !== chosen.section);
  }
  for (const chapter of document.querySelectorAll("section.chapter")) {
    const claims = [...chapter.querySelectorAll("[data-verdict]")];
    const empty = chosen.verdict && claims.every((claim) => claim.hidden);
    chapter.hidden = empty || (chosen.section && chapter.dataset.section !== chosen.section);
  }
  for (const question of document.querySelectorAll(".question")) {
    const claims = [...question.querySelectorAll("[data-verdict]")];
    question.hidden = claims.length > 0 && claims.every((claim) => claim.hidden);
  }
}

bar.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const group = button.closest("[data-filter]");
  chosen[group.dataset.filter] = button.dataset.value;
  for (const other of group.querySelectorAll("button")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  apply();
});
bar.hidden = false;

// A link to a claim that is filtered out shows it again; paper shows what is folded up.
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.closest("[hidden]")) {
    for (const all of bar.querySelectorAll('button[data-value=""]')) all.click();
  }
  target?.scrollIntoView();
});
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not([open])")) {
    folded.open = true;
    folded.dataset.folded = "";
  }
});
addEventListener("afterprint", () => {
  for (const folded of document.querySelectorAll("details[data-folded]")) folded.open = false;
});
