"""The law of promotions as rules: a draft in, the rules it would break out, in two languages."""
