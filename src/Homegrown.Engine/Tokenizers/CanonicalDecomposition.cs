namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Canonical decomposition (Unicode 14, UnicodeData.txt field 5; Hangul by The Unicode Standard 3.12), because the runtime has no
/// normalization where globalization is invariant. Later versions add a few characters of historic scripts.
/// </summary>
static class CanonicalDecomposition
{
    /// <summary>What stands for a character and keeps its meaning: another one, or two.</summary>
    /// <param name="second">0 where there is only one.</param>
    /// <returns>False where the character does not decompose. The first may decompose further, the second never does.</returns>
    public static bool TryGet(int point, out int first, out int second)
    {
        const int syllables = 0xAC00, leading = 0x1100, vowels = 0x1161, trailing = 0x11A7, vowelCount = 21, trailingCount = 28;
        if (point is >= syllables and <= 0xD7A3)
        {
            var index = point - syllables;
            var (pair, tail) = Math.DivRem(index, trailingCount);
            (first, second) = tail != 0
                ? (point - tail, trailing + tail)
                : (leading + (pair / vowelCount), vowels + (pair % vowelCount));
            return true;
        }
        var known = Table.TryGetValue(point, out var parts);
        (first, second) = parts;
        return known;
    }

    static Dictionary<int, (int, int)> Build()
    {
        var table = new Dictionary<int, (int, int)>();
        foreach (var (mark, pairs) in WithMark)
        {
            int[] points = [.. pairs.EnumerateRunes().Select(rune => rune.Value)];
            for (var i = 0; i < points.Length; i += 2) table.Add(points[i], (points[i + 1], mark));
        }
        foreach (var (start, targets) in Alone)
        {
            var point = start;
            foreach (var target in targets.EnumerateRunes()) table.Add(point++, (target.Value, 0));
        }
        return table;
    }

