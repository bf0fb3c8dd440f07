"use strict";
const plots = () => [...document.querySelectorAll(".js-plotly-plot")];

// Plots are drawn without colours of text and grid: they follow the page, light or dark.
function paint() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const change = { "font.color": colour("--soft"), "hoverlabel.bgcolor": colour("--card"), "hoverlabel.font.color": colour("--ink") };
  for (const axis of ["xaxis", "yaxis"]) {
    change[axis + ".gridcolor"] = colour("--grid");
    change[axis + ".linecolor"] = colour("--line");
  }
  return Promise.all(plots().map((plot) => Plotly.relayout(plot, change)));
}

function sortable(table) {
  const body = table.tBodies[0];
  const limit = Number(table.dataset.limit);
  const more = document.getElementById(table.dataset.more);
  let all = false;
  const fold = () => [...body.rows].forEach((row, index) => { row.hidden = !all && index >= limit; });
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const text = head.classList.contains("text");
      const first = text ? "ascending" : "descending";
      const other = text ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const key = (row) => row.cells[column].dataset.key;
      const compare = (a, b) => {
        const x = key(a), y = key(b);
        if (x === "" || y === "") return (x === "") - (y === "");  // unknown stays last
        return sign * (text ? x.localeCompare(y) : Number(x) - Number(y));
      };
      body.append(...[...body.rows].sort(compare));
      fold();
    });
  });
  if (more) more.addEventListener("click", () => { all = true; more.hidden = true; fold(); });
  fold();
}

// On narrow screens a plot keeps its width for the data: smaller margins, the colour bar beneath.
function fit() {
  return Promise.all(plots().map((plot) => {
    const narrow = plot.clientWidth < 480;
    plot.dataset.height ||= plot.clientHeight;
    const named = plot.data.filter((trace) => trace.name && trace.showlegend !== false).length;
    const legend = narrow && plot.layout.showlegend !== false && named > 3 ? 17 * named : 0;
    for (const box of [plot, plot.parentElement]) box.style.height = Number(plot.dataset.height) + legend + "px";
    const change = { width: null, height: Number(plot.dataset.height) + legend, "margin.l": narrow ? 44 : 64, "margin.r": narrow ? 8 : 24, "font.size": narrow ? 11 : 13 };
    return Plotly.relayout(plot, change).then(() => Plotly.Plots.resize(plot));
  }));
}

// A printed page is light and as wide as its paper.
function print(on) {
  plots().forEach((plot) => { plot.style.width = on ? "660px" : ""; });
  return paint().then(fit);
}

// The trade-off picker: a place on the front, or the place that a lambda chooses, its network and the command that deploys it.
function picker(budget) {
  const choices = JSON.parse(document.getElementById("choices").textContent);
  const lambda = document.getElementById("lambda");
  const say = (id, text) => { document.getElementById(id).textContent = text; };
  const show = () => {
    const chosen = choices[budget.value];
    for (const name of ["architecture", "accuracy", "cost", "command", "lambda"]) say("picked-" + name, chosen[name]);
    say("budget-shown", chosen.cost);
    budget.setAttribute("aria-valuetext", chosen.cost);
  };
  const byLambda = () => {
    const at = Number(lambda.value);
    say("lambda-shown", at.toFixed(3));
    const found = choices.findIndex(({ range }) => range && (range[0] === null || range[0] <= at) && at <= range[1]);
    if (found >= 0) { budget.value = found; show(); }
  };
  const byBudget = () => {
    show();
    const range = choices[budget.value].range;
    if (!range) { say("lambda-shown", "none"); return; }
    const low = Math.max(range[0] === null ? Number(lambda.min) : range[0], Number(lambda.min));
    const at = Number(lambda.value);
    if (at < low || at > range[1]) lambda.value = (low + range[1]) / 2;
    say("lambda-shown", Number(lambda.value).toFixed(3));
  };
  budget.addEventListener("input", byBudget);
  lambda.addEventListener("input", byLambda);
  show();
  say("lambda-shown", Number(lambda.value).toFixed(3));
}

window.addEventListener("load", () => {
  document.querySelectorAll("#budget").forEach(picker);
  document.querySelectorAll("table.sortable").forEach(sortable);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  addEventListener("resize", fit);
  paint().then(fit).then((drawn) => console.log("report ready " + drawn.length));
});
