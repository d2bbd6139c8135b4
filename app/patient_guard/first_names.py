"""First names of many origins, folded: without accents, in small letters."""

_NAMES = """
adam alain alexandre alice aline amandine amelie anais andre andree anne annie antoine antoinette arnaud arthur audrey
aurelie aurelien baptiste benjamin bernadette bernard brigitte bruno camille carole caroline catherine cecile celine
chantal charles charlotte chloe christelle christian christiane christine christophe claire claude claudine clement
colette corinne cyril damien daniel danielle david delphine denis denise didier dominique dylan edouard elisabeth
elodie emilie emma emmanuel enzo eric estelle eva evelyne fabien fabrice fatima florence florian francis franck
francois francoise frederic gabriel genevieve georges gerard germaine gilbert gilles ginette guillaume guy hamza
helene henri herve hugo ines isabelle jacqueline jacques jade jean jeanne jeannine jennifer jeremy jerome joel
jonathan joseph josette julia julie julien juliette justine karim karine kevin laetitia laura laure laurence laurent
lea leo lina loic louis louise lucas lucie lucien luc madeleine manon marc marcel marguerite maria marie marine marion
marise marjorie martine mathieu mathilde maurice maxime melanie michel michele mickael mireille mohamed monique
morgane muriel myriam nadia nadine nathalie nathan nicolas nicole noemie odette odile olivier pascal patrice patricia
patrick paul paulette pauline philippe pierre quentin rachid raymond regine remi renee robert roger roland romain
sabrina samuel sandra sandrine sarah sebastien serge simone solange sonia sophie stephane stephanie suzanne sylvain
sylvie therese thibault thierry thomas valentin valerie vanessa veronique vincent virginie viviane xavier yann yannick
yves yvette yvonne zoe
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
souad svetlana tariq tatiana tomasz vera viktor vladimir wei yasmin yasmina yasmine yassine youssef yusuf zahra zainab
zineb noah gabin raphael jules leon mael nolan liam ethan sacha mila rose ambre lou agathe lena alba iris nina romy
leonie adele margaux ibtissam imane siham hafida fatiha karima
"""

_MORE_FRENCH = """
abel achille adeline adrien adrienne agnes aime aimee albane albert albertine alexandra alexis alfred alphonse amaury
anatole ange angele angelique anouk ariane armand armelle astrid athenais auguste augustin augustine axel axelle
barbara barnabe basile bastien bastienne beatrice benedicte benoit berenice berthe bertille bertrand blandine boris
brice calixte capucine carine cassandre cecilia celestin celestine celia cesar chantale charline charly clara clarisse
claudette claudie clelia cleo clementine clotilde clovis coline colombe coralie corentin cosette cyprien cyrielle
cyrille damienne dany daphne deborah denys desire desiree diane dorian dorine dorothee edgar edgard edith edmee edmond
edwige eglantine eleonore eliane elisa elise ella elliot eloi eloise elsa emeline emeric emile emilien emilienne
emmanuelle ernest ernestine esther etienne eudes eugene eugenie eulalie eustache evan fabienne fabiola fanny faustine
felicie felicite felix ferdinand fernand fernande firmin flavie flavien florentin floriane francine francisque
frederique fulbert gael gaelle gaetan gaspard gaston gauthier gautier geoffrey geoffroy georgette geraldine germain
gerald gervais ghislain ghislaine gilberte gildas gisele gladys gontran gonzague gregoire gregory guenole gustave
gwenaelle gwenola gwendoline hadrien hector heloise henriette hermine hilaire hippolyte honore honorine hortense
hubert huguette hyacinthe ignace inna irene irenee isidore jacky jacquot janine jeannot jeremie jessica jimmy joachim
joanna jocelyn jocelyne joelle johan johann johanna johnny jordan josephine josiane josselin josue joyce judith
juliane juliana julienne juste katia kilian lambert laurene laurette laurie lazare leandre leana leonard leonce
leontine leopold leslie liliane lilian lilou lionel lise lisa lison loan loane lola loris louane louisette louison
lubin lucette luciane lucile lucienne ludivine ludovic lydia lydie mado maelle maeva magali magalie malo manuela
marceau marcelin marceline marcelle margot marianne marielle mariette marilyne marin marius marlene marthe martial
maryline maryse maryvonne mathias mathis mathurin matthias matthieu maud mauricette maxence maximilien medard melissa
melodie milan milena modeste moise morgan myrtille nadege natacha nelly nestor nicolette ninon noe noelle noelie
noellie noemi norbert oceane octave octavie odilon odon olympe oriane oscar ophelie pacome paola paquita paulin
perrine peggy perceval pierrette pierrick prosper prudence quitterie rachel raoul raphaelle rebecca regis reine
reinette rejane remy renaud rene richard rodolphe rodrigue roch rolande rolland romane romaric romeo romuald ronan
rosalie rosine roxane rudy sabine salome samson sandie sandy segolene septime servane severin severine sibylle sidonie
simeon simon sixtine solene solenne stanislas stella stephan suzon sybille sylvaine sylvette sylviane sylvestre tanguy
teddy theo theodore theodule theophile thibaud thibaut timeo timothee tiphaine titouan toussaint tristan ulysse urbain
ursule valentine valere valerian valery victoire victoria victorien victorine vincente violaine violette virgile
vivien vivienne wilfrid wilfried xaviere yannis yoann yoan yohan yohann yolande yvan yveline yvon yvonnick zacharie
zelie zephyrin zita alwena anaelle annaig anthony aymeric brendan briac cedric denez enora erwan erwann ewen goulven
gurvan gwen gwenn katell killian klervi loeiz maiwenn morvan nolwenn per riwal rozenn soizic tangi tudi yael
"""

