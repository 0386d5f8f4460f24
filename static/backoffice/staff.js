// The theme writes the name of a chosen file into the first text field near the input. Only its own widget has one for
// that, in a label of the input: other forms would lose what was typed there, or the script would end with an error.
document.addEventListener("change", (event) => {
  const { target } = event;
  if (!target.matches("input[type=file]")) return;
  if (![...target.labels].some((label) => label.querySelector("input[type=text]"))) event.stopPropagation();
}, { capture: true });

// Copy buttons beside ids: `admin/parts/copy.html`.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("is-done");
  button.setAttribute("aria-label", button.dataset.done);
});

// Nobody looks at a hidden page: what asks for news every few seconds waits until somebody does. A progress bar reloads
// the page at its end: it waits, too, while a form holds what somebody typed and would lose.
function isTypedInto() {
  const fields = document.querySelectorAll("form[method=post] :is(input:not([type=hidden]), textarea)");
  const isChecked = (field) => ["checkbox", "radio"].includes(field.type);
  // A box without a value of its own says "on" whether somebody checked it or not.
  return [...fields].some((field) => (isChecked(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue));
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.getAttribute("hx-trigger")?.startsWith("every")) return;
  if (document.hidden || (event.target.id.startsWith("ft-progress") && isTypedInto())) event.preventDefault();
});

// Enter in a search of a picker looks, and does not save the form around it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".ft-goods input[type=search]")) event.preventDefault();
});


// The palette and the keys. Single letters can be switched off in the sheet of keys: people who speak to their
// computer would press them by accident.
const KEYS_OFF = "ft-keys-off";
const GO_WITHIN = 1500;
let wentAt = 0;

function isTyping() {
  const active = document.activeElement;
  return active.matches("input, textarea, select") || active.isContentEditable || Boolean(document.querySelector("dialog[open]"));
}

function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
}

window.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    event.stopImmediatePropagation();
    openDialog("ft-palette");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping()) return;
  if (event.key.length === 1 && event.key !== " " && localStorage.getItem(KEYS_OFF)) {
    event.stopImmediatePropagation();
    return;
  }
  if (event.key === "?") openDialog("ft-keys");
  const key = event.key.toLowerCase();
  if (event.timeStamp - wentAt < GO_WITHIN && /^[a-z]$/.test(key)) {
    wentAt = 0;
    const link = document.querySelector(`#nav-sidebar-apps a[data-key="${key}"]`);
    if (link) {
      event.preventDefault();
      event.stopImmediatePropagation();
      window.location.assign(link.href);
    }
    return;
  }
  if (key === "g") wentAt = event.timeStamp;
}, { capture: true });

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    openDialog(opener.dataset.dialog);
  }
  if (event.target.matches("dialog.ft-dialog")) event.target.close();
});

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".ft-tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  const keysOn = document.getElementById("ft-keys-on");
  if (keysOn) {
    keysOn.checked = !localStorage.getItem(KEYS_OFF);
    keysOn.addEventListener("change", () => {
      if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
      else localStorage.setItem(KEYS_OFF, "1");
    });
  }
  const palette = document.getElementById("ft-palette");
  if (palette) fillPalette(palette);
});

function fillPalette(palette) {
  const input = palette.querySelector("input");
  const results = palette.querySelector("#ft-palette-results");
  let timer;
  let asked = "";

  function choose(step) {
    const options = [...results.querySelectorAll("[role=option]")];
    if (!options.length) return;
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = options[(at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length];
    options.forEach((option) => option.setAttribute("aria-selected", String(option === next)));
    input.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const term = input.value.trim();
    if (term === asked) return;
    asked = term;
    const answer = term ? await fetch(`${palette.dataset.search}?s=${encodeURIComponent(term)}`, { headers: { "HX-Request": "true" } }) : null;
    const text = answer && answer.ok ? await answer.text() : "";
    if (term !== asked) return;
    results.innerHTML = text;
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", String(Boolean(results.querySelector("[role=option]"))));
    choose(1);
  }

  function open(option, isNew) {
    if (!option) return;
    if (isNew) window.open(option.dataset.href, "_blank", "noopener");
    else window.location.assign(option.dataset.href);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 200);
  });
  input.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(timer);
      await ask();
      open(results.querySelector("[aria-selected=true]"), event.ctrlKey || event.metaKey);
    }
  });
  results.addEventListener("click", (event) => open(event.target.closest("[role=option]"), event.ctrlKey || event.metaKey));
}

// A dialog takes the focus. The theme looks for what may have it once, 15 ms after the dialog opens: on a busy machine
// nothing is to be seen by then, and the focus stays on the frame around it.
function enterDialog(dialog, tries) {
  if (dialog.contains(document.activeElement) || !tries) return;
  const first = dialog.querySelector("input:not([type=hidden]), select, textarea, button, a[href]");
  if (first?.checkVisibility()) first.focus();
  setTimeout(() => enterDialog(dialog, tries - 1), 50);
}

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "modal-content") setTimeout(() => enterDialog(target, 20), 50);
});

// What is ticked among the found products joins the chosen ones: the next search replaces the rest.
document.addEventListener("change", (event) => {
  const { target } = event;
  if (!target.checked || !target.matches(".ft-found input[type=checkbox]")) return;
  target.closest(".ft-goods").querySelector(".ft-picks").append(target.closest("li"));
  target.focus();
});

// The theme's choices with a search have no name: a label names the hidden list beneath, not what is shown.
const CHOICES = "select.admin-autocomplete, select.unfold-admin-autocomplete, select.selectfilter";

function nameChoices() {
  document.querySelectorAll("select.select2-hidden-accessible").forEach((list) => {
    const [label] = list.labels;
    const shown = list.nextElementSibling?.querySelector(".select2-selection");
    if (!label || !shown) return;
    label.id ||= `${list.id}-name`;
    const text = shown.querySelector(".select2-selection__rendered");
    shown.setAttribute("aria-labelledby", text?.id ? `${label.id} ${text.id}` : label.id);
    shown.querySelectorAll("[role=textbox], .select2-search__field").forEach((part) => part.setAttribute("aria-labelledby", label.id));
  });
  document.querySelectorAll(".help-tooltip[aria-label]").forEach((sign) => sign.setAttribute("role", "img"));
}

document.addEventListener("DOMContentLoaded", () => {
  if (document.querySelector(CHOICES)) new MutationObserver(nameChoices).observe(document.body, { childList: true, subtree: true });
});
document.addEventListener("focusin", ({ target }) => {
  if (!target.matches(".select2-dropdown .select2-search__field")) return;
  const list = document.querySelector(".select2-container--open")?.previousElementSibling;
  target.setAttribute("aria-label", list?.labels?.[0]?.innerText ?? target.getAttribute("placeholder") ?? "");
});
