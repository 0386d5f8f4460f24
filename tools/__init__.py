"""Implementation of `./dev`; standard library only: it runs before anything is installed."""