_ARABIC_AND_BERBER = """
abbas abdallah abdelaziz abdelhak abdelhamid abdelhakim abdelilah abdelkarim abdelkrim abdellatif abdelmajid
abdelmalek abdelouahab abderrahim abderrahman abderrahmane abderrazak abdeslam abdou abdul abdullah adel adil adnan
afaf ahlam ahlem aissa aissam akim akram alaa alae aliya amal amani amar ameur amira ammar amjad anass anis anissa
anouar aouatef arwa asmaa assia assma atika awatef aya ayman aymen ayyoub azeddine azzedine badis badr bahia bachir
basma bassam bassma belkacem benyamin bouchra boualem boudjema brahim chadi chafik chahinez chaima chakib chama chedly
cherif cherifa chiraz dalal dalila dounia doha djamel djamal djibril driss douaa ezzedine fadela fadi fadila fadwa
fahd fahim faical fairouz faiza faouzi faouzia farah fares farida farouk fathi fathia fatna fatouma faycal fayza fella
feriel ferhat ferial fethi fouzia ghada ghassan ghizlane habib habiba hadi hadil hadjer hafid hafsa haidar haifa hajar
hajer hajiba halim halima hamdi hamed hamid hamida hamouda hanae hanan hanane hanene hani hanifa harun hasna hasnaa
hassane hassiba hassina hatem hayat hayet haythem hedi hicham hichem hind houcine houria houssam houssine hosni houari
ibtihal idir idris ihab ihsan ikram ikrame ilham ilhem ilias ilies iliess ilyas ilyass ilyes imad imen imene imran
inaya insaf islam ismahane ismahen issam issa issra iyad jaafar jaber jad jalal jamaa jamel jana jaouad jasmin jawad
jihad jihane kader kahina kaltoum kaoutar kawtar khadidja khadra khalida khalil khalissa khaoula kheira kheireddine
khouloud lahcen lahcene lakhdar lamia lamiae lamya laila latefa leyla lhoucine lila lilia loubna louisa lounes lotfi
lyes madani maha mahdi maher mahfoud maissa majda majdi majid malak malek malik manal manel maroua marouane maryam
meriem meryem marwa marwan massinissa mebarek mehenni meknes menel messaoud mohand mokhtar moncef mongi mostafa mouad
mouadh mouhamed mouhcine mouloud mouna mounia mounir mouniya muhammad muhammed munir nabil nabila nacer nacera nacira
nada nader nadjet nadjib nadjia nadir nadira nafissa nahed naim najat najet najib najla najoua najwa narjes narjiss
nasreddine nasser nassera nassim nassima nawal nawel nedjma nesrine nezha nidal nihad nihal nissrine nizar nora
nordine noura nouredine noureddine nouria omaima omayma omran othman othmane ouahiba ouafa ouardia ouarda ouassila
ouidad oulaya oumaima oumayma oussama rabah rabia rachad rafik raissa rajaa ramy ramadan ramdane randa rayan rayane
rayhana razika redha redouane redouan reyad rezki rhita riad riadh rida rim rima rizlane saad saadia sabah saber sabri
sabria sadek safa safia safiya sahar sahra saleh salima saloua salwa samah samar sami samy sana sanaa sara selim
selima selma sherine sihem sihame skander slimane smail smain soraya soufian soufiane soukaina souhail souhila
soulaimane souleymane soumaya soumia sofiene taha tahar taib tarek tarik tayeb tawfik thouraya touria toufik wafa
wafae wahib wahiba wail waleed walid wassila wassim widad wissam wissem yacine yacoub yahia yahya yamina yanis yasin
yassir yazid younes younous yousra youssra youcef yusra zahia zaid zakaria zakariya zaki zaynab zeineb zhor zineddine
ziad zinedine ziyad zohra zoubida zoubir zouhair zouheir zoulikha
"""

