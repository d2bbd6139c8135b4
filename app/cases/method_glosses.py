"""How French laboratories call the techniques of LOINC: an aid, not the LOINC name, which stands beside."""

_CULTURES = {
    "Aerobe culture": "culture aérobie", "Anaerobe culture": "culture anaérobie",
    "Anaerobe+Aerobe culture": "culture aérobie et anaérobie", "Biopsy culture": "culture de biopsie",
    "Culture": "culture", "Cystic fibrosis respiratory culture": "culture respiratoire de mucoviscidose",
    "Cytotoxin tissue culture assay": "cytotoxicité sur culture cellulaire",
    "Environmental culture": "culture d'environnement", "Organism specific culture": "culture orientée vers un germe",
    "Respiratory culture": "culture respiratoire", "Sterile body fluid culture": "culture de liquide stérile",
    "Method for Slow-growing mycobacteria": "méthode pour mycobactéries à croissance lente",
    "Agar diffusion": "diffusion en gélose", "Gradient strip": "bandelette à gradient",
    "MIC": "concentration minimale inhibitrice", "Carba NP": "test Carba NP",
}  # fmt: skip
_STAINS = {
    "Acid fast stain": "coloration acido-alcoolo-résistante",
    "Acid fast stain.Ziehl-Neelsen": "coloration de Ziehl-Neelsen",
    "Acridine orange stain": "coloration à l'acridine orange",
    "Auramine fluorochrome stain": "coloration à l'auramine",
    "Butyrate esterase stain": "réaction à la butyrate estérase",
    "Calcofluor white": "blanc de calcofluor", "Fungus stain": "coloration des champignons",
    "Giemsa stain": "coloration de Giemsa", "Gomori stain": "coloration de Gomori",
    "Gram stain": "coloration de Gram", "Immune stain": "immunomarquage", "India ink prep": "encre de Chine",
    "Iron hematoxylin stain": "hématoxyline ferrique", "KOH preparation": "préparation à la potasse",
    "Lactophenol blue": "bleu de lactophénol", "Methenamine silver nitrate stain": "imprégnation argentique",
    "Methylene blue stain.Loeffler": "bleu de méthylène de Löffler",
    "Myeloperoxidase stain": "réaction à la myéloperoxydase",
    "Potassium ferrocyanide stain": "coloration au ferrocyanure de potassium",
    "Prussian blue stain": "coloration de Perls",
    "Rhodamine-auramine fluorochrome stain": "coloration à l'auramine-rhodamine",
    "Safranin stain": "coloration à la safranine", "Trichrome stain": "coloration trichrome",
    "Trichrome stain modified": "coloration trichrome modifiée", "Tzanck smear": "cytodiagnostic de Tzanck",
    "Wright Giemsa stain": "coloration de Wright-Giemsa", "Wright stain": "coloration de Wright",
}  # fmt: skip
_MICROSCOPY = {
    "Automated count": "comptage automatisé", "Automated count.optical": "comptage automatisé optique",
    "Manual count": "comptage manuel", "Visual count": "comptage visuel", "Impedance": "impédance",
    "Computer assisted method": "méthode assistée par ordinateur", "Concentration": "après concentration",
    "Centrifugation": "après centrifugation", "Cytology": "cytologie", "Dark field examination": "examen au fond noir",
    "Flow cytometry": "cytométrie en flux", "Inspection": "examen visuel", "Malaria smear": "frottis de paludisme",
    "Malaria thin smear": "frottis mince de paludisme", "Microscopy": "microscopie (type non précisé)",
    "Microscopy.light": "microscopie", "Microscopy.light.HPF": "microscopie à fort grossissement",
    "Microscopy.light.LPF": "microscopie à faible grossissement",
    "Parasite sedimentation": "sédimentation des parasites", "Pinworm exam": "recherche d'oxyures",
    "Thick film": "goutte épaisse", "Thin film": "frottis mince", "Wet preparation": "examen à l'état frais",
    "WHO method": "méthode de l'OMS",
}  # fmt: skip
_FORMULAS = {
    "Calculated": "calcul", "Estimated": "estimation", "Estimate": "valeur estimée",
    "Calculated.oxygen partial pressure": "calcul d'après la pression partielle d'oxygène",
    "Cockcroft-Gault formula": "formule de Cockcroft et Gault",
    "Cockcroft-Gault formula, BSA formula": "formule de Cockcroft et Gault, selon la surface corporelle",
    "Creatinine and Cystatin C-based formula (CKD-EPI 2021)/1.73 sq M":
        "formule CKD-EPI 2021 sur créatinine et cystatine C, pour 1,73 m²",
    "Creatinine and Cystatin C-based formula (CKD-EPI)/1.73 sq M":
        "formule CKD-EPI sur créatinine et cystatine C, pour 1,73 m²",
    "Creatinine-based formula (CKD-EPI 2021)/1.73 sq M": "formule CKD-EPI 2021 sur créatinine, pour 1,73 m²",
    "Creatinine-based formula (CKD-EPI)/1.73 sq M": "formule CKD-EPI sur créatinine, pour 1,73 m²",
    "Creatinine-based formula (MDRD)": "formule MDRD sur créatinine",
    "Creatinine-based formula (MDRD)/1.73 sq M": "formule MDRD sur créatinine, pour 1,73 m²",
    "Creatinine-based formula (Schwartz)": "formule de Schwartz sur créatinine",
    "Cystatin C-based formula/1.73 sq M": "formule sur cystatine C, pour 1,73 m²",
}  # fmt: skip
_LIMITS = {
    f"Detection limit <= {limit}": f"limite de détection ≤ {limit.replace('.', ',').replace('IU', 'UI')}"
    for limit in (
        "0.005 mIU/L", "0.01 ng/mL", "0.05 mIU/L", "1.0 mg/L", "1.0 ng/dL", "20 mg/L", "3.47 pmol/L",
    )
}  # fmt: skip
_CHEMISTRY = {
    "2H Westergren method": "méthode de Westergren à 2 heures", "Westergren method": "méthode de Westergren",
    "Alkali denaturation": "dénaturation alcaline", "Automated": "automatisé",
    "Bromocresol green (BCG) dye binding method": "vert de bromocrésol",
    "Bromocresol purple (BCP) dye binding method": "pourpre de bromocrésol", "Chromo": "substrat chromogène",
    "Chromatography column": "chromatographie sur colonne", "Coag": "chronométrie",
    "Direct assay": "dosage direct", "Electrophoresis": "électrophorèse",
    "Electrophoresis alkaline (pH 8.9)": "électrophorèse alcaline (pH 8,9)", "Elution": "élution",
    "Enzy": "dosage enzymatique", "GEL": "technique en gel", "Gas chromatography": "chromatographie en phase gazeuse",
    "Glucometer": "lecteur de glycémie", "High sensitivity method": "méthode de haute sensibilité", "HPLC": "CLHP",
    "IFCC protocol": "protocole de l'IFCC", "ISE": "électrode spécifique",
    "Infrared spectroscopy": "spectrométrie infrarouge",
    "Ion-selective membrane electrode (ISE)": "électrode spécifique à membrane",
    "Isoelectric focusing": "isoélectrofocalisation", "Isopropanol stability": "stabilité à l'isopropanol",
    "Kleihauer-Betke method": "méthode de Kleihauer-Betke", "LC/MS/MS": "chromatographie liquide et masse en tandem",
    "Lactate to pyruvate reaction": "réaction du lactate au pyruvate",
    "Pyruvate to lactate reaction": "réaction du pyruvate au lactate", "Nephelometry": "néphélométrie",
    "Oximetry": "oxymétrie", "Pulse oximetry": "oxymétrie de pouls", "Photometric": "photométrie",
    "Refractometry": "réfractométrie", "Refractometry automated": "réfractométrie automatisée",
    "Solubility test": "test de solubilité", "Test strip": "bandelette",
    "Test strip.automated": "bandelette lue par automate", "Urea breath test": "test respiratoire à l'urée",
    "With P-5'-P": "avec phosphate de pyridoxal", "No addition of P-5'-P": "sans phosphate de pyridoxal",
    "Aggregation": "agrégation", "Platelet aggregation": "agrégation plaquettaire",
}  # fmt: skip
_IMMUNOLOGY = {
    "1 week cold incubation": "incubation d'une semaine au froid",
    "Acidified buffered plate agglutination": "agglutination sur plaque en tampon acide", "Aggl": "agglutination",
    "Antihuman globulin": "antiglobuline humaine", "Card agglutination": "agglutination sur carte",
    "Comp fix": "fixation du complément", "Confirm": "confirmation", "EIA": "immunodosage enzymatique",
    "Farr method": "test de Farr", "HA": "hémagglutination", "Hep2 substrate": "sur cellules HEp-2",
    "IA": "immunodosage", "IA.rapid": "immunodosage rapide", "IB": "immunoblot", "ID": "immunodiffusion",
    "IF": "immunofluorescence", "Imm": "dosage immunologique", "Immunobead": "immunobilles",
    "Immunofixation": "immunofixation",
    "Immunofluorescence (IF) Crithidia luciliae": "immunofluorescence sur Crithidia luciliae",
    "Immunologic method": "méthode immunologique", "LA": "agglutination au latex", "Line blot": "immunodot en ligne",
    "Mixed antiglobulin reaction": "réaction mixte à l'antiglobuline (MAR)",
    "Monkey esophagus substrate": "sur œsophage de singe", "Multidisk": "disque à plusieurs allergènes",
    "Neut": "neutralisation", "RPR": "test RPR", "Screen": "dépistage",
    "Sheep Cell Agglutination": "agglutination d'hématies de mouton", "VDRL": "test VDRL",
}  # fmt: skip
_MOLECULAR = {
    "Dosage of chromosome-specific cfDNA": "dosage d'ADN libre par chromosome",
    "Dosage of chromosome-specific circulating cell free (ccf) DNA": "dosage d'ADN libre circulant par chromosome",
    "FISH": "hybridation in situ (FISH)", "Genotyping": "génotypage", "Molgen": "biologie moléculaire",
    "Non-probe.amp.tar": "amplification génique sans sonde", "Probe": "sonde nucléique",
    "Probe.amp.sig": "sonde avec amplification du signal", "Probe.amp.tar": "amplification génique",
    "Sequencing": "séquençage",
}  # fmt: skip
METHOD_GLOSS = _CULTURES | _STAINS | _MICROSCOPY | _FORMULAS | _LIMITS | _CHEMISTRY | _IMMUNOLOGY | _MOLECULAR
"""METHOD_TYP -> the technique as a sentence names it, each by a name of its own; one that is not here is named as LOINC
writes it."""


def in_words(method: str) -> str:
    """`technique « comptage automatisé » (Automated count)`: the name of LOINC beside, where it is another."""
    french = METHOD_GLOSS.get(method, "")
    return f"technique « {french} » ({method})" if french else f"technique « {method} »"
