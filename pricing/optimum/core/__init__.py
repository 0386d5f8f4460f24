"""Optimal prices: closed forms, feasible price points, public prices, personal ones below,
markdown.

Pure numpy and scipy; every function names its formula and source and shows an example.
"""
