"""Usual French first names, folded: a column full of them is a column of people."""

_NAMES = """
adam alain alexandre alice aline amandine amelie anais andre andree anne annie antoine antoinette
arnaud arthur audrey aurelie aurelien baptiste benjamin bernadette bernard brigitte bruno camille
carole caroline catherine cecile celine chantal charles charlotte chloe christelle christian
christiane christine christophe claire claude claudine clement colette corinne cyril damien daniel
danielle david delphine denis denise didier dominique dylan edouard elisabeth elodie emilie emma
emmanuel enzo eric estelle eva evelyne fabien fabrice fatima florence florian francis franck
francois francoise frederic gabriel genevieve georges gerard germaine gilbert gilles ginette
guillaume guy hamza helene henri herve hugo ines isabelle jacqueline jacques jade jean jeanne
jeannine jennifer jeremy jerome joel jonathan joseph josette julia julie julien juliette justine
karim karine kevin laetitia laura laure laurence laurent lea leo lina loic louis louise lucas lucie
lucien luc madeleine manon marc marcel marguerite maria marie marine marion marise marjorie martine
mathieu mathilde maurice maxime melanie michel michele mickael mireille mohamed monique morgane
muriel myriam nadia nadine nathalie nathan nicolas nicole noemie odette odile olivier pascal patrice
patricia patrick paul paulette pauline philippe pierre quentin rachid raymond regine remi renee
robert roger roland romain sabrina samuel sandra sandrine sarah sebastien serge simone solange sonia
sophie stephane stephanie suzanne sylvain sylvie therese thibault thierry thomas valentin valerie
vanessa veronique vincent virginie viviane xavier yann yannick yves yvette yvonne zoe
"""

FIRST_NAMES = frozenset(_NAMES.split())
