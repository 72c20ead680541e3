// What is wrong with the page that is shown, as sentences: run in the page by the browser tests.
(options) => {
  const faults = [];
  const say = (text, element) => faults.push(element ? `${text}: ${element.outerHTML.slice(0, 160)}` : text);
  const shown = (element) => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    return style.visibility !== "hidden" && style.display !== "none" && box.width > 0 && box.height > 0
      && element.checkVisibility();
  };
  const all = (selector) => [...document.querySelectorAll(selector)];

  // Layout: nothing wider than the window.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const scrolls = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(p).overflowX)) return true; } return false; };
    const wide = all("body *").filter((e) => e.getBoundingClientRect().right > width + 1 && shown(e) && !scrolls(e));
    say(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${width}`, wide.at(-1));
  }

  // Words: every string is there, in the page's language.
  const text = document.body.innerText;
  for (const raw of ["{}", "undefined", "Optional(", "NaN", "[object", "null"])
    if (text.includes(raw))
      say(`the text contains ${raw}: ${text.slice(Math.max(0, text.indexOf(raw) - 40)).slice(0, 99)}`);
  const key = text.match(/\b[a-z]+(?:[A-Z][a-z]+){1,}\b|\b[a-z]+(?:\.[a-z]+){2,}\b|\b[a-z]+_[a-z_]+\b/);
  if (key) say(`the text contains what looks like a key: ${key[0]}`);
  const html = document.documentElement;
  if (options.language && !html.lang.startsWith(options.language)) say(`lang is ${html.lang}`);
  const chinese = /[\u4e00-\u9fff]/;
  if (options.language === "en") {
    for (const e of all("nav a > span:not(.count), button, label, h2, summary, legend").filter(shown))
      if (chinese.test(e.innerText) && !e.closest("[lang]:not(html), article, .store, .chips, .mail")
        && !e.querySelector("a")) say("Chinese in the English page", e);
  } else if (options.language === "zh") {
    for (const e of all("nav a > span:not(.count), button, label, legend").filter(shown)) {
      const words = e.innerText.trim();
      if (/[A-Za-z]{4}/.test(words) && !chinese.test(words) && !e.closest("article"))
        say("English in the Chinese page", e);
    }
  }

  // Structure.
  if (!document.title.trim()) say("the page has no title");
  if (all("main").length !== 1) say(`the page has ${all("main").length} main elements`);
  const headings = all("h1, h2, h3, h4, h5, h6").filter((e) => e.checkVisibility());
  if (options.headings && headings.filter((e) => e.tagName === "H1").length !== 1) say("the page has not one h1");
  headings.reduce((before, e) => {
    const level = Number(e.tagName[1]);
    if (options.headings && level > before + 1) say(`a heading skips from level ${before} to ${level}`, e);
    return level;
  }, 0);
  const ids = all("[id]").map((e) => e.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) say(`the id ${id} stands twice`);
  for (const e of all("[tabindex]")) if (e.tabIndex > 0) say("a tabindex changes the order", e);

  // Names: of pictures, fields, buttons and links.
  const words = (id) => document.getElementById(id)?.textContent ?? "";
  const named = (ids) => (ids ?? "").split(" ").map(words).join("").trim();
  const name = (e) => (named(e.getAttribute("aria-labelledby")) || e.getAttribute("aria-label") || e.textContent
    || e.getAttribute("title") || [...e.querySelectorAll("img")].map((i) => i.alt).join("")
    || [...e.querySelectorAll("svg title, svg[aria-label]")].map((s) => s.textContent || s.ariaLabel).join("")).trim();
  for (const e of all("img")) if (!e.hasAttribute("alt")) say("a picture without alt", e);
  for (const e of all("svg")) {
    const hidden = e.closest("[aria-hidden=true]"), labelled = e.getAttribute("aria-label") || e.querySelector("title");
    if (!hidden && !labelled && e.getAttribute("role") !== "presentation" && !e.closest("a, button, label"))
      say("a drawing that is neither hidden nor named", e);
  }
  for (const e of all("input, select, textarea")) {
    if (["hidden", "submit", "button"].includes(e.type)) continue;
    if (!e.labels?.length && !e.getAttribute("aria-label") && !named(e.getAttribute("aria-labelledby")))
      say("a field without a label", e);
  }
  for (const e of all("button, a[href], summary").filter((e) => e.checkVisibility())) if (!name(e)) say("no name", e);
  for (const e of all("[aria-labelledby], [aria-describedby]"))
    for (const id of ["aria-labelledby", "aria-describedby"].flatMap((n) => (e.getAttribute(n) ?? "").split(" ")))
      if (id && !document.getElementById(id)) say(`names the missing id ${id}`, e);

  // Contrast: WCAG 2.2 AA, of every text against what is painted behind it.
  const parts = (colour) => {
    const numbers = (colour.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    if (colour.startsWith("rgb")) return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
    if (colour.startsWith("color(srgb")) return [...numbers.slice(0, 3).map((n) => n * 255), numbers[3] ?? 1];
    return null;
  };
  const over = (top, below) => top.slice(0, 3).map((n, i) => n * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((n) => n / 255).map((n) =>
    n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e), colour = parts(style.backgroundColor);
      if (style.backgroundImage !== "none" || !colour || style.opacity < 1) return null;
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const ground = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reverse().reduce((below, top) => over(top, below), ground);
  };
  const seen = new Set();
  for (const e of all("body *").filter(shown)) {
    const says = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!says || e.closest("[disabled], .sr, svg")) continue;
    const style = getComputedStyle(e), ground = behind(e), ink = parts(style.color);
    if (!ground || !ink) continue;
    const [a, b] = [light(over(ink, ground)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const what = `${style.color} on rgb(${ground.slice(0, 3).map(Math.round)})`;
    if (ratio < needed && !seen.has(what)) { seen.add(what); say(`contrast ${ratio.toFixed(2)} of ${what}`, e); }
  }
  return faults;
}
