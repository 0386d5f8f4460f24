/* The search field as a combobox with a list: arrows, Enter, Escape. With nothing typed it offers
   what was searched for on this device; these words stay here and can be deleted. */
(() => {
  "use strict";
  const input = document.getElementById("q");
  const box = document.getElementById("suggest");
  const form = input.form;
  const KEY = "fairtag_searches";
  const MOST = 5;
  const options = () => [...box.querySelectorAll("[role=option]")];
  const chosen = () => options().find((option) => option.getAttribute("aria-selected") === "true");
  const open = () => input.setAttribute("aria-expanded", String(options().length > 0));
  const close = () => { box.replaceChildren(); open(); input.removeAttribute("aria-activedescendant"); };
  const select = (step) => {
    const all = options();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    const next = (at + step + all.length + (at < 0 && step < 0 ? 1 : 0)) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === next)));
    input.setAttribute("aria-activedescendant", all[next].id);
    all[next].scrollIntoView({ block: "nearest" });
  };

  /* --- recent searches: nothing is kept where the visitor said no to being followed --------- */
  const recall = () => { try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; } };
  const keep = (list) => { try { localStorage.setItem(KEY, JSON.stringify(list)); } catch { /* full or forbidden */ } };
  const remember = (words) => {
    if (!words || document.documentElement.dataset.tracking === "off") return;
    keep([words, ...recall().filter((each) => each !== words)].slice(0, MOST));
  };
  const draw = (text, note, data) => {
    const option = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = text;
    const small = document.createElement("small");
    small.textContent = note;
    option.append(name, small);
    option.id = `suggest-${box.childElementCount + 1}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    Object.assign(option.dataset, data);
    box.append(option);
  };
  const offer = () => {
    if (input.value.trim()) return;
    close();
    const list = recall();
    if (!list.length) return;
    list.forEach((words) => draw(words, box.dataset.recent, { words, href: `${form.action}?q=${encodeURIComponent(words)}` }));
    draw(box.dataset.clear, "", { clear: "1" });
    open();
  };
  const take = (option) => {
    if (option.dataset.clear) { keep([]); close(); input.focus(); return; }
    if (option.dataset.words) remember(option.dataset.words);
    location.assign(option.dataset.href);
  };

  input.addEventListener("keydown", (event) => {
    const acts = {
      ArrowDown: () => { if (!options().length) offer(); select(1); },
      ArrowUp: () => select(-1),
      Escape: box.childElementCount ? close : null,
      Enter: chosen() && (() => take(chosen())),
    };
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  input.addEventListener("input", offer);
  input.addEventListener("focus", offer);
  box.addEventListener("htmx:afterSwap", () => { if (input.value.trim()) open(); else offer(); });
  box.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  form.addEventListener("submit", () => remember(input.value.trim()));
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
  offer();
})();
