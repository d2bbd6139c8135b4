"""The second factor: applications of codes, security keys, recovery codes; and saying again who one is."""
