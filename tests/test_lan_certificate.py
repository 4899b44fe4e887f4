"""Certificates for HTTPS: made here, kept, given, and refused with a sentence."""

from __future__ import annotations

import hashlib
import os
import ssl
import stat
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from apps import lan_certificate, serving
from apps.lan_certificate import self_made
from tests.browser import free_port


def _hello(request: object) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


def test_the_certificate_made_here_holds_for_its_names_and_its_key_is_private(tmp_path: Path) -> None:
    made = self_made(tmp_path, ["localhost", "127.0.0.1"])
    for file in (made.certfile, made.keyfile):
        assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600
    port = free_port()
    app = Starlette(routes=[Route("/healthz", _hello)])
    server = serving.Server(app, "127.0.0.1", port, made).start()
    try:
        context = ssl.create_default_context(cafile=str(made.certfile))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        for name in ("127.0.0.1", "localhost"):
            assert opener.open(f"https://{name}:{port}/healthz", timeout=10).read() == b"ok\n"
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
        shown = x509.load_der_x509_certificate(der)
        assert made.fingerprint.replace(":", "").lower() == hashlib.sha256(der).hexdigest()
        assert shown.not_valid_after_utc - shown.not_valid_before_utc < timedelta(days=825)  # more is refused by phones
    finally:
        server.close()


def test_a_certificate_is_kept_until_a_name_is_missing_or_it_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = self_made(tmp_path, ["localhost", "192.168.1.5"]).fingerprint
    assert self_made(tmp_path, ["192.168.1.5"]).fingerprint == first
    second = self_made(tmp_path, ["localhost", "10.0.0.9", "fd00::1"]).fingerprint
    assert second != first
    assert self_made(tmp_path, ["192.168.1.5", "10.0.0.9", "fd00::1"]).fingerprint == second  # back home again
    monkeypatch.setattr(lan_certificate, "datetime", _Later)
    assert self_made(tmp_path, ["localhost"]).fingerprint != second


class _Later(datetime):
    @classmethod
    def now(cls, tz: timezone | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(days=391)


@pytest.mark.parametrize("damage", ["certfile", "keyfile"])
def test_a_damaged_certificate_is_made_anew(damage: str, tmp_path: Path) -> None:
    made = self_made(tmp_path, ["localhost"])
    first = made.fingerprint
    getattr(made, damage).write_bytes(b"not PEM")
    assert self_made(tmp_path, ["localhost"]).fingerprint != first


def test_certificates_that_cannot_serve_are_refused_with_a_sentence(tmp_path: Path) -> None:
    one, other = self_made(tmp_path / "one", ["localhost"]), self_made(tmp_path / "other", ["localhost"])
    assert lan_certificate.given(str(one.certfile), str(one.keyfile)) == one
    with pytest.raises(serving.ServingError, match=r"--certfile: there is no file '.*missing'; check the path"):
        lan_certificate.given(str(tmp_path / "missing"), str(one.keyfile))
    with pytest.raises(serving.ServingError, match="cannot be used together"):
        lan_certificate.given(str(one.certfile), str(other.keyfile))
    key = serialization.load_pem_private_key(one.keyfile.read_bytes(), None)
    secret = serialization.BestAvailableEncryption(b"secret")
    locked = tmp_path / "locked.key"
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    with pytest.raises(serving.ServingError, match="needs a passphrase"):
        lan_certificate.given(str(one.certfile), str(locked))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(serving.ServingError, match="the certificate for HTTPS cannot be stored in"):
        self_made(tmp_path / "file", ["localhost"])
