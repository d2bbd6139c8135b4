"""Words of persons are gathered from every segment that names them, and nothing else of it."""

from tests.app.emitted.messages import HB, message, msh, obx, reports, text

SEGMENTS = (
    "PID|1|INS123456^^^X|900100^^^LABO&1.2.3&ISO^PI~161049912345612^^^ASIP-SANTE-INS-NIR^INS||LE GOFF-ROUDAUT&X^Maëlys^"
    "Anne^^^^L~KERVELLA^Maëlys||19610412|F|ALIAS^Nom||3 rue Kerampont^Bât B^Lannion^^22300^FRA^H||^PRN^PH^"
    "maelys@exemple.fr^^^0296371122",
    "PD1||||45^GENERALISTE^Luc",
    "NK1|1|CONJOINT^Yann^^^^^D|SPO|12 venelle Droite",
    "PV1|1|I|UF12||||20^HOSPITALIER^Eve|21^ADRESSEUR^Guy|||||||||||VIS000123",
    "GT1|1||PAYEUR^Rose",
    "IN1|1|A|B|MUTUELLE" + "|" * 12 + "ASSURE^Jean",
    "ORC|RE|P1|F1" + "|" * 7 + "30^SAISIE^Ida||31^PRESCRIPTRICE^Lou",
    "OBR|1|P1|F1|BILAN^Bilan^L" + "|" * 12 + "32^DEMANDEUR^Noé" + "|" * 16 + "33&VALIDEUR&Zoé",
    obx(HB) + "|||||34^TECHNIQUE^Ana",
    "PRT||UC||RCT|35^DESTINATAIRE^Max||||||||||^^X.400^max.correspondant@exemple.fr",
    "NTE|1||un commentaire",
)


def test_words_of_persons_are_gathered_folded() -> None:
    (report,) = reports(text(msh(), *SEGMENTS))
    assert report.identities == frozenset(
        (
            "ins123456 900100 161049912345612 goff roudaut legoffroudautx maelys anne kervella 19610412 "
            "alias nom rue kerampont 3ruekerampont bat batb lannion 22300 0296371122 maelysexemplefr exemple "
            "generaliste luc conjoint yann venelle droite 12venelledroite hospitalier eve adresseur guy vis000123 "
            "payeur rose assure jean saisie ida prescriptrice lou demandeur noe valideur zoe 33valideurzoe "
            "technique ana destinataire max correspondant maxcorrespondantexemplefr"
        ).split()
    )


def test_words_of_one_message_are_not_those_of_the_next() -> None:
    first, second = reports(message(obx(HB)) + message(obx(HB)).replace("GRANDJEAN^Maëlys", "KERVELLA^Ronan"))
    assert {"grandjean", "maelys"} <= first.identities
    assert {"kervella", "ronan"} <= second.identities
    assert second.identities.isdisjoint({"grandjean", "maelys"})


def test_a_name_is_folded_whatever_its_encoding_and_escapes() -> None:
    content = message(obx(HB), head=msh(charset="8859/1")).replace("GRANDJEAN^Maëlys", "D\\X27\\ESTÈVE^Zoë")
    (report,) = reports(content.encode("iso8859-1"))
    assert {"esteve", "desteve", "zoe"} <= report.identities
