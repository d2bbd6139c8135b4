"""Usual surnames in France, of many origins, folded; and the names that hospitals, tests and diseases bear."""

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

_MORE_SURNAMES = """
abadie albert alexandre allain allard amiot ancel anselme antoine arnoux aubin auger babin baudry bazin beaumont beau
becker bellanger benard benoist bernier berthelot berthier besnard bigot billard binet blanchet blin blondel blot
bodin boivin bonneau bonnard bonnin bontemps bordier bouchet bougeard boulay bouquet bourdon bourgoin bousquet boutin
bouvet briand bruneau buisson bureau cadet camus canet carlier cartier castel cauchois chauvin chauveau chevallier
chopin claude clerc cohen combes comte cordier cornu coste cottin coulon courtois couturier crepin daguerre daniau
dauphin debray delage delahaye delannoy delarue delaunay delattre delmas delorme descamps desbois devaux didier doucet
drouet drouin dubreuil duclos ducrocq dufresne dujardin duhamel dupin duprat dupre durieux duret duvivier evrard
faivre favre fayard ferrand ferre ferry feron flament fontan forestier fortin foucher fouquet fournel fremont gaillot
gallet gallois garcin gaudin gay geoffroy gervais gilbert gilles girardin giroux godard godefroy gomez gonzalez
grandjean granger gras gregoire grenier grimaud gros guegan guillon guillou guilbert guignard guyon hardy hebert
henriot hernandez herbert heraud hoarau husson imbert jacquemin jacques jacquot jamet janvier jeanne jolivet joubert
jouan jourdan jourdain jung kieffer laborde labbe lacombe lacoste lafon lafont lagarde lallemand lamy landry langlais
laporte laroche lasserre launay lavergne lavigne lebas lebon leblond lebreton lecoq ledoux leduc lefranc lefort legall
legros lejeune lelievre lelong lemaitre lemarchand lenoir lepage lesage letellier levasseur levy lhomme loiseau
longuet lorin loubet magnier maillot maire marechal mariette marion marquet martel martineau masse maurin maurice
mauger maury mayer mazet merle michelet mignot millot monnet monteil morand moreno moret morice mouton munoz navarro
neveu nicolle noiret normand oudin pages parent pascal pasquier paul payen pelissier peron perret perron petitjean
picot pichon pineau pinto poisson pons potier poulet prevot prigent provost pruvost puech quentin raymond raynaud
regnier reynaud ribeiro riou ripoll rivet rocher rollin romain rossi rossignol rouault rouge rouxel ruiz sabatier
salaun salmon samson sauvage savary schmidt schwartz seguin serre serra simonet sabourin tanguy tavernier techer
texier thibault thierry thiery toussaint tournier turpin vaillant valentin vallee vallet verdier verger vernet viaud
vigneron villard voisin wagner weiss zimmermann abdallah abdi ait amrani amar arslan aydin azzouz bah bakayoko bamba
barry belaid belkacem benabdallah benamar benmoussa bensaid benyahia berrada boukhari bouzid camara cherif chaoui
cisse conde coulibaly dembele diabate diakite diarra diawara dieng diouf djabali doumbia drame el-fassi fall fofana
gaye gueye hamdi hamidi hammou haidara idrissi jallow kaba kaci kamara kante kebe keita khelifi kone konate kouassi
kouyate lahlou larbi lo mansouri mbaye mebarki messaoudi mohamed moussa mbappe ndoye niang niane ouattara ouedraogo
saidi saidani sall sanogo sarr seck sissoko slimani soumare sylla tahiri tall thiam tounkara touati toure yattara
ziani zidane zerrouki mokhtari bouazza boudiaf kherbache makhlouf hassan hussein ahmed ali khan yildiz yilmaz kaya
demir celik sahin ozturk kilic dogan koc kurt polat almeida alves andrade antunes barbosa batista borges brito cabral
campos cardoso carneiro carvalho castro coelho correia costa couto cruz cunha dias duarte esteves faria fernandes
figueiredo fonseca freitas goncalves henriques leite lima lourenco machado magalhaes marques martins matos medeiros
melo mendes miranda monteiro moraes moreira mota moura nascimento neves nogueira nunes oliveira pacheco pinheiro pires
ramos rebelo reis rocha sequeira simoes soares sousa souza tavares teixeira teles vaz vieira alonso alvarez blanco
cabrera calvo castillo delgado diaz dominguez flores fuentes gil gimenez gutierrez herrera iglesias jimenez leon marin
medina mendoza molina morales ortega ortiz prieto ramirez reyes rios rivera rojas romero rubio salazar santana soto
suarez torres vargas vega velasco bianchi bruno colombo conti esposito ferrari gallo giordano greco leone lombardi
mancini marino martini moretti ricci rinaldi rizzo romano russo santoro villa adamczyk baran czarnecki dabrowski duda
grabowski jankowski kaczmarek kaminski kowalczyk kowalski krawczyk krol lewandowski majewski mazur michalski nowak
nowakowski pawlak pawlowski piotrowski sikora szymanski walczak wieczorek wisniewski wojcik wozniak wrobel zajac
zielinski ivanov petrov sidorov smirnov kuznetsov popov volkov sokolov novak horvat kovac kovacs nagy szabo toth varga
jovanovic nikolic petrovic popescu ionescu popa radu dumitru stan stoica gheorghe shevchenko kovalenko bondarenko
tkachenko kravchenko melnyk hoxha shehu krasniqi gashi papadopoulos sarkissian petrosyan hakobyan bui dang dinh do
duong ho hoang huynh lam luong ly ngo pham phan tran trinh truong vo chen huang liu wang wu xu yang zhang zhao zhou
zhu lin sun kim park choi kang singh kaur kumar sharma patel gupta shah das rao reddy iyer nair islam rahman hossain
akhter begum khatun perera fernando sivakumar tanaka suzuki takahashi watanabe yamamoto nakamura kobayashi saito kato
smith jones taylor brown williams wilson johnson davies evans wright walker robinson thompson white hughes edwards
green hall wood harris clarke jackson turner hill cooper morris ward moore king watson baker harrison morgan allen
parker bennett murphy kelly ryan byrne walsh sullivan fischer schulz hoffmann schafer koch bauer richter wolf schroder
neumann braun kruger hofmann lange werner krause lehmann janssens peeters maes jacobs willems claes wouters devries
jansen vandenberg dejong bakker visser smit meijer debruyne lambrecht andersson johansson karlsson nilsson eriksson
larsson hansen johansen olsen larsen nielsen jensen pedersen korhonen virtanen ravelomanana rakoto rakotomalala
randria andriamanana razafy rasoamanana hoareau dijoux rabemananjara tshibangu mukendi kabongo ilunga mbuyi ngoma
nkosi okafor okeke adeyemi balogun mensah owusu asante boateng agbo adjovi tossou ahouansou koffi kouame yao konan
bekele tesfaye haile mohamud warsame abdirahman
"""

