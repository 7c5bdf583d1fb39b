
// Draws the figures that the page's data describe; one row of switches is for all of them.
const OFF = 0, PALE = 1, STRONG = 2;
const level = report.choices.map((_, choice) => choice < report.strong ? STRONG : PALE);
const shown = Object.fromEntries(
  report.figures.map(figure => [figure.name, {view: 0, linear: false}]));
const dark = matchMedia("(prefers-color-scheme: dark)");
let pointed = null, printing = false;

const text = string =>
  String(string).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
// A text to hover over: its first line is what the point is.
const bold = string => text(string).replace(/^[^\n]*/, "<b>$&</b>").replace(/\n/g, "<br>");
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colours = () => report.colours[dark.matches && !printing ? "dark" : "light"];
const paper = () => printing ? "#fff" : css("--paper");
const narrow = () => innerWidth < 600 && !printing;

function strength(series) {
  if (!series.choices.length) return STRONG;
  const most = Math.max(...series.choices.map(choice => level[choice]));
  if (pointed === null || most === OFF) return most;
  return series.choices.includes(pointed) ? STRONG : PALE;
}

// The cells of a table as a heatmap: rows by y, columns by x; white on the colour can be read on
// a light and on a dark page.
function table(series) {
  const x = [...new Set(series.x)], y = [...new Set(series.y)];
  const rows = values => y.map((_, row) => x.map((_, column) => values[row * x.length + column]));
  return {
    type: "heatmap", x, y, z: rows(series.shades), zmin: 0, zmax: 1, showscale: false,
    colorscale: [[0, paper()], [1, report.colours.light[0]]], xgap: 1, ygap: 1, hoverinfo: "text",
    text: rows(series.texts), texttemplate: "%{text}", hovertext: rows(series.hover.map(bold)),
  };
}

function traces(view, logY) {
  const floor = Math.min(...view.series.flatMap(series => series.y).filter(y => y > 0));
  const found = [];
  for (const series of view.series) {
    const strong = strength(series);
    if (strong === OFF) continue;
    const colour = colours()[series.style % colours().length];
    const symbol = report.symbols[series.style % report.symbols.length];
    const dash = report.dashes[Math.floor(series.style / colours().length) % report.dashes.length];
    const trace = {
      x: series.x, y: series.y, name: text(series.label), showlegend: false, mode: "lines+markers",
      opacity: strong === STRONG ? 1 : 0.25, line: {color: colour, dash, width: 2},
      marker: {color: colour, symbol, size: 7}, hoverinfo: series.hover.length ? "text" : "skip",
      text: series.hover.map(bold),
    };
    if (series.kind === "cells") {
      found.push(table(series));
      continue;
    }
    const bars = () => ({type: "data", symmetric: false, color: colour, thickness: 1.5, width: 3});
    if (series.kind === "line" && series.low && strong === STRONG) {
      const there = series.x.map((_, at) => at).filter(
        at => series.low[at] !== null && series.high[at] !== null);
      const low = there.map(at => logY ? Math.max(series.low[at], floor / 2) : series.low[at]);
      const x = there.map(at => series.x[at]);
      found.push({
        x: x.concat(x.slice().reverse()),
        y: low.concat(there.map(at => series.high[at]).reverse()),
        fill: "toself", opacity: 0.14, fillcolor: colour, mode: "lines", line: {width: 0},
        hoverinfo: "skip", showlegend: false,
      });
    }
    if (series.kind === "curve") trace.mode = "lines";
    if (series.kind === "theory")
      Object.assign(trace, {mode: "lines", line: {color: colour, dash, width: 1}});
    if (series.kind === "dots" || series.kind === "row") {
      trace.mode = "markers";
      const centre = series.kind === "dots" ? series.y : series.x;
      if (series.low) trace[series.kind === "dots" ? "error_y" : "error_x"] = {
        ...bars(), array: series.high.map((high, at) => high - centre[at]),
        arrayminus: series.low.map((low, at) => centre[at] - low),
      };
    }
    if (series.kind === "cross") {
      trace.mode = "markers";
      trace.marker = {symbol: "x-thin-open", size: 12, color: colour};
    }
    if (series.kind === "ring") {
      trace.mode = "markers";
      trace.marker = {symbol: "circle-open", size: 14, color: colour, line: {width: 2}};
    }
    if (series.kind === "hollow") {
      trace.mode = "markers";
      trace.marker = {symbol, size: 7, color: paper(), line: {color: colour, width: 1.5}};
    }
    found.push(trace);
  }
  return found;
}

function axis(described, log, values) {
  const made = {
    title: {text: text(described.title), standoff: 8}, automargin: true, zeroline: false,
    gridcolor: "rgba(128,128,128,.25)", type: log ? "log" : "linear",
    rangemode: described.zero ? "tozero" : "normal",
  };
  if (described.ticks.length) {
    made.tickvals = described.ticks.map(([at]) => at);
    made.ticktext = described.ticks.map(([, name]) => text(name));
  }
  if (log) {
    // Plotly's own ticks follow a reader who zooms in. Within a power of ten they are evenly spaced;
    // on a longer axis their number decides between 1, 2 and 5 times powers of ten, and powers only.
    const there = values.filter(value => value > 0);
    const decades = Math.log10(Math.max(...there) / Math.min(...there));
    if (decades >= 1)
      made.nticks = Math.min(8, Math.ceil(decades * (decades > (narrow() ? 2 : 3) ? 1.15 : 2)));
    made.exponentformat = "power";
    if (decades < 6) made.tickformat = "~g";
  }
  return made;
}

