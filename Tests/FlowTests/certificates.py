"""Certificates as Alipay hands them out: a root, and under it those of the application and of Alipay, for the keys that
a simulator has."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID


def _name(common):
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in (
        (NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "Linli Rehearsal"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Certification Authority"), (NameOID.COMMON_NAME, common))])


def _certificate(common, key, issuer, issuer_key):
    now = datetime.datetime.now(datetime.timezone.utc)
    return x509.CertificateBuilder().subject_name(_name(common)).issuer_name(_name(issuer)).public_key(
        key.public_key()).serial_number(x509.random_serial_number()).not_valid_before(
        now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=365)).sign(
        issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def alipay_certificates(folder):
    """Makes them in the folder of the keys; returns their PEM texts by who they are of."""
    root_key = rsa.generate_private_key(65537, 2048)
    keys = {name: load_pem_private_key((folder / f"{file}_key.pem").read_bytes(), None)
            for name, file in (("app", "alipay_app"), ("alipay", "alipay"))}
    texts = {name: _certificate(name, key, "Root", root_key) for name, key in keys.items()}
    texts["root"] = _certificate("Root", root_key, "Root", root_key)
    for name, file in (("app", "alipay_app_chain"), ("alipay", "alipay_chain"), ("root", "alipay_root")):
        (folder / f"{file}.pem").write_text(texts[name])
    return texts
