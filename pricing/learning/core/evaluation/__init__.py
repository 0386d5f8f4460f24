"""Off-policy evaluation: the profit of a policy estimated from logged decisions of another.

>>> from pricing.learning.core.evaluation.estimators import evaluate, example_logged
>>> logged = example_logged()
>>> found = evaluate(logged, random_state=1)
>>> sorted(found.estimates), found.refusals
(['DR', 'SNIPS', 'SWITCH-DR'], ())
>>> found.estimates["DR"].gain.low < 0.4 < found.estimates["DR"].gain.high
True
"""
