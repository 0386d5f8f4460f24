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

// Nobody looks at a hidden page: what asks for news every few seconds waits until somebody does.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.getAttribute("hx-trigger")?.startsWith("every")) event.preventDefault();
});
