"""The LOINC vocabularies that our files may use (LOINC Users' Guide), and what names say of the axes."""

from collections.abc import Mapping

QUANTITATIVE = frozenset(
    (
        "MCnc SCnc NCnc ACnc CCnc MCnt SCnt CCnt NCnt ACnt MRat SRat NRat VRat CRat ARat ArVRat MFr SFr NFr "
        "VFr CFr AFr MFr.DF VFr.DF MRto SRto NRto VRto CRto TRto LnRto Ratio RelACnc RelMCnc RelCCnc RelTime RelRto "
        "LnCnc LaCnc LsCnc EntMass EntVol EntSub EntNum EntCat Naric Num Time TimeDif Titr MoM Osmol PPres "
        "PPresDiff Pres Rden Vel Vol Len Mass Sub Temp MCncDiff SCncDiff Likelihood ThreshNum Score Diam Area"
    ).split()
)
QUALITATIVE = frozenset("PrThr Prid Type Imp Aper Color Morph Geno Find Cons Class Anat Hx Loc Txt Cmplx".split())
PROPERTIES = QUANTITATIVE | QUALITATIVE | {"Susc", "-"}
TIMES = frozenset(["Pt", "XXX", "*", "-", "Enctr", "Stdy"] + [f"{hours}H" for hours in (
    "1", "2", "2.5", "3", "4", "5", "6", "7", "8", "9", "10", "12", "18", "24", "36", "48", "72")])  # fmt: skip
SCALES = frozenset("Qn Ord OrdQn SemiQn Nom Nar Multi Doc Set -".split())
STATUSES = frozenset(["ACTIVE", "TRIAL", "DISCOURAGED", "DEPRECATED"])
ORDERS = frozenset(["Order", "Observation", "Both"])
USAGES = frozenset("123")
CLASSES = frozenset(
    (
        "ABXBACT ALLERGY BLDBK CELLMARK CHAL CHEM COAG CYTO DRUG/TOX DRUGDOSE FERT HEM/BC HL7.CYTOGEN HLA HPA "
        "MICRO MISC MOLPATH MOLPATH.DEL MOLPATH.MISC MOLPATH.MUT MOLPATH.PHARMG MOLPATH.TRINUC MOLPATH.TRNLOC "
        "PATH PULM SERO SPEC UA PANEL.ABXBACT PANEL.ALLERGY PANEL.BLDBK PANEL.CELLMARK PANEL.CHAL PANEL.CHEM "
        "PANEL.COAG PANEL.DRUG/TOX PANEL.FERT PANEL.HEM/BC PANEL.MICRO PANEL.MOLPATH PANEL.SERO PANEL.SPEC "
        "PANEL.UA"
    ).split()
)
KINDS = frozenset(
    (
        "analyte abbreviation synonym emie urie obsolete brand organism allergen drug antibody antigen "
        "modifier challenge panel method specimen"
    ).split()
)
CONTEXT_KEYS = frozenset({"unite", "milieu", "chapitre", "label"})
BLOOD = frozenset("Ser Plas Ser/Plas Bld BldA BldV BldC BldCo BldMV RBC PPP PRP Ser/Plas/Bld WBC".split())

