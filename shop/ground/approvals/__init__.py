"""Ground: what two people decide together. Rooms ask here, and decide here, in their own steps."""
