"""Current weather by Open-Meteo's free service: the one built-in tool that needs the network.

It speaks to two fixed hosts, follows no redirects, reads little and gives up soon.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

import httpx2

from glm.tool_functions import tool_from
from glm.tools import Tool

PLACES = "https://geocoding-api.open-meteo.com"
FORECASTS = "https://api.open-meteo.com"

MAX_CITY_CHARS = 80
MAX_ANSWER_BYTES = 100_000
_TIMEOUT = httpx2.Timeout(8.0, connect=4.0)

_SKIES = {
    0: ("clear sky", "晴"), 1: ("mainly clear", "晴间多云"), 2: ("partly cloudy", "多云"), 3: ("overcast", "阴"),
    45: ("fog", "雾"), 48: ("freezing fog", "雾凇"), 51: ("light drizzle", "小毛毛雨"), 53: ("drizzle", "毛毛雨"),
    55: ("dense drizzle", "大毛毛雨"), 56: ("freezing drizzle", "冻毛毛雨"), 57: ("freezing drizzle", "冻毛毛雨"),
    61: ("light rain", "小雨"), 63: ("rain", "中雨"), 65: ("heavy rain", "大雨"), 66: ("freezing rain", "冻雨"),
    67: ("heavy freezing rain", "大冻雨"), 71: ("light snow", "小雪"), 73: ("snow", "中雪"), 75: ("heavy snow", "大雪"),
    77: ("snow grains", "米雪"), 80: ("light showers", "小阵雨"), 81: ("showers", "阵雨"),
    82: ("violent showers", "强阵雨"), 85: ("snow showers", "阵雪"), 86: ("heavy snow showers", "强阵雪"),
    95: ("thunderstorm", "雷暴"), 96: ("thunderstorm with hail", "雷暴伴冰雹"),
    99: ("thunderstorm with hail", "雷暴伴冰雹"),
}  # fmt: skip
_CURRENT = "temperature_2m,apparent_temperature,relative_humidity_2m,weather_code,wind_speed_10m"


def weather_tool(*, places: str = PLACES, forecasts: str = FORECASTS) -> Tool:
    """The tool `get_weather`; tests give it other addresses. It asks before it uses the network."""

    def get_weather(city: Annotated[str, "Name of the city, e.g. Paris or 北京"]) -> str:
        """Current weather of a city"""
        name = " ".join(city.split())
        if not 0 < len(name) <= MAX_CITY_CHARS:
            raise ValueError(f"the name of a city has 1 to {MAX_CITY_CHARS} characters, got {len(name)}")
        chinese = bool(re.search(r"[\u4e00-\u9fff]", name))
        # No compression: the bound on an answer holds for what is read of it.
        headers = {"Accept-Encoding": "identity"}
        with httpx2.Client(timeout=_TIMEOUT, follow_redirects=False, headers=headers) as client:
            wanted = {"name": name, "count": 1, "language": "zh" if chinese else "en", "format": "json"}
            found = _fetched(client, f"{places}/v1/search", wanted).get("results")
            if not found:
                raise ValueError(f"there is no city named {name!r}; write its name in English or Chinese")
            try:
                where = {"latitude": found[0]["latitude"], "longitude": found[0]["longitude"]}
                wanted = {**where, "current": _CURRENT, "timezone": "auto"}
                current = _fetched(client, f"{forecasts}/v1/forecast", wanted)["current"]
                return _told(found[0], current, chinese)
            except (LookupError, TypeError, AttributeError) as error:
                raise ConnectionError("the weather service answered with something unexpected; try later") from error

    return tool_from(get_weather, approval="ask")


get_weather = weather_tool()


def _fetched(client: httpx2.Client, address: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object at `address`. Raises `ConnectionError` with a sentence for the user."""
    try:
        with client.stream("GET", address, params=dict(wanted)) as response:
            if response.status_code != 200:
                raise ConnectionError(f"the weather service answered with status {response.status_code}; try later")
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise ConnectionError("the weather service answered with far too much; try later")
        answer = json.loads(body)
    except httpx2.TimeoutException as error:
        raise ConnectionError("the weather service does not answer; is there a network?") from error
    except httpx2.HTTPError as error:
        raise ConnectionError("the weather service cannot be reached: this computer seems to be offline") from error
    except (ValueError, RecursionError) as error:
        raise ConnectionError("the weather service answered with something that is not JSON; try later") from error
    if not isinstance(answer, dict):
        raise ConnectionError("the weather service answered with something unexpected; try later")
    return answer


def _told(place: Mapping[str, Any], current: Mapping[str, Any], chinese: bool) -> str:
    sky = _SKIES.get(current["weather_code"], ("unknown sky", "天气不明"))[chinese]
    temperature, felt = current["temperature_2m"], current["apparent_temperature"]
    humidity, wind = current["relative_humidity_2m"], current["wind_speed_10m"]
    where = ", ".join(str(place[part]) for part in ("name", "country") if place.get(part))
    if chinese:
        return f"{where}：{sky}，气温 {temperature} °C，体感 {felt} °C，湿度 {humidity}%，风速 {wind} km/h"
    return f"{where}: {sky}, {temperature} °C (feels like {felt} °C), humidity {humidity}%, wind {wind} km/h"