_AFRICAN = """
abena abiba abdoul abdourahmane adja adjoa afi afia ahou aida akissi akosua akua alassane aliou alioune alou alpha ama
amara amidou aminata amenan amivi amoin anta assane assetou assita astou atou ayawa ayo baba badara bakary bamba
bassirou binta bintou birame boubakar bougouma bouna boury cheick cheikh cheikhou chidi chinedu chioma chukwu coumba
dado daouda daou demba diarra diary dieynaba dieudonne djeneba djenabou djenaba doudou ebele efua ekow emeka fallou
fanta farba fatimata fatou fily fode folake fousseni fousseyni gaoussou gora gorgui habibatou hadiatou hadja haby hawa
ibou ifeoma issiaka issouf kadidia kadidiatou kaba kalilou kandia karamoko khadim khady khadidiatou khardiata kodjo
koffi kofi komlan kossi kouadio kouame kouassi kwabena kwame kwasi lalla lansana landry lassana lassina maimouna makan
mamady mame mamoudou mamadi mansour mariame masseny massata mbaye modibo modou mody moctar momar mouhamadou moustapha
naby nafissatou nana ndeye ndiaga ndiouga ngone ngozi niakale nkechi nnamdi nyota obinna oumar oumou oumy oury
ousseynou pape papis penda rama ramata ramatoulaye rokia rokhaya rouguiatou rougui sadio safiatou salif salimata
salimatou samba sadou sanata sanou sega sekou seny serigne seydou sidi sidiki sirandou sire siaka souadou soukeyna
souleyman sory sountou soumaila tata thierno tidiane toumani waly yacouba yaya yaye yao yaa yero youssouf zeinabou
zenab awe ayodele babajide bukola chinwe damilola folasade funmi ifeanyi kehinde nkosi oluchi olumide oluwaseun sipho
tendai thabo themba tunde uche uchenna zola zanele abeba abebe alemayehu almaz berhane dawit girma haile hiwot
mekonnen selam selamawit tesfaye tigist yohannes mulu bahati esperance espoir fiston gloire kabongo merveille mukendi
ngalula nsimba patience tresor andriamanitra fanja hery lalao lova mamy miora naina nirina noro rado rija solofo
tahina tiana voahangy zo
"""

