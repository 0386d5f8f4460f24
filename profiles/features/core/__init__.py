"""One definition of features: additive sums with forward decay, online and in batch.

Accumulate (`increments_of` one by one, `sum_events` in bulk), then derive as of any moment. Both
shells call the same `weigh_events` and the same `derive_values`.
"""
