"""Statistics of experiments: assignment, and inference valid at every look.

>>> from profiles.experiments.core.sequences import Arm, compare_arms
>>> treated = Arm(clusters=9_500, visits=19_000.0, total=38_000.0, squares=190_000.0,
...               products=76_000.0, visits_squared=38_000.0)
>>> holdout = Arm(clusters=500, visits=1_000.0, total=2_500.0, squares=13_000.0,
...               products=5_000.0, visits_squared=2_000.0)
>>> lift = compare_arms(treated, holdout, level=0.99)
>>> lift.difference, lift.is_worse
(-0.5, True)
"""
