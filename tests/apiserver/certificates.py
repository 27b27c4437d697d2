"""A certificate authority for one control plane: its server, its users, its token key."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=2)
CLOCK_SKEW = datetime.timedelta(hours=1)
SERVER_NAMES = (
    x509.DNSName("localhost"),
    x509.DNSName("kubernetes.default.svc"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, in PEM."""

    certificate: bytes
    key: bytes


class Authority:
    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("lbdoctor-tests-ca")
        unsigned = _builder(self._name, self._key.public_key())
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        unsigned = unsigned.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        signed = self._sign(unsigned.add_extension(usage, True))
        self.certificate = signed.public_bytes(serialization.Encoding.PEM)

    def server(
        self,
        names: Sequence[x509.GeneralName] = SERVER_NAMES,
        lifetime: datetime.timedelta = LIFETIME,
    ) -> KeyPair:
        """Issue the certificate that kube-apiserver answers with on loopback."""
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _builder(_name("kube-apiserver"), key.public_key(), lifetime)
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName(names), False)
        return self._issue(unsigned, key, ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, user: str, groups: Sequence[str]) -> KeyPair:
        """Issue the certificate that makes its bearer a user in some groups."""
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _builder(_name(user, groups), key.public_key())
        return self._issue(unsigned, key, ExtendedKeyUsageOID.CLIENT_AUTH)

    def _issue(
        self,
        unsigned: x509.CertificateBuilder,
        key: ec.EllipticCurvePrivateKey,
        purpose: x509.ObjectIdentifier,
    ) -> KeyPair:
        signed = self._sign(unsigned.add_extension(x509.ExtendedKeyUsage([purpose]), False))
        return KeyPair(signed.public_bytes(serialization.Encoding.PEM), private_pem(key))

    def _sign(self, unsigned: x509.CertificateBuilder) -> x509.Certificate:
        # Python 3.13 refuses a chain without key identifiers.
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        unsigned = unsigned.issuer_name(self._name).add_extension(ours, False)
        return unsigned.sign(self._key, hashes.SHA256())


def private_pem(key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    """Return a private key, by default a new one, in PEM."""
    return (key or ec.generate_private_key(ec.SECP256R1())).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,  # the only EC one it takes as a token key
        serialization.NoEncryption(),
    )


def _name(common: str, organizations: Sequence[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: datetime.timedelta = LIFETIME
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(identifier, False)
    )