_IBERIAN_AND_LATIN = """
adelina adriana adriano afonso agostinho agustin alejandra alejandro alberto alfonso alfredo alonso alvaro amadeo
amalia amaro amparo anabela andres angel angela angeles anibal antonia armando armindo arturo augusto aurelio aurora
baltasar bartolome beatriz belen benedita benito bernardo bruna caetano camilo candida carla carlota carmelo catalina
catarina celeste celso concepcion conceicao conchita consuelo cristiano cristobal cristovao custodio damiao daniela
delfim diana diego dina dinis diogo dolores domingo domingos duarte edmundo eduarda eduardo elias elvira emilia emilio
enrique ernesto esperanza esteban estela estevao eugenia eugenio eusebio ezequiel fabio federico felipe felisberto
fernanda fidel filomena flavio flor francisca francisco frederico gabriela gaspar geraldo gerardo gilberto gina gisela
gonzalo goncalo graca graciela gregorio guadalupe guilherme guillermo gustavo heitor helder henrique herminia horacio
hortensia humberto ignacio ildefonso imaculada inacio inmaculada isabel isabela isaura isidro ismenia ivone jacinto
jaime javier jesus joana joaquim joaquin jonas josefa josefina juana julian julieta julio lara laurinda leandro
leonardo leonor leticia lidia lorena lourdes luciana lucilia luciano lucinda ludovina luisa luiz lurdes macarena
mafalda manoel manolo marcela marcelo marcia margarida margarita mariana mariano maribel marisa marisol marta martim
mateo matilde mauricio maximo mercedes micaela milagros mirta moises monica montserrat natalia natividad nelson
nereida nicanor norberto nuno octavio ofelia orlando osvaldo osvalda pablo paloma pascual patricio paula paulo pilar
placido porfirio quim rafaela ramiro ramon raquel reinaldo remedios renata renato ricarda rita roberto rocio rodolfo
rodrigo rogelio rogerio ronaldo rosalia rosario ruben rui salvador sancha sandro santiago saturnino sebastian
sebastiao segundo serafim silvana silvestre silvia soledad susana tania telmo teodoro teresa tiago tomas valdemar
vasco vicente vicenta virgilio virginia vitor vitoria wanda xavi ximena yolanda zulmira
"""

_ITALIAN = """
aldo alessandra alessia alessio alfonsina amedeo amerigo angelica angelo annalisa annamaria antonella antonietta
antonino arianna assunta attilio benedetta benedetto biagio bianca calogero camilla carlo carmela carmine caterina
chiara cinzia claudia claudio concetta corrado cosimo daniele dario davide debora domenica domenico donatella donato
edoardo elisabetta emanuela emanuele enrica enrico ettore fabrizia fabrizio federica ferruccio filippa filippo
fiorella flavia fulvio gabriele gaetano gennaro giacomo gianfranco gianluca gianni gilda gino giorgia giorgio giovanna
giuliana giuliano giulio giuseppina graziella graziano guglielmo guido ilaria irma isabella italo lamberto letizia
loredana lorenza lorenzo luana luigi luigia maddalena marcella mariella marina marino matteo mattia maura mauro
michela mirella morena nicola nicoletta nino nunzia nunzio ornella orazio ottavio palmira pasquale patrizia piera
piero pietro pina raffaele raffaella renzo riccardo rinaldo rocco romano rosanna rosaria roberta romina salvatore
samuele santina santo saverio serena silvano silvio simona stefania stefano teresina tiziana tiziano tommaso tullio
ugo umberto valentina valeria valerio vincenza vincenzo vito vittoria vittorio viviana walter
"""

