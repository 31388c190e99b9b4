"""Takes out of a text what tells who a person is: for the exchange and for analysis. Pure.

What stays is what analysis needs: the matter, the road, the estate. What goes: telephone and
card numbers, ids, plates, mail addresses, accounts, names behind the words that introduce them,
house numbers, and whatever the caller's own record says (name, number, address).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

PHONE, NUMBER, ID_CARD, PLATE = "〔电话〕", "〔号码〕", "〔证件〕", "〔车牌〕"
MAIL, ACCOUNT, NAME, HOUSE = "〔邮箱〕", "〔账号〕", "〔姓名〕", "〔门牌〕"
KNOWN = "〔隐去〕"

LONGEST = 2_000
"""Characters of a text in the feed; the rest is cut after it was scrubbed."""

LONGEST_READ = 20_000
"""Characters that are looked at: ten times what can go out."""

_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(94)}
_wide_alphanumerics = {
    wide: plain for wide, plain in _WIDE.items() if chr(plain).isalnum() or chr(plain) in "@+-"
}

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范"
    "彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜"
    "顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路"
    "娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包"
    "诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬"
    "全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶郜黎薄印宿白怀蒲台从鄂索咸籍赖卓蔺屠蒙"
    "池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕"
    "连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖"
    "融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖覃涂代兰仝佘佟闫"
)
_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|轩辕|端木|百里|南宫"
_PERSON = (
    rf"(?:(?:{_COMPOUND}|[{_SURNAMES}])[\u4e00-\u9fff](?:(?![区县市乡镇村路街])[\u4e00-\u9fff])?)"
)
_TITLES = "先生|女士|小姐|师傅|老师|同志|医生|大夫|经理|主任|大爷|大妈|阿姨|老人家|婆婆|奶奶|爷爷"
_INTRODUCES = (
    "我的名字叫|我名字叫|名字叫做|名字叫|名叫|我叫|叫做|姓名为|姓名是|姓名|联系人|当事人|投诉人|来电人|诉求人|"
    "申请人|经办人|负责人|房东|户主|户名|业主|居民|村民|市民|患者|学生|老板|本人|我是|自称"
)
_HAN_DIGIT = "〇零一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_HAN_NUMBER = "〇零一二三四五六七八九十百两"
_SEPARATED = r"\d(?:[ \t\-‐-―.·,，、]?\d)"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}", re.ASCII),
        MAIL,
    ),
    (
        re.compile(
            r"(?<!\d)[1-9]\d{5}[ \-]?(?:19|20)\d{2}[ \-]?(?:0[1-9]|1[0-2])\d{2}[ \-]?\d{3}[\dXx](?!\d)"
        ),
        ID_CARD,
    ),
    (
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]"
            r"\s?[A-Za-z][\s·.\-]?(?:[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])"
            r"(?![A-Za-z0-9])"
        ),
        PLATE,
    ),
    (
        re.compile(
            r"(?P<keep>(?:微信号?|QQ号?|扣扣|账号|帐号|支付宝)\s{0,4}(?:是|为|[:：])?\s{0,4})"
            r"[A-Za-z0-9][A-Za-z0-9_\-]{4,}",
            re.IGNORECASE,
        ),
        ACCOUNT,
    ),
    (re.compile(r"(?:\+|00)?86[ \-]?1[3-9]\d(?:[ \-]?\d){8}(?!\d)"), PHONE),
    (re.compile(r"(?<!\d)1[ \-]?[3-9](?:[ \-]?\d){9}(?!\d)"), PHONE),
    (
        re.compile(r"(?<!\d)[(（]?0(?:10|2\d|[3-9]\d\d)[)）]?[ \-]?[2-8](?:[ \-]?\d){6,7}(?!\d)"),
        PHONE,
    ),
    (re.compile(rf"[{_HAN_DIGIT}](?:[ \-、，]?[{_HAN_DIGIT}]){{6,}}"), NUMBER),
    (
        re.compile(
            rf"(?P<keep>(?:{_INTRODUCES})\s{{0,4}}(?:叫做|叫|是|为|[:：])?\s{{0,4}}){_PERSON}"
            rf"(?=$|[^\u4e00-\u9fff]|(?:{_TITLES}|的|在|住|家|说|反映|来电|投诉|电话|手机|身份))"
        ),
        NAME,
    ),
    (re.compile(rf"(?P<keep>我叫|名叫|名字叫|姓名[:：是为]\s{{0,4}}){_PERSON}"), NAME),
    (
        re.compile(rf"(?P<keep>(?:我|他|她|本人|免贵)姓\s{{0,4}})(?:{_COMPOUND}|[\u4e00-\u9fff])"),
        NAME,
    ),
    (
        re.compile(
            rf"(?:{_COMPOUND}|[{_SURNAMES}])(?:某{{1,2}}|[\u4e00-\u9fff]{{0,2}}?)(?P<after>{_TITLES})"
        ),
        NAME,
    ),
    (re.compile(rf"[{_SURNAMES}]某(?:某|[\u4e00-\u9fff](?=[^\u4e00-\u9fff]|$))?"), NAME),
    (
        re.compile(
            rf"(?:(?:(?<!月)(?:[A-Za-z]?\d{{1,5}}|[{_HAN_NUMBER}]{{1,5}}|[A-Za-z])"
            r"(?:[\-—–~至]\d{1,5}){0,4}\s{0,4}"
            r"(?:号楼|号院|号房|号(?!线|汽油|文|令|公告)|栋|幢|单元|楼(?!上|下|道|梯|盘)|室|弄)"
            r"|[A-Za-z]座)[\s\-—,，]{0,4}){1,8}(?:附?\d{1,5}(?:[\-—]\d{1,5}){0,4}(?:号|室|房)?)?"
        ),
        HOUSE,
    ),
    (re.compile(r"(?<![\d〕])\d{1,3}(?:[\-—]\d{1,4}){2,3}(?!\d)"), HOUSE),
)

_private_use = re.compile(r"[\ue000-\uf8ff]")
_keep = re.compile(r"(?<!\d)(?:\d{4}[\-/.年]\d{1,2}[\-/.月]\d{1,2}日?|12345-\d{8}-\d{5})(?!\d)")
_long_number = re.compile(rf"(?<!\d){_SEPARATED}{{6,}}")


def deidentify(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` without what identifies a person.

    `known` are words of the caller's record (name, number, address) taken out wherever they
    stand. A run of seven or more digits never survives, whatever it is, except a written date.
    """
    clean = _private_use.sub("", text[:LONGEST_READ]).translate(_wide_alphanumerics)
    for own in sorted({w.strip() for w in known}, key=len, reverse=True):
        if len(own) > 1:
            clean = clean.replace(own.translate(_wide_alphanumerics), KNOWN)
    kept: list[str] = []
    clean = _keep.sub(partial(_put_aside, kept), clean)
    for pattern, word in _RULES:
        clean = pattern.sub(partial(_replaced, word), clean)
    clean = _long_number.sub(NUMBER, clean)
    for position, word in enumerate(kept):
        clean = clean.replace(_mark(position), word)
    return clean[:LONGEST].strip()


def without_reach(text: str) -> str:
    """Return `text` without telephone numbers, id cards and mail addresses; all else stays."""
    clean = text.translate(_wide_alphanumerics)
    for pattern, word in _RULES:
        if word in {MAIL, ID_CARD, PHONE}:
            clean = pattern.sub(partial(_replaced, word), clean)
    return clean


def _replaced(word: str, found: re.Match[str]) -> str:
    groups = found.groupdict()
    return (groups.get("keep") or "") + word + (groups.get("after") or "")


def _put_aside(kept: list[str], found: re.Match[str]) -> str:
    kept.append(found[0])
    return _mark(len(kept) - 1)


def _mark(position: int) -> str:
    """One private character for each word put aside; texts were cleared of them before."""
    return chr(0xE000 + position % 6_400)
