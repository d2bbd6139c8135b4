"""Stacked bars add up."""

from app.web.meter import stacked_meter


def test_parts_follow_one_another_on_a_width_of_100() -> None:
    bar = stacked_meter(8, [("a", 2), ("b", 0), ("c", 4)], "libellé")
    assert [(part.css_class, part.x, part.width) for part in bar.parts] == [("a", 0, 25), ("c", 25, 50)]


def test_an_empty_total_draws_nothing() -> None:
    assert stacked_meter(0, [("a", 0)], "vide").parts == ()