_SLAVIC_AND_EASTERN = """
adrianna agata albin aleks aleksander aleksandar aleksandr aleksei alena alenka alicja alisa alla anastasia anastasiya
anatoli anatoly andjela andrej andrija andriy andrzej anja antonina apolena arkadiusz artem artur arseny barbora
bartosz bartlomiej beata bogdan bogdana bogumila bojan boleslaw bozena branislav branko bronislaw bronislawa cezary
czeslaw damian danica danijel danuta daria dariusz darko dejan desislava dimitar dmitriy dmytro dobromir dominik
dorota dragan dragana drago dusan dusica dzhamal edyta egor ekaterina elzbieta emil erzsebet evgeny evgenia ewa
ewelina feliks filip frantisek franciszek galina genadi gennady georgi goran gordana grazyna grzegorz halina hanka
helga helenka henryk hristina hristo igor ilona ilya inga ioannis ireneusz iva ivana ivanka ivica ivo iwona izabela
jacek jadwiga jakub jan janina janusz jaroslav jaroslaw jarmila jasmina jelena jerzy jiri jitka jolanta josip jovan
jovana jozef julita justyna kalina kamil kamila karel karol karolina kasia katarina kateryna kazimierz kinga klaudia
konrad konstantin kristijan krystian krystyna ksenia ladislav larisa lech leszek lidija ljiljana ljubica lucjan lucyna
ludmila lukas lukasz lyudmila maciej magda maja maksim maksym malgorzata marcin marek marija marijan marika mariusz
markus marko martyna marzena mateja mateusz matej matija maxim mikhail miroslav miroslava miroslaw mieczyslaw mikolaj
milica milos milosz miloslav mira mirjana mladen monika nadezhda nadezda natalija nataliya nataliia natasa natalya
nebojsa nenad nika nikita nikola nikolai nikolay nikodem oksana oleg oleh oleksandr oleksandra olena ondrej oskar
ostap patryk pavel pavle pavlo pawel petar petr petra petro polina predrag przemyslaw radmila radoslav radoslaw
radovan rafal rajko ratko roksana roman ruslan ryszard sasha sanja sasa slavica slavko slawomir slobodan snezana
sofija sofiya stanislav stanislaw stanislawa stefan stepan stevan stjepan svetla sviatoslav szymon taras tadeusz
tamara tanja taisiya teodor tereza tihana tomislav urszula vaclav vadim valentyna vasil vasily vasyl veronika vesna
viktoria viktoriya violeta vitali vitalii vitaly vlad vladislav vladimira vlasta vojtech volodymyr vyacheslav wieslaw
wieslawa wiktor witold wladyslaw wlodzimierz wojciech yana yaroslav yaroslava yelena yevgeny yulia yuliya yuri yuriy
zbigniew zdenek zdenka zdravko zeljka zeljko zlatko zofia zoran zorica zuzana zygmunt adrian alexandru alin ancuta
andreea anisoara aurel aurelia catalin cezar codrut constantin corina cornel cornelia cosmin costel costin cristian
cristi dana dan denisa doina dorin dorina dragos dumitru elisabeta eugen felicia florin florina gavril georgeta
gheorghe gheorghita horatiu iancu ileana iolanda ion ionel ionela ionut iulia iulian iuliana laurentiu lavinia lenuta
liliana liviu lucian luminita madalina marian mihaela mircea mirela nicoleta nicu octavian ovidiu paraschiva petre
petru radu raluca razvan rodica ruxandra sanda silviu sorin sorina steliana teodora tiberiu traian tudor valeriu
vasile veronica viorel viorica zamfira agim arben ardian artan besnik blerim drita edon elira enver fatmir fatos
flutura gezim hashim ilir kujtim lule luljeta mimoza rexhep sadik shpresa skender valon valmir vjosa xhevdet zana
armen aram ani anahit araksi artak ashot garabed gayane hagop hasmik hovhannes karen lusine narek nare nune raffi
sarkis siranush tigran vahan vahe varduhi vartan elene giorgi ketevan lasha levan mzia tamar tornike zurab eleni
georgios ioanna dimitra dimitrios evangelia evangelos katerina konstantinos kyriaki nikolaos panagiota panagiotis
spyros stavros theodoros vasiliki vassilis
"""

