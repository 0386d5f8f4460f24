"""The sentence builder, campaign files, forecasts, results, replays of the past."""