    /// <summary>The second character, and pairs: what decomposes, its first character.</summary>
    static readonly (int Mark, string Pairs)[] WithMark =
    [
        (0x0300, "ÀAÈEÌIÒOÙUàaèeìiòoùuǛÜǜüǸNǹnЀЕЍИѐеѝиḔĒḕēṐŌṑōẀWẁwẦÂầâẰĂằăỀÊềêỒÔồôỜƠờơỪƯừưỲYỳyἂἀἃἁἊἈἋἉἒἐἓἑἚἘἛἙἢἠἣἡἪἨἫἩἲἰἳἱἺἸἻἹὂὀὃὁ"),
        (0x0300, "ὊὈὋὉὒὐὓὑὛὙὢὠὣὡὪὨὫὩὰαὲεὴηὶιὸοὺυὼωᾺΑῈΕῊΗ῍᾿ῒϊῚΙ῝῾ῢϋῪΥ῭¨ῸΟῺΩ"),
        (0x0301, "ÁAÉEÍIÓOÚUÝYáaéeíióoúuýyĆCćcĹLĺlŃNńnŔRŕrŚSśsŹZźzǗÜǘüǴGǵgǺÅǻåǼÆǽæǾØǿø\u0344\u0308΅¨ΆΑΈΕΉΗΊΙΌΟΎΥΏΩΐϊάαέεήηίιΰϋόούυ"),
        (0x0301, "ώωϓϒЃГЌКѓгќкḈÇḉçḖĒḗēḮÏḯïḰKḱkḾMḿmṌÕṍõṒŌṓōṔPṕpṸŨṹũẂWẃwẤÂấâẮĂắăẾÊếêỐÔốôỚƠớơỨƯứưἄἀἅἁἌἈἍἉἔἐἕἑἜἘἝἙἤἠἥἡἬἨἭἩἴἰἵἱἼἸἽἹὄὀὅὁ"),
        (0x0301, "ὌὈὍὉὔὐὕὑὝὙὤὠὥὡὬὨὭὩ῎᾿῞῾"),
        (0x0302, "ÂAÊEÎIÔOÛUâaêeîiôoûuĈCĉcĜGĝgĤHĥhĴJĵjŜSŝsŴWŵwŶYŷyẐZẑzẬẠậạỆẸệẹỘỌộọ"),
        (0x0303, "ÃAÑNÕOãañnõoĨIĩiŨUũuṼVṽvẪÂẫâẴĂẵăẼEẽeỄÊễêỖÔỗôỠƠỡơỮƯữưỸYỹy"),
        (0x0304, "ĀAāaĒEēeĪIīiŌOōoŪUūuǕÜǖüǞÄǟäǠȦǡȧǢÆǣæǬǪǭǫȪÖȫöȬÕȭõȰȮȱȯȲYȳyӢИӣиӮУӯуḠGḡgḸḶḹḷṜṚṝṛᾱαᾹΑῑιῙΙῡυῩΥ"),
        (0x0306, "ĂAăaĔEĕeĞGğgĬIĭiŎOŏoŬUŭuЎУЙИйиўуӁЖӂжӐАӑаӖЕӗеḜȨḝȩẶẠặạᾰαᾸΑῐιῘΙῠυῨΥ"),
        (0x0307, "ĊCċcĖEėeĠGġgİIŻZżzȦAȧaȮOȯoḂBḃbḊDḋdḞFḟfḢHḣhṀMṁmṄNṅnṖPṗpṘRṙrṠSṡsṤŚṥśṦŠṧšṨṢṩṣṪTṫtẆWẇwẊXẋxẎYẏyẛſ"),
        (0x0308, "ÄAËEÏIÖOÜUäaëeïiöoüuÿyŸYΪΙΫΥϊιϋυϔϒЁЕЇІёеїіӒАӓаӚӘӛәӜЖӝжӞЗӟзӤИӥиӦОӧоӪӨӫөӬЭӭэӰУӱуӴЧӵчӸЫӹыḦHḧhṎÕṏõṺŪṻūẄWẅwẌXẍxẗt"),
        (0x0309, "ẢAảaẨÂẩâẲĂẳăẺEẻeỂÊểêỈIỉiỎOỏoỔÔổôỞƠởơỦUủuỬƯửưỶYỷy"),
        (0x030A, "ÅAåaŮUůuẘwẙy"),
        (0x030B, "ŐOőoŰUűuӲУӳу"),
        (0x030C, "ČCčcĎDďdĚEěeĽLľlŇNňnŘRřrŠSšsŤTťtŽZžzǍAǎaǏIǐiǑOǒoǓUǔuǙÜǚüǦGǧgǨKǩkǮƷǯʒǰjȞHȟh"),
        (0x030F, "ȀAȁaȄEȅeȈIȉiȌOȍoȐRȑrȔUȕuѶѴѷѵ"),
        (0x0311, "ȂAȃaȆEȇeȊIȋiȎOȏoȒRȓrȖUȗu"),
        (0x0313, "ἀαἈΑἐεἘΕἠηἨΗἰιἸΙὀοὈΟὐυὠωὨΩῤρ"),
        (0x0314, "ἁαἉΑἑεἙΕἡηἩΗἱιἹΙὁοὉΟὑυὙΥὡωὩΩῥρῬΡ"),
        (0x031B, "ƠOơoƯUưu"),
        (0x0323, "ḄBḅbḌDḍdḤHḥhḲKḳkḶLḷlṂMṃmṆNṇnṚRṛrṢSṣsṬTṭtṾVṿvẈWẉwẒZẓzẠAạaẸEẹeỊIịiỌOọoỢƠợơỤUụuỰƯựưỴYỵy"),
        (0x0324, "ṲUṳu"),
        (0x0325, "ḀAḁa"),
        (0x0326, "ȘSșsȚTțt"),
        (0x0327, "ÇCçcĢGģgĶKķkĻLļlŅNņnŖRŗrŞSşsŢTţtȨEȩeḐDḑdḨHḩh"),
        (0x0328, "ĄAąaĘEęeĮIįiŲUųuǪOǫo"),
        (0x032D, "ḒDḓdḘEḙeḼLḽlṊNṋnṰTṱtṶUṷu"),
        (0x032E, "ḪHḫh"),
        (0x0330, "ḚEḛeḬIḭiṴUṵu"),
        (0x0331, "ḆBḇbḎDḏdḴKḵkḺLḻlṈNṉnṞRṟrṮTṯtẔZẕzẖh"),
        (0x0338, "↚←↛→↮↔⇍⇐⇎⇔⇏⇒∄∃∉∈∌∋∤∣∦∥≁∼≄≃≇≅≉≈≠=≢≡≭≍≮<≯>≰≤≱≥≴≲≵≳≸≶≹≷⊀≺⊁≻⊄⊂⊅⊃⊈⊆⊉⊇⊬⊢⊭⊨⊮⊩⊯⊫⋠≼⋡≽⋢⊑⋣⊒⋪⊲⋫⊳⋬⊴⋭⊵⫝̸⫝"),
        (0x0342, "ἆἀἇἁἎἈἏἉἦἠἧἡἮἨἯἩἶἰἷἱἾἸἿἹὖὐὗὑὟὙὦὠὧὡὮὨὯὩᾶα῁¨ῆη῏᾿ῖιῗϊ῟῾ῦυῧϋῶω"),
        (0x0345, "ᾀἀᾁἁᾂἂᾃἃᾄἄᾅἅᾆἆᾇἇᾈἈᾉἉᾊἊᾋἋᾌἌᾍἍᾎἎᾏἏᾐἠᾑἡᾒἢᾓἣᾔἤᾕἥᾖἦᾗἧᾘἨᾙἩᾚἪᾛἫᾜἬᾝἭᾞἮᾟἯᾠὠᾡὡᾢὢᾣὣᾤὤᾥὥᾦὦᾧὧᾨὨᾩὩᾪὪᾫὫᾬὬᾭὭᾮὮᾯὯᾲὰᾳαᾴάᾷᾶᾼΑῂὴῃηῄή"),
        (0x0345, "ῇῆῌΗῲὼῳωῴώῷῶῼΩ"),
        (0x05B4, "יִי"),
        (0x05B7, "ײַײאַא"),
        (0x05B8, "אָא"),
        (0x05B9, "וֹו"),
        (0x05BC, "אּאבּבגּגדּדהּהוּוזּזטּטיּיךּךכּכלּלמּמנּנסּסףּףפּפצּצקּקרּרשּשתּת"),
        (0x05BF, "בֿבכֿכפֿפ"),
        (0x05C1, "שׁששּׁשּ"),
        (0x05C2, "שׂששּׂשּ"),
        (0x0653, "آا"),
        (0x0654, "أاؤوئيۀەۂہۓے"),
        (0x0655, "إا"),
        (0x093C, "ऩनऱरऴळक़कख़खग़गज़जड़डढ़ढफ़फय़य"),
        (0x09BC, "ড়ডঢ়ঢয়য"),
        (0x09BE, "\u09CB\u09C7"),
        (0x09D7, "\u09CC\u09C7"),
        (0x0A3C, "ਲ਼ਲਸ਼ਸਖ਼ਖਗ਼ਗਜ਼ਜਫ਼ਫ"),
        (0x0B3C, "ଡ଼ଡଢ଼ଢ"),
        (0x0B3E, "\u0B4B\u0B47"),
        (0x0B56, "\u0B48\u0B47"),
        (0x0B57, "\u0B4C\u0B47"),
        (0x0BBE, "\u0BCA\u0BC6\u0BCB\u0BC7"),
        (0x0BD7, "ஔஒ\u0BCC\u0BC6"),
        (0x0C56, "\u0C48\u0C46"),
        (0x0CC2, "\u0CCA\u0CC6"),
        (0x0CD5, "\u0CC0\u0CBF\u0CC7\u0CC6\u0CCB\u0CCA"),
        (0x0CD6, "\u0CC8\u0CC6"),
        (0x0D3E, "\u0D4A\u0D46\u0D4B\u0D47"),
        (0x0D57, "\u0D4C\u0D46"),
        (0x0DCA, "\u0DDA\u0DD9\u0DDD\u0DDC"),
        (0x0DCF, "\u0DDC\u0DD9"),
        (0x0DDF, "\u0DDE\u0DD9"),
        (0x0F72, "\u0F73\u0F71"),
        (0x0F74, "\u0F75\u0F71"),
        (0x0F80, "\u0F76\u0FB2\u0F78\u0FB3\u0F81\u0F71"),
        (0x0FB5, "ཀྵཀ\u0FB9\u0F90"),
        (0x0FB7, "གྷགཌྷཌདྷདབྷབཛྷཛ\u0F93\u0F92\u0F9D\u0F9C\u0FA2\u0FA1\u0FA7\u0FA6\u0FAC\u0FAB"),
        (0x102E, "ဦဥ"),
        (0x1B35, "ᬆᬅᬈᬇᬊᬉᬌᬋᬎᬍᬒᬑ\u1B3B\u1B3A\u1B3D\u1B3C\u1B40\u1B3E\u1B41\u1B3F\u1B43\u1B42"),
        (0x3099, "がかぎきぐくげけごこざさじしずすぜせぞそだたぢちづつでてどとばはびひぶふべへぼほゔうゞゝガカギキグクゲケゴコザサジシズスゼセゾソダタヂチヅツデテドトバハビヒブフベヘボホヴウヷワヸヰヹヱヺヲヾヽ"),
        (0x309A, "ぱはぴひぷふぺへぽほパハピヒプフペヘポホ"),
        (0x110BA, "𑂚𑂙𑂜𑂛𑂫𑂥"),
        (0x11127, "\U0001112E\U00011131\U0001112F\U00011132"),
        (0x1133E, "\U0001134B\U00011347"),
        (0x11357, "\U0001134C\U00011347"),
        (0x114B0, "\U000114BC\U000114B9"),
        (0x114BA, "\U000114BB\U000114B9"),
        (0x114BD, "\U000114BE\U000114B9"),
        (0x115AF, "\U000115BA\U000115B8\U000115BB\U000115B9"),
        (0x11930, "\U00011938\U00011935"),
        (0x1D165, "𝅗𝅥𝅗𝅘𝅥𝅘𝆹𝅥𝆹𝆺𝅥𝆺"),
        (0x1D16E, "𝅘𝅥𝅮𝅘𝅥𝆹𝅥𝅮𝆹𝅥𝆺𝅥𝅮𝆺𝅥"),
        (0x1D16F, "𝅘𝅥𝅯𝅘𝅥𝆹𝅥𝅯𝆹𝅥𝆺𝅥𝅯𝆺𝅥"),
        (0x1D170, "𝅘𝅥𝅰𝅘𝅥"),
        (0x1D171, "𝅘𝅥𝅱𝅘𝅥"),
        (0x1D172, "𝅘𝅥𝅲𝅘𝅥"),
    ];

