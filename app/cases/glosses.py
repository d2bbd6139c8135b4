"""What the LOINC abbreviations mean, in the words of French laboratories: an aid, not the LOINC name."""

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
METHOD_GLOSS = {
    "Automated count": "comptage automatisé", "Manual count": "comptage manuel", "Automated": "automatisé",
    "Calculated": "calcul", "Estimated": "estimation", "IA": "immunodosage", "IA.rapid": "immunodosage rapide",
    "IF": "immunofluorescence", "IB": "immunoblot", "EIA": "immunodosage enzymatique", "Coag": "chronométrie",
    "Chromo": "substrat chromogène", "Imm": "dosage immunologique", "Electrophoresis": "électrophorèse",
    "Test strip": "bandelette", "Test strip.automated": "bandelette lue par automate", "HPLC": "CLHP",
    "Probe.amp.tar": "amplification génique", "Probe": "sonde nucléique", "Molgen": "biologie moléculaire",
    "Microscopy.light": "microscopie", "Microscopy.light.HPF": "microscopie à fort grossissement",
    "Flow cytometry": "cytométrie en flux", "HA": "hémagglutination", "LA": "agglutination au latex",
    "Aggl": "agglutination", "Confirm": "confirmation", "Screen": "dépistage", "Enzy": "dosage enzymatique",
    "High sensitivity method": "méthode de haute sensibilité",
    "ISE": "électrode spécifique", "Culture": "culture", "With P-5'-P": "avec phosphate de pyridoxal",
    "No addition of P-5'-P": "sans phosphate de pyridoxal",
}  # fmt: skip
"""Techniques as a sentence names them; one that is not here is named as LOINC writes it."""
_TABLES = {
    Axis.PROPERTY: PROPERTY_GLOSS,
    Axis.SCALE: SCALE_GLOSS,
    Axis.TIME: TIME_GLOSS,
    Axis.SYSTEM: SYSTEM_GLOSS,
}


def gloss(axis: Axis, value: str) -> str:
    """What a LOINC abbreviation means on this axis, empty when it speaks for itself."""
    return _TABLES.get(axis, {}).get(value, "")
