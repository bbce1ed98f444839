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
    return box;
  };
}

function soften(hex, alpha) {
  return hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

function lineSeries(series, place) {
  const color = series.dashed ? token("fg-3") : place === 0 ? token("accent") : token(`tier-${Math.min(3, place + 1)}`);
  return {
    name: series.name,
    type: "line",
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
      data: data.labels,
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
  let chart = live.get(place);
  if (!chart) {
    const canvas = element("div", "chart-canvas");
    canvas.style.height = `${Number(place.dataset.kosChartHeight) + 36}px`;
    place.replaceChildren(canvas);
    chart = window.echarts.init(canvas, null, { renderer: "canvas" });
    live.set(place, chart);
    new ResizeObserver(() => chart.resize()).observe(canvas);
  }
  const summary = document.getElementById(place.getAttribute("aria-describedby"))?.textContent;
  chart.setOption(options(data, summary), { notMerge: true });
}

function drawAll(root = document) {
  for (const [place, chart] of live) {
    if (place.isConnected) continue;
    chart.dispose();
    live.delete(place);
  }
  for (const place of root.querySelectorAll("[data-kos-chart]")) draw(place);
}

document.addEventListener("kos:theme", () => drawAll());
document.addEventListener("htmx:afterSettle", () => drawAll());
drawAll();