_TURKISH_AND_PERSIAN = """
abdulkadir adem ahmet aksel aleyna altan arda arif arzu asli aslihan ates aydin ayla aynur ayse aysegul aysel aysun
baris bayram berk berkay beyza bilge bilgin birol bulent burak burcu busra can canan celal cem cemal cemile cengiz
cevdet ceyda deniz derya devrim dilara dilek dogan dursun ebru ece eda ekrem elif emel emin emrah emre ender engin
enes ercan erdal erdem eren erhan erkan erol ersin esin esma esra eylem faruk fatih ferit feyza fikret filiz funda
furkan gamze gizem gokhan gonul gulay gulcan gulsen gulten guler hakan haluk handan hanife haydar hulya huseyin ilker
ilknur inci ipek irem isik ismail ismet kaan kadir kadriye kemal kerem kerim koray kubra kurt levent mahir mahmut
melek melike mert merve mesut metin mine muhammet murat muzaffer nazan nazli necati necla neslihan nermin nilgun
nilufer nuran nurcan nuray nuri nurten okan oktay onur orhan osman ozan ozge ozgur pelin pinar ramazan recep refik
remzi reyhan rustem sabahattin sabiha safak sakine sedat seda sefa selcuk selin selman semih sema senay serap serdar
serhat serkan serpil sevda sevgi sevil sevim seyfi sibel sinan songul suat suleyman sultan sule suzan tahsin taner
tarkan tayfun tolga tufan tugba tulay tulin tuncay turgut turkan ufuk ugur umit umut unal vedat veli volkan yakup
yaren yavuz yeliz yeter yigit yilmaz yildiz yunus zafer zehra zekeriya zeki zerrin zeynep zuhal abolfazl afshin ahmad
akbar alireza amirhossein arash ardeshir arezoo azadeh babak bahar bahram behnam behrouz dariush davoud ebrahim elham
elnaz esmail fariba farideh farnaz farshad farzad farzaneh fatemeh fereshteh forough ghasem golnaz gholam hadis
hamidreza hossein jafar javad kamran kaveh kazem khosrow kian kourosh ladan laleh leili masoud masoumeh mehran mehrdad
minoo mitra mohammad mohsen mojgan mojtaba morteza nasrin nazanin negar niloufar nima nooshin omid parisa parvaneh
parvin payam pouya rahim reza roya saeed saeid samaneh saman sanaz shahin shahla shahram shapour shirin siavash simin
sima soheila taraneh vahid yalda zohreh gul gulalai jamshid najibullah nasrullah noorullah rahmatullah sayed wahid
zabihullah zarghuna azad berfin berivan ciwan delal dilan hejar hevin jiyan rojda rojin sirwan welat zelal zilan
"""

_ASIAN = """
aarav aarti aditi aditya ajay akash akhil akshay amit amita amitabh amrita anand ananya aneesh anil anjali ankita anuj
anupam anuradha aparna archana arjun arun aruna arvind asha ashish ashok ashwini avinash balaji bharat bharati bhavna
chandra chandan charu chetan deepa deepak deepika devendra devika dhananjay dilip dinesh divya durga ganesh gaurav
gayatri geeta girish gita gopal govind gurpreet hari harish harpreet hemant indira ishaan jagdish jaspreet jaya
jayanthi jyoti kalpana kamal kamala karthik kavita kavya kiran kishore krishna kumar kumari kunal lakshmi lalita madhu
madhuri mahesh mahendra mala malini manish manisha manju manoj meena meera megha mohan mohini mukesh nandini narayan
narendra naresh navin neelam neha nikhil nilesh nirmala nisha nitin padma pankaj parvati pooja prabha pradeep prakash
pramod prasad pratap pratik praveen preeti prem priyanka radha raghav rahul raj raja rajan rajendra rajesh rajeev
rajiv rajni raju rakesh ram ramesh ranjit rashmi ravi ravindra rekha reshma ritu rohan rohit roshan ruchi sachin
sandeep sangeeta sanjay sanjeev santosh sarita saroj satish savita seema shalini shankar shanti sharad sheela shikha
shilpa shiv shivani shobha shreya shruti shubham siddharth sita smita sneha sonal subhash sudha sudhir sujata sukhdev
sumit sunil sunita suresh surinder sushil sushila swati tanvi tara uma usha vandana varun vasant veena venkatesh vidya
vijay vikas vikram vimala vinay vineet vinod vishal vivek yash yogesh yuvraj farhana fahmida habibur jahanara kamrul
mahbub mizanur momena nasima nazma nurul rafiqul rahima rubina sabina saiful shafiqul shahida shamima sufia tahmina
zakir ayesha bushra faisal fozia ghulam hina iqbal irfan javed kashif khurram nadeem naveed nusrat rizwan saima sajid
shabnam shahid shazia tahira waqas zubair anura chaminda dilani harsha kanthi kumara lakmal nimal nuwan priyantha
ruwan sanjeewa sunethra tharanga upul kandiah murugan nadarajah rajeswari selvarajah sivakumar thangaraj vasanthi anh
bao bich binh chau chi cuong dao diem dinh duc dung duong duy giang hai hanh hieu hoa hoai hoang hong hung huong huy
huyen khanh khoa kiet kieu lam lan lien linh loc long mai manh minh my nam nga ngan ngoc nguyen nguyet nhan nhu nhung
oanh phat phong phuc phuong quang quoc quy quyen quynh sang son tam tan tai thach thai than thang thanh thao thi thien
thinh thoa thu thuan thuy thuong tien toan tran trang tri trinh trong truc trung truong tuan tung tuyen tuyet van vi
viet vinh vu vuong xuan yen akiko akira asami asuka ayaka ayumi chie chieko daisuke eiji emi emiko fumiko haruka
haruki haruto hideki hikari hiro hiroko hiroshi hisako ichiro isamu izumi junko kaori katsumi kazuko kazuo keiko
keisuke kenichi kenji kenta kimiko kiyoshi koji kumiko kyoko makoto mariko masako masaru masato masayuki mayumi megumi
michiko midori mieko mitsuko miyuki naoki naoko naomi natsuki nobuko noriko osamu reiko ren rie rina ryo ryota sachiko
sakura satoko satoshi sayuri shigeru shinji shizuka shota shun sumiko susumu tadashi takahiro takako takashi takeshi
takumi taro tatsuya tetsuya tomoko toshio tsuyoshi yasuko yoko yoshiko yoshio yuichi yuka yuki yukiko yumi yumiko
yutaka yuto bin bo chang chao chen cheng chun dong fang fei feng gang guang guo han hao hua hui jian jie jin jing jun
kai lei li liang lihua lin ling liwei mei meiling min ming na ning peng ping qiang qing rong shan shuang tao ting
weiwei wen xia xiang xiao xiaohong xiaoling xiaoming xin xinyi xiu xiuying xue yan yang yaping ying yong yu yuan yue
yun zhen zhi zhiwei zhong byung chul dae eun eunji haneul hyejin hyun hyunwoo jae jihoon jimin jisoo jiwon joon junho
kyung mi minji minho seojun seok seonghun seung seungmin soo sook soojin sung sunhee woo yeon yeong yoon young
youngsook yuna aung kyaw thida htun myint sokha sophea srey dara channary bopha chanthy kosal phally rithy samnang
sothea sovann vanna vibol somchai somsak siriporn malee nattapong pornthip supaporn wanchai wichai khamla bounmy
souphanh vilay phetsamone tou xiong agus budi dewi eko fitri indah joko nur putri ratna rizki siti slamet sri sukarno
suharto wahyu yanti angelito corazon crisanto dalisay erlinda ligaya marites nenita reynaldo rizalina rodel rowena
"""

