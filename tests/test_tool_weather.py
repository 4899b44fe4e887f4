"""The weather tool against a server on this computer: right answers, wrong answers, no answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from glm.toolset.weather import MAX_ANSWER_BYTES, weather_tool

PLACE = {"results": [{"name": "Paris", "country": "France", "latitude": 48.9, "longitude": 2.4}]}
CURRENT = {
    "current": {
        "temperature_2m": 12.3,
        "apparent_temperature": 10.1,
        "relative_humidity_2m": 71,
        "weather_code": 61,
        "wind_speed_10m": 18.0,
    }
}

Answer = tuple[int, bytes]


class Service:
    """A server that answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.answers: dict[str, Answer] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                service.asked.append((address.path, parse_qs(address.query)))
                status, body = service.answers[address.path]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{service.address}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def answer(self, path: str, value: Any, status: int = 200) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answers[path] = (status, body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = Service()
    running.answer("/v1/search", PLACE)
    running.answer("/v1/forecast", CURRENT)
    yield running
    running.close()


def run_of(service: Service) -> Callable[[dict[str, Any]], str]:
    run = weather_tool(places=service.address, forecasts=service.address).run
    assert run is not None
    return run


def test_the_weather_of_a_city_is_told_with_units(service: Service) -> None:
    told = run_of(service)({"city": " Paris "})
    assert told == "Paris, France: light rain, 12.3 °C (feels like 10.1 °C), humidity 71%, wind 18.0 km/h"
    assert [path for path, _ in service.asked] == ["/v1/search", "/v1/forecast"]
    assert service.asked[0][1]["name"] == ["Paris"]
    assert service.asked[1][1]["latitude"] == ["48.9"]


def test_a_chinese_name_is_asked_and_answered_in_chinese(service: Service) -> None:
    service.answer("/v1/search", {"results": [{"name": "北京", "country": "中国", "latitude": 39.9, "longitude": 116}]})
    told = run_of(service)({"city": "北京"})
    assert told == "北京, 中国：小雨，气温 12.3 °C，体感 10.1 °C，湿度 71%，风速 18.0 km/h"
    assert service.asked[0][1]["language"] == ["zh"]


def test_an_unknown_city_is_told_and_no_forecast_asked_for(service: Service) -> None:
    service.answer("/v1/search", {})
    with pytest.raises(ValueError, match="there is no city named 'Nowhere'"):
        run_of(service)({"city": "Nowhere"})
    assert len(service.asked) == 1


def test_a_name_that_is_no_name_is_not_sent_anywhere(service: Service) -> None:
    with pytest.raises(ValueError, match="1 to 80 characters, got 200"):
        run_of(service)({"city": "x" * 200})
    assert service.asked == []


def test_a_redirect_is_not_followed(service: Service) -> None:
    service.answer("/v1/search", {}, status=302)
    with pytest.raises(ConnectionError, match="answered with status 302"):
        run_of(service)({"city": "Paris"})
    assert [path for path, _ in service.asked] == ["/v1/search"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html>", "not JSON"),
        (b"[" * 90_000, "not JSON"),
        ([], "something unexpected"),
        ({"results": 3}, "something unexpected"),
        ({"results": [{"name": "Paris"}]}, "something unexpected"),
        ({"filler": "x" * MAX_ANSWER_BYTES}, "far too much"),
    ],
)
def test_an_answer_that_makes_no_sense_is_told(service: Service, answer: Any, reason: str) -> None:
    service.answer("/v1/search", answer)
    with pytest.raises(ConnectionError, match=reason):
        run_of(service)({"city": "Paris"})


def test_without_a_network_it_is_said_at_once(service: Service) -> None:
    run = run_of(service)
    service.close()
    with pytest.raises(ConnectionError, match="this computer seems to be offline"):
        run({"city": "Paris"})
