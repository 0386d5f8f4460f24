"""A photograph of a product, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph: `sizes` are (width in pixels, address), narrowest first; `width` and `height`
    are those of the widest. `variant_id` is the one variant it shows, None for all."""

    sizes: tuple[tuple[int, str], ...]
    width: int
    height: int
    alt: str
    variant_id: int | None = None

    @property
    def srcset(self) -> str:
        """All sizes, for a browser to choose from."""
        return ", ".join(f"{address} {width}w" for width, address in self.sizes)

    def at_least(self, width: int) -> str:
        """Return the address of the narrowest file of at least this width, else of the widest."""
        fit = (address for wide, address in self.sizes if wide >= width)
        return next(fit, self.sizes[-1][1])
