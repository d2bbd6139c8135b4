"""What other rooms say of second readings."""

from sqlmodel import Session

from app.double_reading.queue_sql import sample_of_batch
from app.text import counted, enumeration


def sample_sentence(session: Session, laboratory_id: int, batch_public_id: str) -> str:
    """How far the second readings of the sample of a batch are; empty when nothing was asked for."""
    found = sample_of_batch(session, laboratory_id, batch_public_id)
    if not found.asked:
        return ""
    parts = enumeration(
        [
            (found.agreed, "d’accord", "d’accord"),
            (found.read - found.agreed, "lue autrement", "lues autrement"),
            (found.waiting, "attend sa deuxième lecture", "attendent leur deuxième lecture"),
            (found.asked - found.read - found.waiting, "n’est plus à lire", "ne sont plus à lire"),
        ]
    )
    rows = counted(found.asked, "ligne", "lignes")
    sentence = f"Échantillon relu à l’aveugle : {rows} ; {parts}."
    if found.reconciliation:
        sentence += f" {counted(found.reconciliation, 'désaccord est', 'désaccords sont')} à concilier."
    if found.nobodys:
        sentence += f" Le laboratoire n’a pas de deuxième lecteur pour {counted(found.nobodys, 'ligne', 'lignes')}."
    return sentence