# What the words in square brackets of a long common name say of the property.
BRACKETS: Mapping[str, frozenset[str]] = {
    words: frozenset(properties.split())
    for words, properties in {
        "presence": "PrThr",
        "mass/volume": "MCnc",
        "moles/volume": "SCnc",
        "#/volume": "NCnc",
        "units/volume": "ACnc",
        "enzymatic activity/volume": "CCnc",
        "titer": "Titr",
        "susceptibility": "Susc",
        "identifier": "Prid",
        "interpretation": "Imp",
        "type": "Type",
        "#/area": "Naric",
        "mass ratio": "MRto",
        "molar ratio": "SRto",
        "# ratio": "NRto",
        "time ratio": "TRto",
        "enzymatic activity ratio": "CRto",
        "ratio": "Ratio",
        "volume fraction": "VFr",
        "pure volume fraction": "VFr.DF",
        "mass fraction": "MFr",
        "pure mass fraction": "MFr.DF MFr",
        "molar fraction": "SFr",
        "mass": "Mass MFr",
        "moles": "Sub SFr",
        "mass/time": "MRat",
        "moles/time": "SRat",
        "enzymatic activity/time": "CRat",
        "flow": "VRat",
        "volume rate/area": "ArVRat",
        "mass/mass": "MCnt",
        "enzymatic activity/mass": "CCnt",
        "partial pressure": "PPres",
        "multiple of the median": "MoM",
        "#": "Num",
        "entitic volume": "EntVol",
        "entitic mass": "EntMass",
        "log #/volume": "LnCnc",
        "log units/volume": "LaCnc",
        "genotype": "Geno",
        "time": "Time",
        "morphology": "Morph",
        "likelihood": "Likelihood",
        "length": "Len",
        "mass concentration difference": "MCncDiff",
    }.items()
}
# What the specimen words of a long common name say of the system.
SPECIMENS: Mapping[str, frozenset[str]] = {
    words: frozenset(systems.split("|"))
    for words, systems in {
        "serum": "Ser",
        "serum or plasma": "Ser/Plas",
        "plasma": "Plas",
        "serum, plasma or blood": "Ser/Plas/Bld",
        "blood": "Bld",
        "arterial blood": "BldA",
        "venous blood": "BldV",
        "capillary blood": "BldC",
        "cord blood": "BldCo",
        "arterial cord blood": "BldCoA",
        "venous cord blood": "BldCoV",
        "dried blood spot": "Bld.dot",
        "blood or tissue": "Bld/Tiss",
        "bone marrow": "Bone mar",
        "red blood cells": "RBC",
        "platelet poor plasma": "PPP",
        "platelet rich plasma": "PRP",
        "urine": "Urine",
        "urine sediment": "Urine sed",
        "stool": "Stool",
        "cerebral spinal fluid": "CSF",
        "body fluid": "Body fld",
        "pleural fluid": "Plr fld",
        "peritoneal fluid": "Periton fld",
        "pericardial fluid": "Pericard fld",
        "synovial fluid": "Synv fld",
        "amniotic fluid": "Amnio fld",
        "gastric fluid": "Gast fld",
        "specimen": "XXX",
        "unspecified specimen": "XXX",
        "isolate": "Isolate",
        "semen": "Semen",
        "vaginal fluid": "Vag",
        "cervix": "Cvx",
        "urethra": "Urethra",
        "genital specimen": "Genital",
        "nasopharynx": "Nph",
        "nose": "Nose",
        "throat": "Throat",
        "sputum": "Sputum",
        "bronchial specimen": "Bronchial",
        "bronchoalveolar lavage": "BAL",
        "respiratory specimen": "Respiratory",
        "upper respiratory specimen": "Respiratory.upper",
        "lower respiratory specimen": "Respiratory.lower",
        "saliva (oral fluid)": "Saliva",
        "sweat": "Sweat",
        "skin": "Skin",
        "nail": "Nail",
        "hair": "Hair",
        "tissue": "Tiss",
        "wound": "Wound",
        "stone": "Calculus",
        "exhaled gas": "Exhl gas",
    }.items()
}
ROUTINE_METHODS = frozenset({"Test strip", "High sensitivity method", "Automated count"})
"""Methods that are the routine in France, so that the code that names them is more usual than the bare one."""
DIMENSIONS = frozenset(
    (
        "mass_conc subst_conc cat_conc arb_conc num_conc log_conc log mass_rate subst_rate cat_rate arb_rate "
        "num_rate vol_rate vol_rate_area percent ratio_mass_subst ratio_mass_mass ratio_subst_subst "
        "ratio_arb_subst subst_mass cat_ratio cat_num arb_mass mass_num num_mass subst_num time length "
        "velocity vol mass subst cat arb pressure osmolality per_field num titre index ratio ph temperature "
        "mom conc_rate area density other"
    ).split()
)
