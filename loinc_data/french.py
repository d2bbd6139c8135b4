"""French typography for the messages of the readers."""


def quoted(text: str) -> str:
    """A text between French quotation marks, with their narrow spaces."""
    return f"«\u202f{text}\u202f»"
