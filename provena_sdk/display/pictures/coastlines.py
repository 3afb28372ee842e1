"""The coasts of the world, coarsely: for a small map that says where something is."""

from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float]

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+,-./:;<=>?@[]^_"
_STEPS: Final = 4
"""Steps per degree."""

# Natural Earth's land, 1:110 million, version 2, in the public domain; simplified by 0.1 degrees, without islands below
# 0.3 square degrees. A line is a ring: longitude and latitude of its start in steps, then a pair of letters for the
# steps to each further point. Lines that begin with a space continue the one before.
_LAND: Final = """
-238 -320 edQhcjfiygnklg
-637 -318 Zgcjckkiogofif
-181 -312 mfjfidUfRfYhbiijqikjqnping
-485 -294 mgmifgdgchdihjmg
-502 -294 ngZhcikilg
-396 -288 lhmhjfPhdifijisg
-274 -284 iffeYgbhjjYgeihiojmhijhmjjlhjgma
-720 -339 ljogmjnfnjthtf#exhsiygrg%jhjShUidiXihjkkhjaieibjqgrimgvjkjgiWkKieiZkglmguikfohwlnhgjgiiimi
 kgrjthvkngnimgsisg&hqjmgqjodlimgrfsixgkjcjcifiemzfmgignhwilgnikkkfmgmikfwgmjlgmhlgkgmiqiwjlikihjhico
 hihjlkhigljisniimjlijininjkijgggbfehehbffggfigjfegdhadgflenflcjgighdkchfcechdebfRfefGhigsfjfdgaibfhe
 mghfngpg#e#fvene!lwjrhzgjinjrh[lcjhjJggjikjitirkki*k#kokijdijijiukkjjjkimhjflhhjkilhifmhrilhjflj%kli
 jikglimemhjjlimhjfkjuhqhlemiuh#kkillmgiglglhnfliijpjpirklgnklhkhijkisjoglghfnfmgnflhnjtgpgkdhggfafif
 lhhgdekflhmilkljkkxjkkjjpijjmilhpilgkijkkelgzinftjlgtonfpdohqinjlikhlhlemhofmhlhnklhpgoiogpixiilkghf
 kelg%irgkgggkfpfwgmgjjrdrhjflgkgmgzhuekgggaachffbgggbeeehemcohjfUgZgefgfdemgkfpesfrgjfsglfsiqg2h2h2h
 2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h3h2h3h2g
-271 -215 mengffdhfiggdgdheidicjdjbmwcjjijljjgld
-234 -204 kfgfbggjdffjmjkgkj
281 -199 bhhjikjflhge
582 -163 kfnjjhhcgfhefieeeifkgkfkhjkh
692 -164 igkiighfbbifehefdaceeieidhgjjkmlkhnlkjikjihjkjif
698 -145 kdhkjgiekfkhjjjgfbehgghfdcefgigijkgjcjhikjikhjflcmgkihjfkgid
668 -89 ggckcmgjjhjfpa
713 -69 jfgffhfhgjjiihii
-720 -66 ^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h_h^h_h^gfggili2h2h2h2h2h2h2h2
 h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h1h2i1h2igf
668 -60 iefhhihkig
200 -54 icifhfggfjhghehggghdXFbfbjgjhlfkhkikjhhjjkhjfmhkikijojnmijgijhjkhjjjjdif
574 -55 jejikehfieifigiegfjeqbhgjfjdiijfihidoajegcjehdfchefbefdYffgehdfgchefcecjhjfhdeWkejfmfjdijigk
 ffdgjjijjjgkeeeggdejhjcmiicjehdjahXeehZegfgfbhdicgefghdfbhbkhkjhiihlhkflgjhjflgjgkemjfgljfighjeminhj
 jkhejkpljiigmjjijhlinnhlkkjeiigjijjgikkkjihijhhikikfjfmghjjliihiijkijhkihjeijhkgjglgihjgkiihiijfedgh
 hffdhgnemdkgiglfjjlqgmikhihijniiifhfigigifhd
483 -41 fhcklikehg
647 -38 ggekgkjhkc
498 -41 dhjllihipjigYdfe
472 -32 igkhifXgijkhij
492 -32 gebgcihikijgkhlj
640 -33 hgejdjhijglfig
630 -29 gggifjhile
434 -27 pgijofjfngmfcfdjZhWjfhajgidikkmhmfhg
539 -25 fegkjkighf
624 -27 fggjfjgkiihgmchg
608 -22 fhggdffhbjiikhjhijihhfjhlkgjkhhfge
509 -14 fgfigilhig
522 -12 ieeiZhiklhmg
613 -18 fggldkeiiimekeif
537 -5 iblfklmjkhoelhvcmcifofifdgiekfkdjhhfkgghlfhgeggiaibmflcibfieegaiekdigfbhjlkiglfkZlehblffghgih
 jejlikhhibhfkehfjmikjnfif
501 6 edegdiXggeldjjojhffhgfdflcgglchffffjjkdggihifkhkegiXegfijlglfhgkjjhlkolkkgmhlhlkig
515 5 hdehhfjffggkgmhkjjhfjgig
423 -23 dhdkckdncpdlenekfkejdmgjqguUlhkfjdkfgejgihiejfjgjfgchb
471 7 mecggehedehdgbgicggjehfjcfgjbhgnfifkhlhkkkkgkhhloinpomjkjhjfhfnfgffhhffgedkdgf
506 34 hcgdflffjegfckgkiiejggfhefhiikmkifkiijkhhkkfie
325 25 dgfkhnjnjflahdfg
-244 40 dhiihjkihghe
496 41 dcfkijikjhgeklhd
474 37 cdjkmnjkiecc
488 48 jfjhhgdehlhj
502 49 iceiidfhhjgigjkhhieklhig
486 52 gedmlhif
485 74 kgiihghfiegefggeidjhjhmfgfjggfejgjggejehfhhjiigiggfjhmiginiljh
-262 73 ggbhhiiikhjhig
-308 71 ghdjhijhkhkghgeg
-290 79 khiikhkgifjhhgjhjffgfiehfggiggfegihifichfgfiijngjifihjeiiikg
441 75 efeihkijmijhigffgf
-622 76 ghghhkiihijgjfef
-319 91 jglhoclgggkhkfhgehWgkkfiehgigjfhcjcifijidheffhhgfgfimknjogkg
-310 95 ghgjfiikihjdhf
485 91 fefkgkklkkjgeY
-311 106 chhimhhg
539 137 hffffifggfeihjkjjhjikh
138 143 ffhgdffigijiiikgkj
95 143 jfnhjhhgbhciij
62 153 gehggeXlhkmgoi
37 165 jehcfhfggihmgjjhji
564 149 fdifffcfagbdeihkahdfchleeafffjikeigkkikkljjkpimglokfpnjmhliklikbheddhd
38 169 gefhgkijkihe
576 177 jgkjicbgedakfcdhgljkmijpmdkg
-255 186 ohffghbjgijiif
-247 196 ajdiiinglfhg
-494 194 fgajgjeigidifjiirfkelfjf
-225 203 fdjjkggfkgjilggekiicgechilghcefhkjdiVggjkifikkmnjjljigee
-531 216 lhgdkeghbmgihjjg
575 203 labiebldhfejeehkhlhlikhnelimkjgjjhjbhdjd
-27 209 afbhklfmqmkhlefeifed
51 222 eedjhjmijf
-612 228 dgfigjnjkhifef
-12 235 dcpigdeelhlbjhlbmggefgjfdfchagfiffdhegfinlkibhgjlifjiknhhjejdigiijgiffglfjjlklph
-662 240 egcjlikgig
-317 249 ffghgiijjgih
-328 251 dfehgikjmhhg
-687 255 kgjiofegcjeggihi
-341 263 ifjhseifkhkgdgbifiXdgkbgljiokh
-58 266 gemfbdSeRjljYjohhjZhjknioenjmgnjoh
-303 269 cggjjkkhlggffg
-720 276 #ahekggkshoddfbhhdfgdhejcigididheiiicgjgff^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^
 h_h^h_h^h_h^h_h^h_h^hcfchkfkeigifggZiTeVbfgcjWefjefbhgfcdhfmggcegfeifafgdbggdbdgkdwjmkjhjnivqplkmchf
 eWcemXgXakfSfhkbicfVhUgFQngjflgjjmhmcieddhcfbbbgeTWcefhejceggghfggfhfdecfhfkeldiehdfeehefdhgjikflkif
 kfifgfijkikghdjbgffcgjihjkkfjZdeedhffjelhhfkgljlgjhifbggedfffleienaheegifjfgbfhXSWachfffiffbfdhgcfhg
 khjciadedgenYlekeiahaZbeecdfkikejeidnejdhikdhhceYhejhjdiejejhncjegdidigjehfehZngjfkgkgjhkgjgigjdmgeh
 jiohkikgjhlfkfqglZcdiimglelijehelfngjdhhggefihgeihgZgheffbedcachfbffhgeiYfdhafhgeigdggefgdleqdngodne
 uhmhkbfeicljjfidleigkdkOfRkfmfiegdfcidkdibrfgfifgfhifggkbjgifkggekchkijihighfhfhfihhgkingqriggfieiek
 gmfkeighgcafhgghfhefhefhfghfhfghffgfhafgdWeeeehefbgefbhgjhjenihhnfihjfiflgkekfhflgmfmdjfmgibqfhineag
 hekemghjdmXoYgghemdjdgghdjclfkZpbpZhffgkfjejhqiokkhlijiihhcbRaXcbUXccfefggffhgegfgfgffchfkggdhekbigi
 fhTifecfeZeWYhejeidhigbighgffZeffifihfZgfdecaabefbfggfifgcidhaeegfhgifhgjhggjhjgkihhkZuekgkeugodmeoe
 lhmhlkqmnhmgjflikfnfkhiglXsemkpgijogkfigigihidgfhggehekgjekXhSbeiZidgaefhdjXpdjfjgmelfigkdjghgjgiglh
 ifkgjiikmhjijhkgnijgjfjhljiijhiikjjjiijhkijkijmkikimkllgmjmjkoklokhkfkingljlikiliuijhlilhjhkhlikhhfk
 iffhfjggdffhfjhifjhmfiilgmfjeqelflkgkjjjjkhnhifogifmhrelklhkhifiingkjjmlphkiifjjjegeiefbgekchhfehdjd
 helejjkfjllnhjkpglkmiohtdmhkhmjijgkfieiblcjejkikkfjnigibgegdhefhfjglhgfdhceeiijdiljgibihjdgccigfgfig
 cffgeidlgggchcegjdicgkefhehfjhghfjfgglehfdijfegjeeheienelgkfigjilfjVmekihfjhieigfgjhiiheidghdiflfjem
 ekhigggnflegffjdigekggfggeeghikhiflfigieigjehdjbmglciXdZibfhddecghgeegeifffgfegeeZhceghfigkdhggeifgi
 lhjfhgjhkjiilgmhjfjnkwgqhjjipdlejbjhkmiogfllfqljknijilnmjlhhilhhgkjgjhjfjhljjliljhfgghfkhgffifeifhfl
 ghglijinevllhiglhiimjgkhkjklikekhjnfgfigkriqhljdjahTefkdiilfkjkljtmgjcjagdehfTaebkfledddggafdcieedgf
 lememekacbgcjfmgqljrlplyuzpqjnhnkohpitecglemjnesgwdkfiecfbgPkehneibpeijejkjqeliekqllhlfjkejjkejsgjfc
 ghfkgoiij%mkhdfmgkjohnjmelkdjjitg#bkjdkciijfkhiolkkkirgifdekfifgbmffeZbmhiimiijkjfjjkchgkllbkpjgkjhj
 ffdlhgjnjqhofdkhmohziejmjlipjshiirilgqjohiiljqjofchqgiflishqflfgfSeegrflijejiniugifyhhkwgnfjfffmenfl
 lngoipfkjngflmi>fkesexipgkghemgmiohpgohoemiekjiugpisf2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2
 h2h2h2h2h2h2h2h2h2g3h2g
-383 276 fgcidhcjnkofke
-720 286 ^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h^h_h^h_h^h_h^g_h^g_h^gdhgi2h2h2h2h2h2h2h2h2
 h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2i2h2i
-720 286 lhngghdgcghk
-362 278 hdmkmegelflkkkhmtgmfhfefkegfafbgdigfcccebhefhfcgceddfdhdnglamipflgkfqeshgdidkdndkiklfoejnjm
 jjkhkekckmlflgnjisglipdjgogheiclgjfnjllkjtUgemflfngkgidkhjfhdbebfceagZiWheecfXYkinmqlnhkfeejamfoillh
 ekgceUddeehglokWhifVdeeheifjhgjighgVfegnhihcgehggihgeeehifiifighgdcikfihlgfieeikghdihibfecgfffgfgggd
 eddgeiekbhfjdgcgfggfihjfhdqhjgjelghdgejeiWgghhghfigghghfgeiejegeifhdgeedfefhghchffbhajakeieifmgigrjj
 ikijoojnhighfefhfhggcgighhgihgaeflglhlijhjhkgkfighghfgehdgghcifmchgjhignjjilhmejhkjiiiljjkhhikhmkjji
 hifhfehjfgfgeiejiijgjgkmjhiijjejhkfhfpijfkgkjhiqhegiflgkghdjhmfjehfjhkemgiikhlglgmdhgjhkYjgheeeigpgh
 dkksdjehflipfnindmdkglgigjafaaZeceeghgehZgZgfgcdbgdeggedhagffcgcdedgfiefbffcabcfdfffecfeifhdifhejhfm
 ehejfhfdcbfZgdiiegehffgdgdjgghdkgjiifdgeehdgfdhefgelekggdcffddfffjdjfchcegefhdiXmgjikfjhoillkbilljol
 fjpejgcfhjujkglhliintingnjlgmjll)gohncjhjZlXnfliiemW#blijfljkkjjkgjgfejiigljhjmhjmkgijhgjijjhklgiikg
 kiiglekgjiiekfhgfeghgjffgfhhjghghgidihgejgihidjhjghhghgejhihjgiihZpihihgigiggfhciejehdjdlbkafQnckbif
 jdjfkgjihhiiihjemXreigiikckgjfidlhidnhjfifhfiggicnbhgihiemdidjdhfjhkdffgkZmhkhjckdjfjjhiihjekficqfme
 jfihifhfieighgkdlemhicmhkejilhkgkiliohmeniinfjdiifoVnaiflijbjhkckhjbkgkclfkWidiZlWjbhVlcgieagZfhjilm
 igibffebekfdfZegfbfffdfeiWdagghunmhjjqlikjkcfgifgejgfgjdgehhjijeicgbkhjejijkkjjkhkgkjkhkigjfikiaggge
 ibhbigickvkkhhfphekcialcijkohmiijljtklgnjnhkfiioghgnhlh!fnizenflhkimjngnjoikfkihjkhodmkiemhiimhngrfm
 glimfcfogshkilfmjdijjphlglflhogthhkkhoggdkkkhjldkcihmmkmglfnddfpg
-457 292 fgqinfljlgkdjiellilglglavdhfahkffgTjVfQgfjbiehck!iaiShfjriahaiomrjlg
-418 294 debkjhmikg
-305 292 hgYidgbjijjhqhoe
-346 293 kelkrjodgepiljvdifoilfrfkfleafqeogmeogffaccjblcggftcjdgeSlrbhgWiZkcjiiWlhgVgeijkxigiijmlgjg
 ibjZjjidjdhejffahSiSjeiljbhglkllisief
-401 295 lhohjgdfnfgebfdhejXkhiphdjmj
574 293 Shljmhnghg
-373 291 dechflhjjiljpgpgbecg
-482 286 XffiXjppdjvingrhpeSdcehg
603 300 cgbhZjiizf
-374 300 efcicijjnikfjg
580 302 eeShbgZkjkmisgvf
-394 307 kfhffebhchikaghklhnjnghi
-433 305 jfkilhifffTgXgbhhipjPgbinlkitgoeohbllilhif
230 283 ShgjZihjlihjpldhrlgi%muioipijffgGdVdVZhepe
-379 308 mgphkggfofshoivhmfigegbgchNhQifmdiZidiijpg
-465 311 heefPfchnkqksi
-375 310 Xhgiphkhhg
-441 311 agbikiningfg
99 311 Ygaikieiqiifng
-439 314 chbhliog
-383 312 bgeifjgiphmggf
-400 313 igbhaiYilicihi!fkf
420 313 Lgomkhufgf
73 319 ueXffedhfddhYklibiZkelsijgnhiinhmg
102 322 pfbfVhVhhibhcjuingljrg
205 322 YgghcgdijiYhviignjnggg
400 316 YgWiajekchrkqipfqdge
-348 319 mfbgaeahYhdjhikjagdjejnklhfiqhmfvfkf
-274 332 !hpggfKeqhRdaeZhegVgnhegkfegaggfbgignhhgXfWiWgTihjoifkjhsfckahkjoijibjfjvgojKhaidjdigjzinjm
 glgkjujvgtiyg
-108 334 )eZf6hjgwitfoilgcfsi!jtgjfRefgUhqhZbhdmebhagpeiechndYhlfggWgmfhfZifgmgmfjeagZliedfxhLaRfdgb
 dZeTfdehffebeiedZchbkZhdkelamfjhlbkjkejllnjjjikWecihkjjsgXldheilkXqcihjWjEhVlsipiQiYihj.ljiWikjvknhf
 j%jthmgrj(eXjijujvhnivi:g
"""


@cache
def land() -> tuple[tuple[Point, ...], ...]:
    """Return the rings around the land, in longitude and latitude."""
    return tuple(map(_ring, _LAND.replace("\n ", "").split("\n")[1:-1]))


def _ring(line: str) -> tuple[Point, ...]:
    start_x, start_y, letters = line.split(" ")
    x, y = int(start_x), int(start_y)
    middle = len(_ALPHABET) // 2
    points = [(x / _STEPS, y / _STEPS)]
    for across, up in zip(letters[::2], letters[1::2], strict=True):
        x += _ALPHABET.index(across) - middle
        y += _ALPHABET.index(up) - middle
        points.append((x / _STEPS, y / _STEPS))
    return tuple(points)