_NORTHERN_AND_ENGLISH = """
aaron abigail ada adolf agnieta aidan alan alastair albrecht alexander alfie alison allan allison alma amber amelia
amy anders andreas andrew angus anika anke annelies annette annika annemarie anneke arne arno ashley august austin ava
barry beatrix becky ben bengt bernd bernhard bert bethany betty beverly bill billy birgit birgitta bjorn bob brad
bradley brandon brenda brent brian bridget britta brittany brooke bruce bryan caitlin caleb callum cameron carl carol
carolyn carrie carsten cathy chad charlene chester chris christa christina christoph christopher cindy clarence claus
cody colin colleen connor corinna courtney craig crystal curtis cynthia daisy dale darren dawn dean debbie denny derek
dennis detlef dieter dietmar dirk donald donna doris dorothea dorothy douglas eamonn earl eckhard edna edward edwin
egbert eileen eike elaine eleanor elfriede elizabeth elke ellen elmar else emily erich erik erika erin ernst esmee
ethel evelyn ewald fiona flemming floyd frank franz fred freddy frederik freja frida fridolin friedrich fritz gail
gareth gary gavin geert gemma gene georg george gerda gerhard gerrit gertrud gillian glenn gloria gordon grace graham
greg gregor greta gudrun guenther gunnar gunther hannah hanne hannelore hans harald harold harriet harry hayley hazel
heather hedwig heidi heike heiko heiner heinrich heinz helen helmut hendrik henk henning henrik herbert herman hermann
hilda hildegard holger holly horst howard hugh ian ilse imke inge ingeborg ingo ingrid irmgard isla ivy iwan jack
jackie jacob jake james jamie jane janet janice jason jasper jay jeff jeffrey jenna jenny jens jerry jesper jesse jill
jim jo joan joanne jochen joe johannes johnathan jon joost joop joris joshua joy juergen judy june jurgen jutta karin
karl karsten kate katharina katherine kathleen kathryn kathy katja katrin kay keith kelly ken kenneth kerry kerstin
kim kimberly kirk kirsten kirsty kjell klaas klaus knut kyle larry lars lauren lawrence lee leif len leroy les lewis
lilly lily linda lindsay lloyd logan lothar lotte lucy luke lutz lynn mabel mads maggie malcolm mandy manfred maren
margaret margrit marieke marijke marilyn mark marlies martha martin martina marvin mary mats matthew maureen max may
megan meike melvin mette mia michael michelle mike mildred millie mitchell moira molly morten myra nancy natasha
nathaniel neil nicholas niels nigel niklas nils norma norman ole olaf oliver olivia ollie otto owen paige pam pamela
pat patti penelope peter philip phillip phoebe phyllis pieter pia poppy rainer ralf ralph randy ray regina reinhard
reinhold renate rhys rick ricky rob robin rodney rolf ron ronald rosemary roswitha roy rudi rudolf rupert russell ruth
ryan sally sam samantha sander scarlett scott sean seth shane shannon sharon shawn sheila shirley sieglinde siegfried
sigrid silke sinead siobhan solveig sonja sophia soren stacy stanley stefanie steffen stephen steve steven stuart sue
susan susanne sven svenja swen sylvester ted terence terry theodor theresa thelma thorsten tiffany till tim timo
timothy tina tobias toby todd tom tony torben torsten tracy trevor troy tyler udo ulf ulla ulrich ulrike ursel ursula
ute uwe vernon victor viola volker waldemar waltraud wayne wendy werner wesley wiebke wilhelm will willem william
wilma winfried wolfgang zachary aagje aart cees cornelis dirkje ebba elin freya gunilla gustaf hakon ingvar jorn kaj
lasse lennart linnea maj magnus margareta mikael mikko niina oivind paavo pekka pirjo ragnar saga sanna sigurd sirkka
stig sofie tage tarja tove tuula ulrika veikko yngve aino antti eero heikki jari jukka kaarina kari kirsi marja matti
pentti riitta sari seppo aaliyah jayden kayla keisha lakisha latoya shanice tamika tyrone abraham eitan hadassah ilan
itzhak menachem meir mordechai moshe rivka shlomo shmuel shoshana yehuda yitzhak yoel yosef zvi avraham chaim devora
dvora ephraim gershon leah miriam noam
"""

