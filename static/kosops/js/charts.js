// The one place that makes ECharts. The page holds the data as JSON, already formatted by the server
// (kosops/ui/charts.py); this file only draws. Tooltips are DOM nodes filled by textContent: the
// library's own HTML would break our content security policy.
const live = new Map();

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function tooltip(data) {
  return (points) => {
    const index = points[0].dataIndex;
    const box = element("div", "tip");
    box.append(element("div", "tip-title", data.labels[index]));
    data.series.forEach((series, place) => {
      const row = element("div", "tip-row");
      const kind = data.series.length === 1 ? "is-line" : data.kind === "line" ? (series.dashed ? "is-dashed" : "is-line") : `tip-sign-${place + 1}`;
      row.append(element("span", `tip-sign ${kind}`), element("span", "", series.name), element("strong", "", series.texts[index]));
      box.append(row);
    });
    if (firstLink(data, index)) box.append(element("div", "tip-open", data.open));
    return box;
  };
}

// -- opening what stands behind a value ---------------------------------------------

const hasLinks = (data) => data.series.some((series) => series.links.some(Boolean));
const firstLink = (data, index) => data.series.map((series) => series.links[index]).find(Boolean);

// The series under the pointer: the part of the bar, or the nearest line.
function seriesAt(data, index, value) {
  const known = data.series.filter((series) => series.values[index] !== null);
  if (data.kind !== "stacked") {
    const off = (series) => Math.abs(series.values[index] - value);
    return known.sort((one, other) => off(one) - off(other))[0];
  }
  let sum = 0;
  return known.find((series) => (sum += series.values[index]) >= value);
}

function linkAt(place, x, y) {
  const { chart, data } = live.get(place);
  if (!chart.containPixel("grid", [x, y])) return {};
  const [index, value] = chart.convertFromPixel({ gridIndex: 0 }, [x, y]);
  const href = seriesAt(data, index, value)?.links[index] || (data.kind === "line" ? firstLink(data, index) : "");
  return { index, href };
}

function follow(href, event) {
  if (event?.ctrlKey || event?.metaKey || event?.shiftKey) window.open(href, "_blank", "noopener");
  else location.assign(href);
}

// A finger first shows the values and opens them with the second tap; a mouse has seen them already.
function openByPointer(place, chart) {
  let shown = -1;
  chart.getZr().on("mousemove", ({ offsetX, offsetY }) => {
    chart.getZr().setCursorStyle(linkAt(place, offsetX, offsetY).href ? "pointer" : "default");
  });
  chart.getZr().on("click", ({ offsetX, offsetY, event }) => {
    const { index, href } = linkAt(place, offsetX, offsetY);
    const seen = !event.zrByTouch || index === shown;
    shown = index ?? -1;
    if (href && seen) follow(href, event);
  });
}

// Arrow keys walk the labels, Enter opens.
function openByKeys(place, chart) {
  let index = -1;
  place.tabIndex = 0;
  place.addEventListener("keydown", (event) => {
    const { data } = live.get(place);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      index = Math.max(0, Math.min(data.labels.length - 1, index < 0 && step < 0 ? data.labels.length - 1 : index + step));
      chart.dispatchAction({ type: "showTip", x: chart.convertToPixel({ xAxisIndex: 0 }, index), y: 60 });
      event.preventDefault();
    } else if (event.key === "Enter" && firstLink(data, index)) follow(firstLink(data, index), event);
    else if (event.key === "Escape") chart.dispatchAction({ type: "hideTip" });
  });
  place.addEventListener("blur", () => chart.dispatchAction({ type: "hideTip" }));
}

// -- drawing ------------------------------------------------------------------------

