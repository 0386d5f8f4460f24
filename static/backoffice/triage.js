// Keys of the list of changes: j and k move, a approves, d opens "no" with its reason, x chooses. What is chosen is
// summed up beside the button that decides.
const changes = () => [...document.querySelectorAll(".ft-change")];

function isBusy(event) {
  const active = document.activeElement;
  return event.ctrlKey || event.metaKey || event.altKey || active.matches("input:not([type=checkbox]), textarea, select")
    || Boolean(document.querySelector("dialog[open]"));
}

function move(step) {
  const all = changes();
  const at = all.findIndex((one) => one.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (!next) return;
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "center" });
}

document.addEventListener("keydown", (event) => {
  if (isBusy(event)) return;
  const here = changes().find((one) => one.contains(document.activeElement));
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "a") here?.querySelector("button[value=approve]")?.click();
  else if (event.key === "x") here?.querySelector("input[name=chosen]")?.click();
  else if (event.key === "d") {
    const more = here?.querySelector("form.ft-decide");
    if (!more) return;
    more.closest("details").open = true;
    more.querySelector("input[name=reason]").focus();
  } else return;
  event.preventDefault();
});

function sumUp() {
  const output = document.getElementById("ft-chosen-effect");
  if (!output) return;
  const chosen = changes().filter((one) => one.querySelector("input[name=chosen]")?.checked);
  const minor = chosen.reduce((sum, one) => sum + Number(one.dataset.profit || 0), 0);
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: output.dataset.currency, signDisplay: "exceptZero" });
  const digits = money.resolvedOptions().maximumFractionDigits;
  output.textContent = chosen.length ? output.dataset.says.replace("{n}", chosen.length).replace("{profit}", money.format(minor / 10 ** digits)) : "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[name=chosen]")) sumUp();
});
document.addEventListener("DOMContentLoaded", sumUp);
