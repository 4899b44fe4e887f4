"""How people write units, in Chinese and in English, and pint's names for them."""

from __future__ import annotations

_TABLE = """
meter = 米, 公尺
kilometer = 千米, 公里
centimeter = 厘米, 公分
millimeter = 毫米
micrometer = 微米
nanometer = 纳米, nm
decimeter = 分米
mile = 英里
foot = 英尺, '
inch = 英寸, "
yard = 码
nautical_mile = 海里
light_year = 光年
li = 里
zhang = 丈
chi = 尺
cun = 寸
gram = 克
kilogram = 千克, 公斤
milligram = 毫克
microgram = 微克
metric_ton = 吨, ton, tons, metric tons
jin = 斤
liang = 两
qian = 钱
pound = 磅
ounce = 盎司
carat = 克拉
liter = 升, 公升
milliliter = 毫升
gallon = 加仑
pint = 品脱
quart = 夸脱
square_meter = 平方米, 平米, sqm, sq m, square meters, m2
square_kilometer = 平方千米, 平方公里, square kilometers, km2
square_centimeter = 平方厘米
square_foot = 平方英尺, sqft, sq ft, square feet
square_mile = 平方英里, square miles
hectare = 公顷
acre = 英亩
mu_area = 亩, mu
cubic_meter = 立方米, cubic meters, m3
cubic_centimeter = 立方厘米, cc
cubic_foot = 立方英尺, cubic feet
second = 秒
millisecond = 毫秒
minute = 分, 分钟
hour = 小时, 时
day = 天, 日
week = 周, 星期
month = 月
year = 年
degC = 摄氏度, 摄氏, 度, °c, ℃, deg c, degrees celsius, degree celsius
degF = 华氏度, 华氏, °f, ℉, deg f, degrees fahrenheit, degree fahrenheit
kelvin = 开尔文, 开
newton = 牛, 牛顿
pascal = 帕, 帕斯卡
kilopascal = 千帕
megapascal = 兆帕
atm = 大气压, 标准大气压
mmHg = 毫米汞柱
joule = 焦, 焦耳
kilojoule = 千焦
calorie = 卡, 卡路里
kilocalorie = 千卡, 大卡
kilowatt_hour = 度电, 千瓦时
watt = 瓦, 瓦特
kilowatt = 千瓦
metric_horsepower = 马力
byte = 字节
bit = 比特
kilobyte = 千字节, kb
megabyte = 兆字节, 兆, mb
knot = 节
radian = 弧度
degree = 角度, degrees
hertz = 赫兹
kilometer_per_hour = kmh, kmph
fluid_ounce = fl oz
ton = short ton
hp = horsepower
mph = miles per hour
kph = kilometers per hour, kilometres per hour
meter_per_second = meters per second
gigabyte = gb
terabyte = tb
kilobit = Kb
megabit = Mb
gigabit = Gb
"""


def _read(table: str) -> dict[str, str]:
    rows = (row.split(" = ") for row in table.strip().splitlines())
    return {spelling: name for name, spellings in rows for spelling in spellings.split(", ")}


UNIT_NAMES = _read(_TABLE)
"""Pint's name by spelling: in lower case, but where the case makes the unit."""
