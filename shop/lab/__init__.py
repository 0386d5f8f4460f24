"""A market with known truth, to judge what sets prices: seeded, vectorised, Django-free.

    from shop.lab.episode import Course, run_agent, run_insider

    run = run_agent(Course("logit", seed=1, visits=20_000), MyAgent())
    best = run_insider(Course("logit", seed=1, visits=20_000), "clairvoyant")
    print(run.profit.sum() / best.profit.sum())

`MyAgent` is anything with `propose` and `observe` (shop.lab.agent.PricingAgent).
Markets: `worlds`; published agents: `baselines`; many runs at once: `grid`; figures with
intervals: `summary`. The protocol is described in docs/evaluation.md.
"""
