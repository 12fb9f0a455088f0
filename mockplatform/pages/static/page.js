// Makes the pages quicker where scripts are allowed; each of them does its work without.
"use strict";

for (const box of document.querySelectorAll("input[data-filters]")) {
  const list = document.getElementById(box.dataset.filters);
  const rows = [...list.children];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const none = document.getElementById(`${box.dataset.filters}-none`);
  const narrow = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, index) => {
      const chosen = row.querySelector("input:checked") !== null;
      row.hidden = !chosen && !words.every((word) => texts[index].includes(word));
      left += row.hidden ? 0 : 1;
    });
    if (none) none.hidden = left > 0;
  };
  box.addEventListener("input", narrow);
}

for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${text.dataset.copy}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      // Without permission for the clipboard, the text is at least marked.
      getSelection().selectAllChildren(text);
      button.textContent = "Marked";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  text.after(button);
}