function soften(hex, alpha) {
  return hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

function lineSeries(series, place) {
  const color = series.dashed ? token("fg-3") : place === 0 ? token("accent") : token(`tier-${Math.min(3, place + 1)}`);
  return {
    name: series.name,
    type: "line",
    cursor: "default",
    data: series.values,
    smooth: 0.45,
    smoothMonotone: "x",
    connectNulls: false,
    symbol: "circle",
    symbolSize: 7,
    showSymbol: series.values.filter((v) => v !== null).length < 2,
    z: series.dashed ? 2 : 3,
    lineStyle: { width: series.dashed ? 1.5 : 2, type: series.dashed ? [4, 3] : "solid", color },
    itemStyle: { color: token("surface"), borderColor: color, borderWidth: 2 },
    emphasis: { disabled: series.dashed, lineStyle: { width: 2 }, scale: false },
    areaStyle:
      !series.dashed && place === 0
        ? {
            color: {
              type: "linear",
              x: 0,
              y: 0,
              x2: 0,
              y2: 1,
              colorStops: [
                { offset: 0, color: soften(color, 0.12) },
                { offset: 1, color: soften(color, 0) },
              ],
            },
          }
        : undefined,
  };
}

function barSeries(series, place, data) {
  return {
    name: series.name,
    type: "bar",
    cursor: "default",
    stack: data.kind === "stacked" ? "all" : undefined,
    data: series.values,
    barMaxWidth: 44,
    barCategoryGap: "54%",
    itemStyle: {
      color: data.series.length === 1 ? token("accent") : token(`tier-${place + 1}`),
      borderColor: token("surface"),
      borderWidth: data.kind === "stacked" ? 1 : 0,
      borderRadius: 3,
    },
  };
}

function options(data, summary) {
  const text = { color: token("fg-2"), fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily };
  const top = data.ticks[data.ticks.length - 1];
  return {
    animationDuration: 350,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: text,
    aria: { enabled: true, label: { description: summary || data.title } },
    grid: { left: 40, right: 14, top: 10, bottom: 28, containLabel: false },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      padding: [10, 12],
      borderRadius: 9,
      borderColor: token("line"),
      backgroundColor: token("raised"),
      textStyle: { color: token("fg") },
      axisPointer: { type: data.kind === "line" ? "line" : "shadow", lineStyle: { color: token("fg-2"), type: "solid", width: 1 }, shadowStyle: { color: soften(token("fg"), 0.05) } },
      formatter: tooltip(data),
    },
    xAxis: {
      type: "category",
      data: data.axis,
      boundaryGap: data.kind !== "line",
      axisTick: { show: false },
      axisLine: { lineStyle: { color: token("line") } },
      axisLabel: { ...text, margin: 12, hideOverlap: true },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: top,
      interval: data.ticks[1] - data.ticks[0],
      axisLabel: { ...text, formatter: (value) => data.tickTexts[data.ticks.indexOf(value)] ?? "" },
      splitLine: { lineStyle: { color: token("line") } },
    },
    series: data.series.map((series, place) => (data.kind === "line" ? lineSeries(series, place) : barSeries(series, place, data))),
  };
}

function draw(place) {
  const source = document.getElementById(place.dataset.kosChart);
  if (!source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  let chart = live.get(place)?.chart;
  if (!chart) {
    const canvas = element("div", "chart-canvas");
    canvas.style.height = `${Number(place.dataset.kosChartHeight) + 36}px`;
    place.replaceChildren(canvas);
    chart = window.echarts.init(canvas, null, { renderer: "canvas" });
    live.set(place, { chart, data });
    new ResizeObserver(() => chart.resize()).observe(canvas);
    if (hasLinks(data)) {
      openByPointer(place, chart);
      openByKeys(place, chart);
    }
  }
  const summary = document.getElementById(place.getAttribute("aria-describedby"))?.textContent;
  chart.setOption(options(data, summary), { notMerge: true });
}

function drawAll(root = document) {
  for (const [place, { chart }] of live) {
    if (place.isConnected) continue;
    chart.dispose();
    live.delete(place);
  }
  for (const place of root.querySelectorAll("[data-kos-chart]")) draw(place);
}

document.addEventListener("kos:theme", () => drawAll());
document.addEventListener("htmx:afterSettle", () => drawAll());
drawAll();
