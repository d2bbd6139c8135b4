"""How long an example takes says how loaded the machine is, and whether it came first: the first figure of a process
loads pandas. Speed is measured elsewhere."""

from hypothesis import HealthCheck, settings

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")
