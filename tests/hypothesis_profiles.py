"""How much Hypothesis tries, and that it judges no speed: a busy machine fails no test.

`check` is what `make check` runs. `pytest --hypothesis-profile=soak` tries twenty times more, for a long night.
"""

from hypothesis import HealthCheck, settings

TIMING_CHECKS = (HealthCheck.too_slow,)


def load() -> None:
    """Register the profiles and use `check`; the option of pytest comes after, and may choose the other."""
    for name, examples in (("check", 100), ("soak", 2000)):
        settings.register_profile(
            name, max_examples=examples, deadline=None, suppress_health_check=TIMING_CHECKS, print_blob=True
        )
    settings.load_profile("check")


def costly(divisor: int, *suppressed: HealthCheck) -> settings:
    """For a property whose examples are slow: so many times fewer of them than the profile says."""
    profile = settings.default
    assert profile is not None
    return settings(
        max_examples=max(1, profile.max_examples // divisor),
        suppress_health_check=(*profile.suppress_health_check, *suppressed),
    )
