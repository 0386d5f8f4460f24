"""Views of our own staff pages. Figures come from selectors, actions call services."""
