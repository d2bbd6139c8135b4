"""Which passwords a guesser tries first, and why: in French, and without a network.

The lists of frequent passwords, words and names are those of zxcvbn (MIT licence); the French words and the French
keyboard are ours.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

PRODUCT_NAMES = ("transcodeur", "atelier de transcodage", "atelierdetranscodage")
LONGEST_LOOKED_AT = 72
"""Characters whose parts are looked for: the work grows with the square of the length, and no guesser goes that far."""
ENOUGH_GUESSES = 1e8
"""Fewer than these, by the count of zxcvbn, are refused: it calls more « safely unguessable » where hashes are slow."""

DIGITS_ONLY = "Ce mot de passe n'est fait que de chiffres ou de signes : choisissez une phrase à vous."
REPEATED = "Ce mot de passe répète toujours les mêmes caractères : choisissez une phrase à vous."
WALK = "Ce mot de passe suit des touches voisines du clavier : choisissez une phrase à vous."
SEQUENCE = "Ce mot de passe suit l'ordre des chiffres ou de l'alphabet : choisissez une phrase à vous."
HAS_EMAIL = "Ce mot de passe contient votre adresse électronique : choisissez une phrase qui n'en dise rien."
HAS_LABORATORY = "Ce mot de passe contient le nom du laboratoire : choisissez une phrase qui n'en dise rien."
HAS_PRODUCT = "Ce mot de passe contient le nom de cette application : choisissez une phrase à vous."
FREQUENT = "Ce mot de passe est parmi les plus employés, et donc les premiers essayés : choisissez une phrase à vous."
EASY = (
    "Ce mot de passe est trop facile à deviner : ses mots ou ses dates sont parmi les plus employés. Choisissez une "
    "phrase à vous, de quatre mots ou plus."
)

_FRENCH = (
    "motdepasse mdp azerty azertyuiop qsdfgh wxcvbn bonjour bonsoir salut coucou soleil doudou loulou chouchou cheval "
    "chocolat amour jetaime jtm bisous coeur maman papa famille bebe princesse marseille paris lyon toulouse bordeaux "
    "nantes lille france french football olympique vacances ete hiver printemps automne noel anniversaire secret "
    "bienvenue connexion ouvretoi sesame admin administrateur utilisateur compte laboratoire labo biologie biologiste "
    "analyse analyses medical medicale hopital clinique sante docteur medecin infirmier infirmiere patient sang bilan "
    "technicien qualite informatique ordinateur serveur internet systeme changeme changezmoi provisoire temporaire "
    "test janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre lundi mardi mercredi "
    "jeudi vendredi samedi dimanche julien nicolas camille thomas marine pauline mathieu sebastien stephane philippe "
    "nathalie isabelle catherine christophe frederic laurent celine sandrine valerie guillaume benjamin jesus dieu "
    "liberte biochimie hematologie microbiologie immunologie glycemie hemoglobine"
).split()
_ROWS = ("azertyuiop", "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm",
         "1234567890", "&é\"'(-è_çà", "!@#$%^&*()")  # fmt: skip
_COLUMNS = ("1aqw", "2zsx", "3edc", "4rfv", "5tgb", "6yhn", "7uj", "8ik", "9ol", "0pm", "1qaz", "2wsx", "9olp")
_SHORTEST_WALK = 3
_LEET = str.maketrans("@4301!5$7", "aaeoiisst")


def _folded(text: str) -> str:
    """Without case nor accents: « Été » is « ete »."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _parts_of_email(email: str) -> set[str]:
    """The address, what stands before its @ and its words (four letters or more), the name of the house (five)."""
    local, _, domain = _folded(email).partition("@")
    house = domain.rpartition(".")[0]
    words = {_folded(email), local, _letters(local), *re.split(r"[\W_]+", local)}
    return {word for word in words if len(word) >= 4} | ({_letters(house)} if len(house) >= 5 else set())


def _is_named(password: str, names: Iterable[str]) -> bool:
    """Whether one of these names stands in the password, as a whole, in any case, accents or signs; also « p@ul »."""
    readings = [_folded(password), _letters(_folded(password))]
    readings += [_letters(reading.translate(_LEET)) for reading in readings]
    return any(name and name in reading for name in names for reading in readings)


@lru_cache(maxsize=1)
def _neighbours() -> frozenset[str]:
    """Pairs of characters whose keys touch on a keyboard of France, of England or of Germany, either way."""
    pairs = {"".join(pair) for line in (*_ROWS, *_COLUMNS) for pair in pairwise(line)}
    return frozenset(pairs | {pair[::-1] for pair in pairs})


def _runs(text: str) -> list[str]:
    """The stretches, three characters or more, of which each follows the one before on a keyboard."""
    runs, run = [], text[:1]
    for before, character in pairwise(text):
        if before + character in _neighbours():
            run += character
            continue
        runs.append(run)
        run = character
    return [run for run in [*runs, run] if len(run) >= _SHORTEST_WALK]


def _walks(text: str) -> bool:
    """Whether most of the text goes from key to key."""
    return sum(len(run) for run in _runs(text)) >= 0.6 * len(text)


def _follows(text: str) -> bool:
    """Whether most of the text counts up or down, by ones, through digits or the alphabet."""
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    following = max((steps.count(step) for step in (1, -1)), default=0)
    return len(text) >= 6 and following >= 0.7 * len(steps)


def _repeats(text: str) -> bool:
    """Whether it has fewer than five different characters, or is one short motif again and again."""
    if len(set(text)) < 5:
        return True
    return any(
        text.startswith(text[:length] * (len(text) // length)) and (text[:length] * len(text))[: len(text)] == text
        for length in range(1, len(text) // 2 + 1)
    )


@lru_cache(maxsize=1)
def _frequent() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"]) | frozenset(_FRENCH)


def _without_tail(text: str) -> str:
    """Without the digits and signs put around a word so that it passes: « Motdepasse2026! » is « motdepasse »."""
    return re.sub(r"^[\d\W_]+|[\d\W_]+$", "", text)


def _guesses(text: str) -> float:
    from zxcvbn import zxcvbn

    return float(zxcvbn(text, user_inputs=_FRENCH)["guesses"])


def why_easy(password: str, email: str, laboratories: Iterable[str] = ()) -> str:
    """Why this password would be guessed, in a French sentence; empty when it would not.

    `laboratories` are the names of those where the person works. Takes some milliseconds, and some tens the first time.
    """
    folded = _folded(password)
    bare = _letters(folded)
    if not bare or bare.isdigit():
        return SEQUENCE if _follows(bare) else DIGITS_ONLY
    if _repeats(folded) or _repeats(bare):
        return REPEATED
    if _is_named(password, _parts_of_email(email)):
        return HAS_EMAIL
    houses = {_letters(_folded(name)) for name in laboratories}
    if _is_named(password, {house for house in houses if len(house) >= 4}):
        return HAS_LABORATORY
    if _is_named(password, (_letters(name) for name in PRODUCT_NAMES)):
        return HAS_PRODUCT
    if _follows(bare):
        return SEQUENCE
    if _walks(folded) or (_walks(bare[::2]) and _walks(bare[1::2])):
        return WALK
    core = _letters(_without_tail(folded))
    readings = {bare, core, _letters(core.translate(_LEET)), _letters(_without_tail(folded.translate(_LEET)))}
    if readings & _frequent() or len(core) < 5:
        return FREQUENT
    easiest = min(_guesses(reading[:LONGEST_LOOKED_AT]) for reading in (password, bare))
    return EASY if easiest < ENOUGH_GUESSES else ""