    /// <summary>Characters that stand for one other: where a row begins, and what its characters stand for.</summary>
    static readonly (int Start, string Targets)[] Alone =
    [
        (0x0340, "\u0300\u0301"),
        (0x0343, "\u0313"),
        (0x0374, "ʹ"),
        (0x037E, ";"),
        (0x0387, "·"),
        (0x1F71, "ά"),
        (0x1F73, "έ"),
        (0x1F75, "ή"),
        (0x1F77, "ί"),
        (0x1F79, "ό"),
        (0x1F7B, "ύ"),
        (0x1F7D, "ώ"),
        (0x1FBB, "Ά"),
        (0x1FBE, "ι"),
        (0x1FC9, "Έ"),
        (0x1FCB, "Ή"),
        (0x1FD3, "ΐ"),
        (0x1FDB, "Ί"),
        (0x1FE3, "ΰ"),
        (0x1FEB, "Ύ"),
        (0x1FEE, "΅`"),
        (0x1FF9, "Ό"),
        (0x1FFB, "Ώ"),
        (0x1FFD, "´"),
        (0x2000, "\u2002\u2003"),
        (0x2126, "Ω"),
        (0x212A, "KÅ"),
        (0x2329, "〈〉"),
        (0xF900, "豈更車賈滑串句龜龜契金喇奈懶癩羅蘿螺裸邏樂洛烙珞落酪駱亂卵欄爛蘭鸞嵐濫藍襤拉臘蠟廊朗浪狼郎來冷勞擄櫓爐盧老蘆虜路"),
        (0xF938, "露魯鷺碌祿綠菉錄鹿論壟弄籠聾牢磊賂雷壘屢樓淚漏累縷陋勒肋凜凌稜綾菱陵讀拏樂諾丹寧怒率異北磻便復不泌數索參塞省葉說"),
        (0xF970, "殺辰沈拾若掠略亮兩凉梁糧良諒量勵呂女廬旅濾礪閭驪麗黎力曆歷轢年憐戀撚漣煉璉秊練聯輦蓮連鍊列劣咽烈裂說廉念捻殮簾獵"),
        (0xF9A8, "令囹寧嶺怜玲瑩羚聆鈴零靈領例禮醴隸惡了僚寮尿料樂燎療蓼遼龍暈阮劉杻柳流溜琉留硫紐類六戮陸倫崙淪輪律慄栗率隆利吏履"),
        (0xF9E0, "易李梨泥理痢罹裏裡里離匿溺吝燐璘藺隣鱗麟林淋臨立笠粒狀炙識什茶刺切度拓糖宅洞暴輻行降見廓兀嗀"),
        (0xFA10, "塚"),
        (0xFA12, "晴"),
        (0xFA15, "凞猪益礼神祥福靖精羽"),
        (0xFA20, "蘒"),
        (0xFA22, "諸"),
        (0xFA25, "逸都"),
        (0xFA2A, "飯飼館鶴郞隷侮僧免勉勤卑喝嘆器塀墨層屮悔慨憎懲敏既暑梅海渚漢煮爫琢碑社祉祈祐祖祝禍禎穀突節練縉繁署者臭艹艹著褐視"),
        (0xFA62, "謁謹賓贈辶逸難響頻恵𤋮舘"),
        (0xFA70, "並况全侀充冀勇勺喝啕喙嗢塚墳奄奔婢嬨廒廙彩徭惘慎愈憎慠懲戴揄搜摒敖晴朗望杖歹殺流滛滋漢瀞煮瞧爵犯猪瑱甆画瘝瘟益盛"),
        (0xFAA8, "直睊着磌窱節类絛練缾者荒華蝹襁覆視調諸請謁諾諭謹變贈輸遲醙鉶陼難靖韛響頋頻鬒龜𢡊𢡄𣏕㮝䀘䀹𥉉𥳐𧻓齃龎"),
        (0x2F800, "丽丸乁𠄢你侮侻倂偺備僧像㒞𠘺免兔兤具𠔜㒹內再𠕋冗冤仌冬况𩇟凵刃㓟刻剆割剷㔕勇勉勤勺包匆北卉卑博即卽卿卿卿𠨬灰及叟"),
        (0x2F838, "𠭣叫叱吆咞吸呈周咢哶唐啓啣善善喙喫喳嗂圖嘆圗噑噴切壮城埴堍型堲報墬𡓤売壷夆多夢奢𡚨𡛪姬娛娧姘婦㛮㛼嬈嬾嬾𡧈寃寘寧"),
        (0x2F870, "寳𡬘寿将当尢㞁屠屮峀岍𡷤嵃𡷦嵮嵫嵼巡巢㠯巽帨帽幩㡢𢆃㡼庰庳庶廊𪎒廾𢌱𢌱舁弢弢㣇𣊸𦇚形彫㣣徚忍志忹悁㤺㤜悔𢛔惇慈慌"),
        (0x2F8A8, "慎慌慺憎憲憤憯懞懲懶成戛扝抱拔捐𢬌挽拼捨掃揤𢯱搢揅掩㨮摩摾撝摷㩬敏敬𣀊旣書晉㬙暑㬈㫤冒冕最暜肭䏙朗望朡杞杓𣏃㭉柺"),
        (0x2F8E0, "枅桒梅𣑭梎栟椔㮝楂榣槪檨𣚣櫛㰘次𣢧歔㱎歲殟殺殻𣪍𡴋𣫺汎𣲼沿泍汧洖派海流浩浸涅𣴞洴港湮㴳滋滇𣻑淹潮𣽞𣾎濆瀹瀞瀛㶖灊"),
        (0x2F918, "災灷炭𠔥煅𤉣熜𤎫爨爵牐𤘈犀犕𤜵𤠔獺王㺬玥㺸㺸瑇瑜瑱璅瓊㼛甤𤰶甾𤲒異𢆟瘐𤾡𤾸𥁄㿼䀈直𥃳𥃲𥄙𥄳眞真真睊䀹瞋䁆䂖𥐝硎碌"),
        (0x2F950, "磌䃣𥘦祖𥚚𥛅福秫䄯穀穊穏𥥼𥪧𥪧竮䈂𥮫篆築䈧𥲀糒䊠糨糣紀𥾆絣䌁緇縂繅䌴𦈨𦉇䍙𦋙罺𦌾羕翺者𦓚𦔣聠𦖨聰𣍟䏕育脃䐋脾媵𦞧"),
        (0x2F988, "𦞵𣎓𣎜舁舄辞䑫芑芋芝劳花芳芽苦𦬼若茝荣莭茣莽菧著荓菊菌菜𦰶𦵫𦳕䔫蓱蓳蔖𧏊蕤𦼬䕝䕡𦾱𧃒䕫虐虜虧虩蚩蚈蜎蛢蝹蜨蝫螆䗗"),
        (0x2F9C0, "蟡蠁䗹衠衣𧙧裗裞䘵裺㒻𧢮𧥦䚾䛇誠諭變豕𧲨貫賁贛起𧼯𠠄跋趼跰𠣞軔輸𨗒𨗭邔郱鄑𨜮鄛鈸鋗鋘鉼鏹鐕𨯺開䦕閷𨵷䧦雃嶲霣𩅅𩈚"),
        (0x2F9F8, "䩮䩶韠𩐊䪲𩒖頋頋頩𩖶飢䬳餩馧駂駾䯎𩬰鬒鱀鳽䳎䳭鵧𪃎䳸𪄅𪈎𪊑麻䵖黹黾鼅鼏鼖鼻𪘀"),
    ];

    // After the rows, of which it is made.
    static readonly Dictionary<int, (int First, int Second)> Table = Build();
}
