// The theme writes the name of a chosen file into the first text field near the input, which only its own widget has:
// ours would lose what was typed there, or the script would end with an error.
document.addEventListener("change", (event) => {
  if (event.target.matches("input.ft-input[type=file]")) event.stopPropagation();
}, { capture: true });
