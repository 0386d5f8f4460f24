"""A picture of a product, as pages show it: a photograph or a drawn pack."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: `sizes` are (width in pixels, address), narrowest first; `width` and `height` are
    those of the widest. `variant_id` is the one variant it shows, None for all.

    An illustration is drawn and has one file, which fits every width; `rasters` are the same for
    programs that show no SVG, such as those that read e-mail, as (width, address).
    """

    sizes: tuple[tuple[int, str], ...]
    width: int
    height: int
    alt: str
    variant_id: int | None = None
    is_illustration: bool = False
    rasters: tuple[tuple[int, str], ...] = ()

    @property
    def raster(self) -> str:
        """Return the address of the widest file that every program shows."""
        return (self.rasters or self.sizes)[-1][1]

    @property
    def srcset(self) -> str:
        """All sizes, for a browser to choose from; "" where there is no choice."""
        if self.is_illustration:
            return ""
        return ", ".join(f"{address} {width}w" for width, address in self.sizes)

    def at_least(self, width: int) -> str:
        """Return the address of the narrowest file of at least this width, else of the widest."""
        fit = (address for wide, address in self.sizes if wide >= width)
        return next(fit, self.sizes[-1][1])
