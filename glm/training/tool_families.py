"""Families of tools: one pattern of request and answer over many kinds of things.

They cost little to write and give many descriptions that differ in one word, so that
a model has to read it.
"""

from __future__ import annotations

_RECORDS = """order|订单;invoice|发票;claim|理赔;booking|预订;subscription|订阅;contract|合同;library loan|借书;build|构建;refund|退款;
delivery|配送;membership|会员;warranty|保修;vehicle|车辆;container|集装箱;application|申请;payment|付款"""
_STATUS = """
# {key}
{key}_status,get_{key}_status,check_{key} | Status of a {en};Find out how a {en} is doing | 查询{zh}状态
- {key}_id,id,{key}_number : code : Number of the {en} : {zh}编号
E What is the status of {en} {{1}}?;~check the {en} {{1}};~look up {en} {{1}};How is {en} {{1}} doing?
Z {zh}{{1}}是什么状态？;~查{zh}{{1}}的状态;~看看{zh}{{1}}的进度;{zh}{{1}}怎么样了？
O status=enum(open=进行中,approved=已批准,closed=已结束,pending=待处理)
A {En} {{1}} is {{status}}.;The status of {en} {{1}} is {{status}}.
B {zh}{{1}}{{status}}。
cancel_{key},stop_{key},{key}_cancel | Cancel a {en};Stop a {en} | 取消{zh}
- {key}_id,number,reference : code : Number of the {en} : {zh}编号
-? reason,why,comment : enum(too_late=太晚,too_expensive=太贵,mistake=弄错) : Reason : 原因
E ~cancel {en} {{1}};~cancel the {en} {{1}}, reason: {{2}};~stop my {en} {{1}};~call off {en} {{1}}
Z ~取消{zh}{{1}};~取消{zh}{{1}}，原因{{2}};~把{zh}{{1}}撤销;~终止{zh}{{1}}
A {En} {{1}} is cancelled.
B {zh}{{1}}已取消。
"""
_MEASURES = """humidity|湿度|city|%;pollen count|花粉浓度|city|;water level|水位|name|cm;noise level|噪音|city|dB;electricity price|电价|country|;
petrol price|油价|country|;minimum wage|最低工资|country|;literacy rate|识字率|country|%;boiling point|沸点|name|°C;
density|密度|name|;download count|下载量|name|;follower count|粉丝数|person|;box office|票房|title|;page count|页数|title|;
stock level|库存|product|;battery level|电量|product|%;wind speed|风速|city|km/h;rent level|租金水平|city|"""
_MEASURE = """
# {key}
get_{key},{key}_of,lookup_{key} | Get the {en};Look up the {en} of something | 查询{zh}
- {parameter},subject,of : {kind} : Whose {en} : 查询对象
E What is the {en} of {{1}}?;~look up the {en} of {{1}};~get me the {en} of {{1}};~find out the {en} of {{1}}
Z {{1}}的{zh}是多少？;~查{{1}}的{zh};~告诉我{{1}}的{zh};{{1}}的{zh}有多少？
O {key}=num(1,9000,1)
A The {en} of {{1}} is {{{key}}}{unit}.
B {{1}}的{zh}是{{{key}}}{unit}。
"""
_LISTS = (
    """median|中位数;maximum|最大值;minimum|最小值;standard deviation|标准差;variance|方差;product|乘积;range|极差"""
)
_LIST = """
# math
{key}_of_numbers,calc_{key},list_{key} | Get the {en} of a list of numbers;Compute the {en} | 求一组数的{zh}
- numbers,values,data : nums : Numbers : 数字列表
E What is the {en} of {{1}}?;~find the {en} of {{1}};~calculate the {en} of {{1}};~compute the {en} for {{1}}
Z {{1}}的{zh}是多少？;~求{{1}}的{zh};~计算{{1}}的{zh};~算出{{1}}的{zh}
O {key}=num(1,900,2)
A The {en} is {{{key}}}.
B {zh}是{{{key}}}。
"""
_DEVICES = """coffee machine|咖啡机;washing machine|洗衣机;dishwasher|洗碗机;fan|风扇;air conditioner|空调;heater|取暖器;oven|烤箱;
humidifier|加湿器;television|电视;garden pump|花园水泵"""
_DEVICE = """
# {key}
control_{key},{key}_power,switch_{key} | Turn the {en} on or off;Switch the {en} | 开关{zh}
- power,state,turn : enum(on=打开,off=关闭) : On or off : 开或关
-? minutes,after,delay : int(1,90) : Wait this many minutes : 延迟分钟数
E ~turn {{1}} the {en};~turn the {en} {{1}} in {{2}} minutes;~switch the {en} {{1}};~set the {en} to {{1}}
Z ~{{1}}{zh};~{{2}}分钟后{{1}}{zh};~把{zh}{{1}};~将{zh}{{1}}
A The {en} is set to {{1}}.
B 已{{1}}{zh}。
"""


def _rows(table: str) -> list[list[str]]:
    return [row.strip().split("|") for row in table.replace("\n", "").split(";")]


def _key(english: str) -> str:
    return english.replace(" ", "_")


def family_catalogue() -> str:
    """All families, in the notation of `tool_intents`."""
    parts = []
    for pattern, table in ((_STATUS, _RECORDS), (_LIST, _LISTS), (_DEVICE, _DEVICES)):
        parts += [pattern.format(key=_key(en), en=en, En=en.capitalize(), zh=zh) for en, zh in _rows(table)]
    names = {"city": "city,place", "name": "name,item", "country": "country,nation", "person": "person,user", "title": "title,work",
             "product": "product,article"}  # fmt: skip
    for en, zh, kind, unit in _rows(_MEASURES):
        joint = f" {unit}" if unit else ""
        parts.append(_MEASURE.format(key=_key(en), en=en, zh=zh, kind=kind, parameter=names[kind], unit=joint))
    return "\n".join(parts)
