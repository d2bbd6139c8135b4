"""What the LOINC abbreviations mean, in the words of French laboratories: an aid, not the LOINC name."""

from app.cases.method_glosses import METHOD_GLOSS
from matcher.types import Axis

PROPERTY_GLOSS = {
    "ACnc": "concentration arbitraire", "AFr": "fraction arbitraire", "ARat": "débit arbitraire",
    "ACnt": "contenu arbitraire", "CCnc": "concentration catalytique", "CRat": "débit catalytique",
    "CCnt": "contenu catalytique", "CFr": "fraction catalytique", "CRto": "rapport catalytique",
    "EntCat": "activité par entité", "EntMass": "masse par entité", "EntSub": "quantité par entité",
    "EntVol": "volume par entité", "Find": "constatation", "Imp": "interprétation", "Len": "longueur",
    "LnCnc": "log concentration en nombre", "LsCnc": "log concentration molaire",
    "LaCnc": "log concentration arbitraire", "Mass": "masse", "MCnc": "concentration massique",
    "MCnt": "contenu massique", "MFr": "fraction massique", "MRat": "débit massique",
    "MRto": "rapport massique", "MSRto": "rapport masse/quantité", "MoM": "multiple de la médiane",
    "NCnc": "concentration en nombre", "NFr": "fraction en nombre", "NRat": "débit en nombre",
    "NRto": "rapport en nombre", "NCnt": "contenu en nombre", "Naric": "nombre par champ", "Num": "nombre",
    "Osmol": "osmolalité", "Prid": "présence ou identité", "PrThr": "présence ou seuil",
    "PPres": "pression partielle", "Pres": "pression", "Prctl": "centile", "Ratio": "rapport",
    "RelACnc": "concentration arbitraire relative", "RelMCnc": "concentration massique relative",
    "RelCCnc": "concentration catalytique relative", "RelTime": "temps relatif",
    "RelRto": "rapport relatif", "RelVol": "volume relatif", "SCnc": "concentration molaire",
    "SCnt": "contenu molaire", "SFr": "fraction molaire", "SRat": "débit molaire",
    "SRto": "rapport molaire", "Sub": "quantité de matière", "Susc": "sensibilité", "Temp": "température",
    "ThreshNum": "nombre seuil", "Time": "temps", "Titr": "titre", "Type": "type",
    "VFr": "fraction volumique", "Vel": "vitesse", "Visc": "viscosité", "Vol": "volume", "VRat": "débit",
    "ArVRat": "débit par surface", "VRatA": "débit par surface", "Aper": "aspect", "Color": "couleur",
    "Morph": "morphologie", "Rden": "densité relative", "SG": "densité", "Age": "âge", "Area": "surface",
    "TmStp": "date et heure", "Txt": "texte", "ID": "identité", "Anat": "localisation", "Cmplx": "complexe",
}  # fmt: skip
SCALE_GLOSS = {
    "Qn": "numérique", "Ord": "ordinale", "OrdQn": "ordinale ou numérique", "SemiQn": "semi-quantitative",
    "Nom": "nominale", "Nar": "texte", "Doc": "document", "Multi": "multiple", "Set": "ensemble",
    "-": "ensemble (panel)",
}  # fmt: skip
TIME_GLOSS = {
    "Pt": "ponctuel", "24H": "sur 24 heures", "XXX": "durée non précisée", "12H": "sur 12 heures",
    "-": "sans objet",
}  # fmt: skip
SYSTEM_GLOSS = {
    "Ser/Plas": "sérum ou plasma", "Ser": "sérum", "Plas": "plasma", "Bld": "sang total",
    "PPP": "plasma pauvre en plaquettes", "Urine": "urine", "CSF": "liquide céphalo-rachidien",
    "Stool": "selles", "BldA": "sang artériel", "BldV": "sang veineux", "BldC": "sang capillaire",
    "BldCo": "sang de cordon", "Ser/Plas/Bld": "sérum, plasma ou sang", "Semen": "sperme",
    "RBC": "hématies", "WBC": "leucocytes", "XXX": "milieu non précisé", "Body fld": "liquide biologique",
    "Amnio fld": "liquide amniotique", "Plr fld": "liquide pleural", "Periton fld": "liquide péritonéal",
    "Synv fld": "liquide synovial", "Vag": "vagin", "Genital": "voies génitales", "Urethra": "urètre",
    "Throat": "gorge", "Nose": "nez", "Nph": "rhinopharynx", "Sputum": "expectoration",
    "Respiratory": "voies respiratoires", "BAL": "lavage alvéolaire", "Bone mar": "moelle osseuse",
    "Isolate": "souche isolée", "Tiss": "tissu", "Saliva": "salive", "Sweat": "sueur", "Hair": "cheveux",
    "^Patient": "patient", "Urine sed": "culot urinaire", "Bld/Tiss": "sang ou tissu", "Skin": "peau",
    "Calculus": "calcul", "Cvx": "col utérin", "Eye": "œil", "Ear": "oreille",
}  # fmt: skip
_TABLES = {
    Axis.PROPERTY: PROPERTY_GLOSS,
    Axis.SCALE: SCALE_GLOSS,
    Axis.TIME: TIME_GLOSS,
    Axis.SYSTEM: SYSTEM_GLOSS,
    Axis.METHOD: METHOD_GLOSS,
}


def gloss(axis: Axis, value: str) -> str:
    """What a LOINC abbreviation means on this axis, empty when it speaks for itself."""
    return _TABLES.get(axis, {}).get(value, "")
