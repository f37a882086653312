"use strict";
// Languages, light and dark, paper: what changes after the page is there.
(() => {
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const title = document.querySelector("title");
  const titles = { en: title.textContent, zh: title.dataset.zh };
  const PAPER_WIDTH = 680;
  let language = "en";

  const names = (text) => text.split(" ");
  Plotly.register({
    moduleType: "locale",
    name: "zh-CN",
    dictionary: {},
    format: {
      days: names("星期日 星期一 星期二 星期三 星期四 星期五 星期六"),
      shortDays: names("周日 周一 周二 周三 周四 周五 周六"),
      months: names("1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月"),
      shortMonths: names("1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月"),
      date: "%Y-%m-%d",
    },
  });

  function remembered() {
    try {
      return localStorage.getItem("language");
    } catch {
      return null; // a page from disk may have no storage
    }
  }

  function remember() {
    try {
      localStorage.setItem("language", language);
    } catch {
      // then the browser's language decides again the next time
    }
  }

  // A colour of page.css by its name, var(--blue) or var(--blue, 0.2).
  function colour(name, opacity) {
    const hex = getComputedStyle(root).getPropertyValue(name).trim();
    if (opacity === undefined) return hex;
    const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${parts.join(",")},${opacity})`;
  }

  // The value with its texts in the language of the page and its colours as they are.
  function resolved(value) {
    if (typeof value === "string") {
      const found = /^var\((--[\w-]+)(?:, ([\d.]+))?\)$/.exec(value);
      return found ? colour(found[1], found[2]) : value;
    }
    if (Array.isArray(value)) {
      return value.map(resolved);
    }
    if (value && typeof value === "object") {
      if ("en" in value && "zh" in value) return value[language];
      return Object.fromEntries(
        Object.entries(value).map(([key, part]) => [key, resolved(part)])
      );
    }
    return value;
  }

  function layout(given, width) {
    const own = resolved(given);
    const ink = colour("--ink");
    const narrow = root.clientWidth < 600;
    const axis = {
      gridcolor: colour("--faint"),
      zerolinecolor: colour("--faint"),
      automargin: true,
      fixedrange: true,
      ticks: "",
      ticklabelstandoff: 6,
    };
    const look = {
      autosize: !width,
      ...(width && { width }),
      dragmode: false,
      showlegend: false,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: {
        family: getComputedStyle(document.body).fontFamily,
        size: narrow ? 11 : 13,
        color: ink,
      },
      hoverlabel: {
        bgcolor: colour("--paper"),
        bordercolor: colour("--soft"),
        font: { color: ink },
        align: "left",
      },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", itemclick: false,
        itemdoubleclick: false },
      ...own,
      margin: { l: 8, r: 50, t: 12, b: 8, ...own.margin },
    };
    for (const key of new Set(["xaxis", "yaxis", ...Object.keys(own)])) {
      if (/^[xy]axis\d*$/.test(key)) {
        const few = narrow && key[0] === "x" && { nticks: 4 };
        look[key] = { ...axis, ...few, ...own[key] };
        if (look[key].title) {
          look[key].title = { standoff: 12, font: { size: look.font.size }, ...look[key].title };
        }
      }
    }
    return look;
  }

  function draw(width) {
    for (const [id, chart] of Object.entries(charts)) {
      Plotly.react(id, resolved(chart.traces), layout(chart.layout, width), {
        displayModeBar: false,
        responsive: true,
        locale: language === "zh" ? "zh-CN" : "en-US",
      });
    }
  }

  function speak(chosen) {
    language = chosen;
    root.lang = language === "zh" ? "zh-CN" : "en";
    title.textContent = titles[language];
  }

  const button = document.getElementById("language");
  button.hidden = false;
  button.addEventListener("click", () => {
    speak(language === "en" ? "zh" : "en");
    remember();
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  addEventListener("beforeprint", () => {
    root.classList.add("paper");
    draw(PAPER_WIDTH);
  });
  addEventListener("afterprint", () => {
    root.classList.remove("paper");
    draw();
  });
  const first = remembered() ?? (navigator.language || "en");
  speak(first.startsWith("zh") ? "zh" : "en");
  draw();
})();
