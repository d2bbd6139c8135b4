"""Usual first names and surnames in France, folded: a column full of them is a column of people."""

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

_FROM_ELSEWHERE = """
abdel abdelkader abdellah abdoulaye adama agnieszka ahmed aicha aissatou aleksandra ali alessandro alina amadou amina
amine amir ana andrea andrei anita anna antonio anton asma awa ayoub aziz bilal boubacar carlos carmen cristina
dimitri djamila dmitri elena emine farid fatma fatoumata fernando filipe fouad francesca francesco giovanni giulia
giuseppe hakim hana hanna hassan hatice helena houda hussein ibrahim ibrahima idriss ioana irina isaac ismael ivan
jamal jamila joao john jorge jose juan kadiatou kamel katarzyna khadija khaled khalid krzysztof lamine latifa layla
leila lucia luis luca magdalena mahmoud malika mamadou manuel marco mariam mariama mario mehdi mehmet mihai mina
miguel mohammed moussa mourad mustapha mustafa naima nour olga omar ousmane ozlem paolo pedro piotr priya rachida
rafael rahma ramzi rania raul reda ricardo rosa said salah salim salma samia samir samira saida sergio sofia sofiane
souad svetlana tariq tatiana tomasz vera viktor vladimir wei yasmin yasmina yasmine yassine youssef yusuf zahra
zainab zineb noah gabin louis raphael jules arthur hugo leon mael nolan liam ethan sacha ines lina mila rose ambre
lou agathe lena julia alba iris nina romy leonie adele margaux ibtissam imane siham hafida fatiha karima
"""
_SURNAMES = """
martin bernard thomas petit robert richard durand dubois moreau laurent simon michel lefebvre leroy roux david
bertrand morel fournier girard bonnet dupont lambert fontaine rousseau vincent muller lefevre faure andre mercier
blanc guerin boyer garnier chevalier francois legrand gauthier garcia perrin robin clement morin nicolas henry
roussel mathieu gautier masson marchand duval denis dumont marie lemaire noel meyer dufour meunier brun blanchard
giraud joly riviere lucas brunet gaillard barbier arnaud martinez gerard roche renard schmitt roy leroux colin vidal
caron picard roger fabre aubert lemoine renaud dumas lacroix olivier philippe bourgeois pierre benoit rey leclerc
payet rolland leclercq guillaume lecomte lopez jean dupuy guillot hubert berger carpentier sanchez dupuis moulin
louis deschamps huet vasseur perez boucher fleury royer klein jacquet adam paris poirier marty aubry guyot carre
charles renault charpentier menard maillard baron bertin bailly herve schneider fernandez collet leger bouvier julien
prevost millet perrot daniel cousin germain breton besson langlois remy pelletier leveque perrier leblanc barre lebrun
marchal weber mallet hamon boulanger jacob monnier michaud rodriguez guichard gillet etienne grondin poulain tessier
nguyen diallo traore ba diop ndiaye sow benali haddad rahmani silva pereira ferreira dacosta rodrigues gomes santos
"""

FIRST_NAMES = frozenset(_NAMES.split()) | frozenset(_FROM_ELSEWHERE.split())
SURNAMES = frozenset(_SURNAMES.split())
