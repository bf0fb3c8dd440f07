"use strict";
const plots = () => [...document.querySelectorAll(".js-plotly-plot")];

function sortable(table) {
  const body = table.tBodies[0];
  const limit = Number(table.dataset.limit);
  const more = document.getElementById(table.dataset.more);
  let all = false;
  const filter = document.getElementById(table.dataset.filter);
  // Rows that hold all words of the filter; without one the first, until all are asked for.
  const fold = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of body.rows) {
      const text = words.length ? row.textContent.toLowerCase() : "";
      row.hidden = !words.every((word) => text.includes(word)) || (!all && ++shown > limit);
    }
  };
  filter.addEventListener("input", fold);
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

// Plots are drawn without colours of text and grid: they follow the page, light or dark.
function colours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const change = { "font.color": colour("--soft"), "hoverlabel.bgcolor": colour("--card"), "hoverlabel.font.color": colour("--ink") };
  for (const axis of ["xaxis", "yaxis"]) {
    change[axis + ".gridcolor"] = colour("--grid");
    change[axis + ".linecolor"] = colour("--line");
  }
  return change;
}

// On narrow screens a plot keeps its width for the data and its height beneath a long legend; a printed page is light, as wide
// as its paper, and holds two plots above each other. One change a plot: a browser prints what stands when the event ends.
const PAPER = 660;
function draw(printed) {
  const painted = colours();
  return Promise.all(plots().map((plot) => {
    plot.dataset.height ||= plot.clientHeight;
    const own = Number(plot.dataset.height);
    const width = printed ? PAPER : plot.parentElement.parentElement.clientWidth - margins(plot);
    const narrow = width < 480;
    const named = plot.data.filter((trace) => trace.name && trace.showlegend !== false).length;
    const legend = narrow && plot.layout.showlegend !== false && named > 3 ? 17 * named : 0;
    const rows = legendRows(plot, width);
    const height = printed ? Math.min(own, Math.max(330, 0.8 * own)) + 20 * Math.max(0, rows - 2) : own + legend;
    for (const box of [plot, plot.parentElement]) box.style.height = height + "px";
    const top = printed ? 20 * rows + 16 : 28;  // on a screen the plot makes room for its legend by itself, later
    const change = { width, height, "margin.t": top, "margin.l": narrow ? 44 : 64, "margin.r": narrow ? 8 : 24, "font.size": narrow ? 11 : 13 };
    const drawn = Plotly.relayout(plot, { ...painted, ...change });
    // A legend finds its place once the margins are known, which is a moment later: too late for paper.
    return printed ? Plotly.relayout(plot, { "legend.y": 1.021 }) : drawn;
  }));
}

function legendRows(plot, width) {
  const names = plot.data.filter((trace) => trace.name && trace.showlegend !== false).map((trace) => trace.name.length);
  if (plot.layout.showlegend === false || names.length < 2) return 0;
  const columns = Math.max(1, Math.floor((width - 170) / (7.2 * Math.max(...names) + 50)));
  return Math.ceil(names.length / columns);
}

function margins(plot) {
  const style = getComputedStyle(plot.parentElement.parentElement);
  return parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
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
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(false));
  addEventListener("beforeprint", () => draw(true));
  addEventListener("afterprint", () => draw(false));
  addEventListener("resize", () => draw(false));
  draw(false).then((drawn) => console.log("report ready " + drawn.length));
});
