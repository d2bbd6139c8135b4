"""Pages count in French: one row is told in the singular."""

from app.web.templating import environment


def test_a_page_tells_one_and_several() -> None:
    page = environment().from_string("{{ n|compte('correspondance ne repose', 'correspondances ne reposent') }}")
    assert page.render(n=1) == "1 correspondance ne repose"
    assert page.render(n=2000) == "2\u202f000 correspondances ne reposent"
