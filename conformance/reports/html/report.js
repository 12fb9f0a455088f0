// Makes the report quicker to read where scripts are allowed; without them everything can be read.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const form = at("filter");
  const parts = [...document.querySelectorAll(".part")];
  const cells = new Map([...document.querySelectorAll(".cells a")].map((a) => [named(a.hash), a.parentElement]));
  const boxes = { q: at("words"), status: at("by-status"), area: at("by-area"), about: at("by-about") };
  let texts = null;

  function named(hash) {
    try { return decodeURIComponent(hash.slice(1)); } catch { return hash.slice(1); }
  }

  function fits(part, index, words) {
    const { s, a, x } = part.dataset;
    const status = boxes.status.value;
    return (!status || status === s || (status === "trouble" && s !== "passed" && s !== "skipped"))
      && (!boxes.area.value || boxes.area.value === a)
      && (!boxes.about.value || (x || "").split(" ").includes(boxes.about.value))
      && words.every((word) => texts[index].includes(word));
  }

  function narrow() {
    const words = boxes.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length && !texts) texts = parts.map((part) => part.textContent.toLowerCase());
    let shown = 0;
    parts.forEach((part, index) => {
      const fit = fits(part, index, words);
      if (part.hidden === fit) part.hidden = !fit;
      const cell = cells.get(part.id);
      if (cell && cell.hidden === fit) cell.hidden = !fit;
      shown += fit;
    });
    for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector(".part:not([hidden])");
    for (const area of document.querySelectorAll(".area")) area.hidden = !area.querySelector("li:not([hidden])");
    at("shown").textContent = shown === parts.length ? `${shown} scenarios` : `${shown} of ${parts.length} scenarios`;
    at("none").hidden = shown > 0;
    at("narrowed").hidden = shown === parts.length;
  }

  function changed() {
    narrow();
    const state = new URLSearchParams();
    for (const [name, box] of Object.entries(boxes)) if (box.value) state.set(name, box.value);
    try {
      history.replaceState(null, "", `${location.pathname}${location.search}#${state}`);
    } catch {
      // A viewer that shows the report without an address of its own keeps no state.
    }
  }

  function clear() {
    for (const box of Object.values(boxes)) box.value = "";
    changed();
    boxes.q.focus();
  }

  // The fragment is either a place in the report or the state of the filter.
  function follow() {
    const target = at(named(location.hash));
    if (target) {
      if (target.hidden || target.closest(".group[hidden]")) {
        for (const box of Object.values(boxes)) box.value = "";
        narrow();
      }
      for (let outer = target; outer; outer = outer.parentElement) if (outer.localName === "details") outer.open = true;
      target.scrollIntoView();
    } else if (location.hash.includes("=")) {
      const state = new URLSearchParams(location.hash.slice(1));
      for (const [name, box] of Object.entries(boxes)) box.value = state.get(name) || "";
      narrow();
    }
  }

  async function copy(button, text) {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      // Without permission for the clipboard, the text is at least marked.
      getSelection().selectAllChildren(text);
      button.textContent = "Marked";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  function offerCopy(part) {
    const text = part.querySelector(".command");
    if (!text || text.nextElementSibling) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy the command for ${part.querySelector("summary code").textContent}`);
    button.addEventListener("click", () => copy(button, text));
    text.after(button);
  }

  // What was said on the wire of a long report lies at its end, deflated.
  let wires = null;
  async function unpacked(number) {
    if (wires) return wires[number];
    const bytes = Uint8Array.from(atob(at("packed").content.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    wires = (await new Response(stream).text()).split("<!--wire-->");
    return wires[number];
  }

  function offerWire(part) {
    const note = part.querySelector(".packed");
    if (!note || note.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show what was said on the wire";
    button.addEventListener("click", async () => {
      note.insertAdjacentHTML("afterend", await unpacked(Number(note.dataset.wire)));
      const shown = note.nextElementSibling;
      note.remove();
      texts = null;
      shown.open = true;
      shown.querySelector("summary").focus();
    });
    note.replaceChildren(button);
  }

  function offer(part) {
    offerCopy(part);
    offerWire(part);
  }

  document.addEventListener("toggle", ({ target }) => {
    if (target.open && target.classList.contains("part")) offer(target);
  }, true);
  parts.filter((part) => part.open).forEach(offer);

  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll(".part:not([data-s=passed], [open]), .wire:not([open])")];
    for (const part of unfolded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of unfolded) part.open = false;
  });

  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", changed);
  for (const button of document.querySelectorAll("[data-clear]")) button.addEventListener("click", clear);
  for (const button of document.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => {
      for (const part of parts) if (!part.hidden) part.open = button.dataset.fold === "open";
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      boxes.q.focus();
      boxes.q.select();
    } else if (event.key === "Escape" && event.target === boxes.q) clear();
  });
  addEventListener("hashchange", follow);
  document.addEventListener("click", ({ target }) => {
    // A part that was closed again is opened by the link that led to it.
    if (target.closest?.("a[href^='#']")?.hash === location.hash) follow();
  });
  narrow();
  follow();
})();
