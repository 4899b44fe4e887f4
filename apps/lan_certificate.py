"""A certificate for HTTPS: one that was given, or one that this program makes and signs itself.

Nobody vouches for a self-made certificate, so browsers warn once and remember the answer. That is why it is kept: it is
made anew only when it runs out or when this computer has a name or an address that it does not have.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from apps.serving import ServingError

_DAYS, _SPARE_DAYS = 397, 7
_MOST_NAMES = 60
_CERTIFICATE, _KEY = "https.crt", "https.key"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM form that a server needs for HTTPS."""

    certfile: Path
    keyfile: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the certificate, as browsers show it."""
        digest = x509.load_pem_x509_certificate(self.certfile.read_bytes()).fingerprint(hashes.SHA256())
        return digest.hex(":").upper()


def given(certfile: str, keyfile: str) -> Certificate:
    """The certificate of somebody else's making. Raises `ServingError` when a server could not use it."""
    found = Certificate(Path(certfile), Path(keyfile))
    for option, path in (("--certfile", found.certfile), ("--keyfile", found.keyfile)):
        if not path.is_file():
            raise ServingError(f"{option}: there is no file {str(path)!r}; check the path")

    def no_passphrase() -> bytes:
        raise ServingError(f"--keyfile: {str(found.keyfile)!r} needs a passphrase; give a key without one")

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(found.certfile, found.keyfile, password=no_passphrase)
        found.fingerprint  # noqa: B018 - reads the file as PEM, which load_cert_chain took it for
    except (OSError, ValueError) as error:
        raise ServingError(
            f"--certfile {str(found.certfile)!r} and --keyfile {str(found.keyfile)!r} cannot be used together "
            f"({error}); give a certificate and its own key, both as PEM"
        ) from error
    return found


def self_made(folder: Path, names: list[str]) -> Certificate:
    """The certificate kept in `folder`, made if there is none that holds for all `names` (names and addresses).

    Raises `ServingError` when it cannot be stored.
    """
    kept = Certificate(folder / _CERTIFICATE, folder / _KEY)
    old = _read(kept)
    known = _names(old) if old is not None else []
    if old is not None and set(names) <= set(known) and _lasts(old):
        return kept
    # A computer that moves between networks gets one certificate for all of them, accepted once for each.
    wanted = list(dict.fromkeys([*names, *known]))[:_MOST_NAMES]
    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(key, wanted)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _store(kept.keyfile, pem)
        _store(kept.certfile, made.public_bytes(serialization.Encoding.PEM))
    except OSError as error:
        raise ServingError(f"the certificate for HTTPS cannot be stored in {str(folder)!r}: {error}") from error
    return kept


def _signed(key: ec.EllipticCurvePrivateKey, names: list[str]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"GLM Chat on {socket.gethostname()}"[:64])])
    moment = datetime.now(timezone.utc)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))  # clocks differ
        .not_valid_after(moment + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(entry) for entry in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names(certificate: x509.Certificate) -> list[str]:
    with contextlib.suppress(x509.ExtensionNotFound):
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [str(entry.value) for entry in found]
    return []


def _lasts(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - datetime.now(timezone.utc) > timedelta(days=_SPARE_DAYS)


def _read(kept: Certificate) -> x509.Certificate | None:
    """The stored certificate, if it and its key can be used."""
    with contextlib.suppress(OSError, ValueError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(kept.certfile, kept.keyfile, password=lambda: b"")
        return x509.load_pem_x509_certificate(kept.certfile.read_bytes())
    return None


def _store(path: Path, data: bytes) -> None:
    """Replace `path`, readable to its owner only from the first moment on."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    beside.replace(path)