FAMOUS = frozenset(
    name.strip()
    for name in """claude bernard|jean bernard|robert debre|charles nicolle|henri mondor|louis pradel|edouard herriot|
    martin petit|petit martin|paul brousse|jean verdier|louis mourier|antoine beclere|marie curie|
    pierre marie|gustave roussy|leon berard|jean monnet|jules verne|paul papin|oscar lambret|
    francois baclesse|antoine lacassagne|henri becquerel|georges pompidou|emile roux|rene dubos|
    andre gregoire|robert ballanger|louis pasteur|albert calmette|claude huriez|jeanne de flandre|
    roger salengro|simone veil|jacques monod|victor hugo|paul bunnell|fernand widal|rose bengale|
    rose waaler|marie guillain|bence jones|jean perrin|eugene marquis|jean godinot|
    georges francois leclerc|paul strauss|claudius regaud|alexis vautrin|rene huguenin|leon bernard|
    raymond poincare|ambroise pare|lariboisiere fernand|henri laborit|philippe pinel|camille claudel|
    charles foix|rene muret|jean rostand|louis michel|felix guyon|simone de beauvoir|marie lannelongue|
    joseph imbert|henri duffaut|francois mitterrand|pierre oudot|jean bouveri|william morey|
    lucien hussel|paul ribeyre|pierre wertheimer|leon jean gregory|francois quesnay|andre mignot|
    jean jaures|pierre garraud|guillaume regnier|robert boulin|charles perrens|pierre zobda quitman|
    felix simmonds|simmonds felix|widal felix|felix widal|marie strumpell|charcot marie|marie tooth|
    charcot marie tooth|gilles de la tourette|georges gilbert|gilbert meulengracht|martin lewis|
    thayer martin|martin bell|van gieson|de morsier|henri poincare|blaise pascal|louis leprince ringuet|
    martin et petit|jean moulin|jean mermoz|jean zay|paul bert|jules ferry|anatole france|paul eluard|
    jean mace|emile zola|louis blanc|guy moquet|pierre curie|louis aragon|paul langevin|simone signoret""".split("|")
)
"""Hospitals, tests and diseases that bear the name of a person."""

SURNAMES = frozenset(_SURNAMES.split()) | frozenset(_MORE_SURNAMES.split())
