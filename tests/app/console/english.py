"""Words that would show that English was left in what a command says."""

import re

WORDS = """
    usage commands arguments: options: show this message and exit required default: error: missing invalid value such
    try help: help. file directory exist found permission denied space left device address already use readable writable
    the with without must be please aborted abort unexpected extra argument(s) got choose from did you mean input should
    greater less than equal valid integer unable parse string number database malformed image locked opened traceback
    path int str text range dynamic env var deprecated repeat confirmation entered unknown not is of for an
""".split()
ENGLISH = re.compile(r"(?<![\w’'-])(?:" + "|".join(map(re.escape, WORDS)) + r")(?![\w-])", re.IGNORECASE)


def english_in(said: str) -> list[str]:
    """The English words of a text, in order; what stands between « and » is the user's own (a path, a value)."""
    return ENGLISH.findall(re.sub("« [^»]* »", "", said))
