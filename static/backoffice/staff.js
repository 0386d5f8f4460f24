// The theme writes the name of a chosen file into the first text field near the input. Only its own widget has one for
// that, in a label of the input: other forms would lose what was typed there, or the script would end with an error.
document.addEventListener("change", (event) => {
  const { target } = event;
  if (!target.matches("input[type=file]")) return;
  if (![...target.labels].some((label) => label.querySelector("input[type=text]"))) event.stopPropagation();
}, { capture: true });
