"""How a command ends: the one table of exit codes, for the commands, their tests and the guide."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit status of a command."""

    DONE = 0
    REFUSED = 1
    MISUSE = 2
    NOT_CONFIRMED = 3
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "fait",
    ExitCode.REFUSED: "refusé ou échoué ; la raison est dite en français sur la sortie d'erreur : fichier absent ou "
    "illisible, contenu refusé, base abîmée, port occupé…",
    ExitCode.MISUSE: "mauvais emploi : commande, option ou valeur que la ligne de commande n'admet pas",
    ExitCode.NOT_CONFIRMED: "`import` seulement : le fichier diffère du catalogue, et rien n'a été enregistré faute de "
    "`--confirmer`",
    ExitCode.INTERRUPTED: "interrompu par Ctrl+C",
}
