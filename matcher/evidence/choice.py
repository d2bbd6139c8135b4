"""What chose a code among those that differ by method or precision: each is an information, and no warning."""


def laboratory_rule(local: str, term: str) -> None:
    """Règle du laboratoire : {local} technique en {term}."""


def among_national_set(local: str, term: str) -> None:
    """Parmi les codes qui ne diffèrent que par la technique ou la précision, il est du « Circuit de la biologie »."""


def national_choice(local: str, term: str) -> None:
    """Choix national parmi les codes qui ne diffèrent que par la technique ou la précision. Source : {term}."""


def as_decided(local: str, term: str) -> None:
    """Comme vos décisions sur {local} : {term}."""


def as_decided_on_property(local: str, term: str) -> None:
    """Comme vos décisions sur {local}, sans unité elles aussi : grandeur {term}."""


def stands_back(local: str, term: str) -> None:
    """Recule : un autre code, qui n'en diffère que par la technique, la précision ou la grandeur, est choisi."""


def stands_before_contradicted(local: str, term: str) -> None:
    """Placé devant un code mieux noté, que la ligne contredit."""


def stands_in_sight(local: str, term: str) -> None:
    """Placé parmi les premiers malgré sa note : c'est ce que le libellé nomme en entier."""
