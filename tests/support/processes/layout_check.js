// Planted into a page: says on the console where it is wider than the screen, where a plot leaves its card, where texts of a plot
// are cut off or overlap, where a legend lies on its plot, and which cells overflow; then "CHECK done".
"use strict";
{
  const say = (text) => console.log("CHECK " + text);
  const box = (element) => element.getBoundingClientRect();
  const turned = (element) => {
    const found = /rotate\((-?\d+)/.exec(element.getAttribute("transform") || "");
    return found !== null && Number(found[1]) % 90 !== 0;  // slanted labels: their boxes overlap, they do not
  };
  const plots = () => document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
    const own = box(plot), card = box(plot.closest(".card"));
    if (own.bottom > card.bottom + 1 || own.right > card.right + 1) say(`${plot.id} outside its card`);
    const texts = [...plot.querySelectorAll("text")].filter((text) => text.textContent.trim() && box(text).width > 0);
    texts.forEach((text, index) => {
      const a = box(text);
      if (a.left < own.left - 1 || a.right > own.right + 1 || a.top < own.top - 1 || a.bottom > own.bottom + 1) say(`${plot.id} cuts off ${text.textContent}`);
      for (const other of texts.slice(index + 1)) {
        if (turned(text) && turned(other)) continue;
        const b = box(other);
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 2 && high > 3) say(`${plot.id} overlap: ${text.textContent} | ${other.textContent}`);
      }
    });
    const legend = plot.querySelector(".legend"), area = plot.querySelector(".nsewdrag");
    if (legend && box(legend).width > 0 && box(legend).bottom > box(area).top + 3) say(`${plot.id}: legend over the plot`);
  });
  const cells = () => document.querySelectorAll("td, th").forEach((cell) => {
    if (cell.offsetParent && cell.scrollWidth > cell.clientWidth + 1) say(`cell overflows: ${cell.textContent.slice(0, 40)}`);
  });
  window.addEventListener("load", () => setTimeout(() => {
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth + 1) say(`page is ${page.scrollWidth} wide on ${page.clientWidth}`);
    plots();
    cells();
    say("done");
  }, 1500));
}
