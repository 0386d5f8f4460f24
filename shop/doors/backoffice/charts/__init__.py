"""Charts drawn by the server as SVG: no script, readable by screen readers, light and dark.

Every mark carries its exact value as a `<title>` (shown on hover), every chart its numbers as a
table. Colors are classes: the style sheet decides them per theme, and series differ by dash or
pattern as well as by color. Rooms' numbers come in as floats of the unit shown; this is a
drawing, not a ledger.
"""