function draw(figure) {
  const views = figure.together ? figure.views : [figure.views[shown[figure.name].view]];
  views.forEach((view, number) => {
    const logY = view.y.log && !shown[figure.name].linear;
    const titleY = logY ? view.y : {...view.y, title: view.y.title.replace(", log scale", "")};
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest",
      dragmode: narrow() ? false : "zoom", margin: {l: 10, r: 12, t: 12, b: 10},
      font: {
        size: narrow() ? 11 : 13, color: printing ? "#1a1a1a" : css("--ink"),
        family: "system-ui, sans-serif",
      },
      hoverlabel: {
        bgcolor: css("--paper"), font: {color: css("--ink"), size: 13}, align: "left",
      },
      modebar: {bgcolor: "rgba(0,0,0,0)", color: "#999", activecolor: "#0072B2"},
      height: view.y.ticks.length
        ? 90 + 30 * view.y.ticks.length : printing || narrow() ? 340 : 420,
      xaxis: axis(view.x, view.x.log, view.series.flatMap(series => series.x)),
      yaxis: axis(titleY, logY, view.series.flatMap(series => [...series.y, ...series.high ?? []])),
    };
    if (printing) layout.width = views.length > 1 ? 330 : 660;
    if (view.y.ticks.length) layout.yaxis.range = [0.6 - view.y.ticks.length, 0.6];
    const place = document.getElementById(`${figure.name}-${number}`);
    // The cells of a table are about twice as wide as high, however few there are.
    const cells = view.series.some(series => series.kind === "cells") && view.x.ticks.length;
    place.style.maxWidth = cells ? `${160 + 64 * Math.max(4, cells)}px` : "";
    Plotly.react(place, traces(view, logY), layout, {
      responsive: true, displaylogo: false, displayModeBar: narrow() ? false : "hover",
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
    });
  });
}

function drawAll() {
  for (const chip of document.querySelectorAll(".chips [data-choice]")) {
    const choice = +chip.dataset.choice;
    chip.dataset.level = level[choice];
    chip.setAttribute("aria-pressed", ["false", "mixed", "true"][level[choice]]);
    chip.style.setProperty("--chip", colours()[choice % colours().length]);
  }
  report.figures.forEach(draw);
}

function drawInSight() {
  for (const figure of report.figures) {
    const section = document.querySelector(`[data-figure="${figure.name}"]`);
    const box = section.getBoundingClientRect();
    if (box.bottom > 0 && box.top < innerHeight) draw(figure);
  }
}

function element(kind, inside, parent, options = {}) {
  const made = Object.assign(document.createElement(kind), options);
  made.append(inside);
  parent.append(made);
  return made;
}

const chips = document.querySelector(".chips");
report.choices.forEach((name, choice) => {
  const title = `${name}: switch on or off`;
  const chip = element("button", "", chips, {type: "button", title});
  chip.dataset.choice = choice;
  element("i", "", chip);
  chip.append(name);
  chip.addEventListener("click", () => {
    level[choice] = level[choice] === STRONG ? OFF : STRONG;
    pointed = null;
    drawAll();
  });
  chip.addEventListener("pointerenter", event => {
    if (event.pointerType !== "mouse" || !level[choice]) return;
    pointed = choice;
    drawInSight();
  });
  chip.addEventListener("pointerleave", () => {
    if (pointed === null) return;
    pointed = null;
    drawInSight();
  });
});

function addSwitch(name, of) {
  element("button", name, chips, {type: "button"}).addEventListener("click", () => {
    level.forEach((_, choice) => { level[choice] = of(choice); });
    drawAll();
  });
}

if (report.choices.length > 2) {
  addSwitch("all", () => STRONG);
  addSwitch("none", () => OFF);
  if (report.choices.length > report.strong)
    addSwitch(`best ${report.strong}`, choice => choice < report.strong ? STRONG : OFF);
}

for (const figure of report.figures) {
  const controls = document.querySelector(`[data-figure="${figure.name}"] .controls`);
  const state = shown[figure.name];
  const linear = figure.views.some(view => view.y.log)
    && element("button", "linear scale", controls, {type: "button"});
  const update = () => {
    if (linear) linear.hidden = !figure.together && !figure.views[state.view].y.log;
    draw(figure);
  };
  if (!figure.together && figure.views.length > 1) {
    const label = element("label", "show ", controls);
    const select = element("select", "", label);
    figure.views.forEach(
      (view, number) => element("option", view.title, select, {value: number}));
    select.addEventListener("change", () => { state.view = +select.value; update(); });
    controls.prepend(label);
  }
  if (linear) linear.addEventListener("click", () => {
    state.linear = !state.linear;
    linear.textContent = state.linear ? "log scale" : "linear scale";
    update();
  });
}

drawAll();
dark.addEventListener("change", drawAll);
matchMedia("(max-width: 599px)").addEventListener("change", drawAll);
addEventListener("beforeprint", () => {
  printing = true;
  document.querySelectorAll("details").forEach(details => { details.open = true; });
  drawAll();
});
addEventListener("afterprint", () => { printing = false; drawAll(); });