AMBIGUOUS = frozenset(
    """alba alpha ambre aurore ava baba bin bo bob can ce charge chi chang dan dose eve fa fer flor fleur gene
    grace hong iris jade jan jay jo joy juste kim lam lan lee len lin lina long mai malo marin mars martial max
    may mi mia min mine modeste na nam ning noel ole olive omega opale parfait pat per pia ping prudence ray ren
    rob rose ruby sage sam sang san son seth soo sri tan tai tam tao thi ting tom tri ulf van vi vu wei will yen
    yong zo zola alma ada ana ani anta aya bill blanche brice carmin celeste cerise claire clement constant dale
    dean desire dina don dove earl ela esperance espoir faith fort france gail gloire glen grant hal hope ina
    ira isa jack jasmin june kai karo kit lila lilas ling li lien lou luce lux marc mark mira mona nana nat nina
    nino noe nour oceane pascal patience perle pierre prune reine rim rima rita roman romane rocco roy said
    saint salvador sanguine santo saule segundo serum sida soleil sultan sun tara ted tesla test thym trung
    urbain ute val vera victoire victor viola violette vita vivien volta wanda xin yang yu zhi volker kurt
    melissa linda stella lucas candida elisa ion timothy todd douglas heinz poppy les david ab ag ac nee holly
    lys sally vesna zita calixte""".split()
)
"""First names that are words, units or trade names too: alone they say nothing of a person."""

_LISTS = (
    _NAMES, _FROM_ELSEWHERE, _MORE_FRENCH, _ARABIC_AND_BERBER, _AFRICAN, _IBERIAN_AND_LATIN, _ITALIAN,
    _SLAVIC_AND_EASTERN, _TURKISH_AND_PERSIAN, _ASIAN, _NORTHERN_AND_ENGLISH,
)  # fmt: skip
FIRST_NAMES = frozenset(name for words in _LISTS for name in words.split())
