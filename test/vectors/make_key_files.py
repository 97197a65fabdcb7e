#!/usr/bin/env python3
"""Key files and key shares for the tests of host-lib, made without any of our own code.

Keys come from the `openssl` command, which also encrypts; hashlib does SHA-256. Formats: device-formats.md,
section 3. Run in this folder; everything under key_files/ is written anew.
"""

import hashlib
import pathlib
import re
import subprocess

OUT = pathlib.Path(__file__).parent / "key_files"
PASSWORD = "correct horse #1"


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def encrypt(cipher, key, plain, block):
    assert len(plain) % block == 0
    return openssl("enc", "-" + cipher, "-K", key.hex(), "-iv", "00" * block, "-nopad", "-nosalt", data=plain)


def protect_rsa(plain):
    key = hashlib.sha256(PASSWORD.encode()).digest()[:24]
    return "!" + encrypt("des-ede3-cbc", key, plain + bytes(8), 8).hex().upper()


def protect_ec(plain):
    key = hashlib.sha256(PASSWORD.encode()).digest()
    fill = -len(plain) % 16
    plain += bytes(fill) + bytes([fill]) + bytes(15)
    return "!" + encrypt("aes-256-cbc", key, plain, 16).hex().upper()


def protect_ec_earlier(plain):
    """As cs2sim wrote it before it knew better."""
    key = hashlib.sha256(PASSWORD.encode()).digest()
    plain += bytes(-len(plain) % 16)
    plain += b"\x80" + bytes(15)
    return "!" + encrypt("aes-256-cbc", key, plain, 16).hex().upper()


def protect_share(plain):
    return "!" + encrypt("aes-256-cbc", hashlib.sha256(PASSWORD.encode()).digest(), plain, 16).hex().upper()


def numbers(text):
    """Fields of `openssl pkey -text`: name -> bytes."""
    fields = {}
    for name, value in re.findall(r"^(\w[\w ]*?):[^\n]*\n((?:    [0-9a-f:]+\n?)+)", text, re.M):
        fields[name] = bytes.fromhex(re.sub(r"[^0-9a-f]", "", value))
    return fields


def write(name, text):
    (OUT / name).write_text(text)


def pem_forms(name, pem, traditional):
    (OUT / f"{name}.pkcs8.pem").write_bytes(pem)
    (OUT / f"{name}.traditional.pem").write_bytes(traditional)
    for suffix, form in (("pkcs8enc", []), ("traditionalenc", ["-traditional"])):
        arguments = ["pkey", *form, "-aes256", "-passout", "pass:" + PASSWORD]
        (OUT / f"{name}.{suffix}.pem").write_bytes(openssl(*arguments, data=pem))
    (OUT / f"{name}.public.pem").write_bytes(openssl("pkey", "-pubout", data=pem))


def ec(name, curve, spelling, width):
    pem = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve)
    fields = numbers(openssl("pkey", "-text", "-noout", data=pem).decode())
    scalar = fields["priv"][-width:].rjust(width, b"\0")
    head = f"# ECC key\nCURVE={spelling}\nPUB={fields['pub'].hex().upper()}\n"
    tail = f"OWNER={name} owner\n"
    write(f"{name}.clear.key", head + f"PRV={scalar.hex().upper()}\n" + tail)
    write(f"{name}.protected.key", head + f"PRV={protect_ec(scalar)}\n" + tail)
    write(f"{name}.earlier.key", head + f"PRV={protect_ec_earlier(scalar)}\n" + tail)
    pem_forms(name, pem, openssl("pkey", "-traditional", data=pem))


def rsa(name, bits, smaller_p=False):
    pem = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}")
    fields = numbers(openssl("pkey", "-text", "-noout", data=pem).decode())
    value = {key: int.from_bytes(data, "big") for key, data in fields.items()}
    p, q = value["prime1"], value["prime2"]
    if smaller_p:
        p, q = min(p, q), max(p, q)
    d = value["privateExponent"]
    secrets = [("SEXP", d, bits // 8), ("P", p, bits // 16), ("Q", q, bits // 16),
               ("U", pow(q, -1, p), bits // 16), ("DP", d % (p - 1), bits // 16),
               ("DQ", d % (q - 1), bits // 16)]
    head = f"# RSA key\nMOD={value['modulus'].to_bytes(bits // 8, 'big').hex().upper()}\nPEXP=010001\n"
    tail = f"OWNER={name} owner\n"
    clear = "".join(f"{field}={number.to_bytes(width, 'big').hex().upper()}\n" for field, number, width in secrets)
    hidden = "".join(f"{field}={protect_rsa(number.to_bytes(width, 'big'))}\n" for field, number, width in secrets)
    write(f"{name}.clear.key", head + clear + tail)
    write(f"{name}.protected.key", head + hidden + tail)
    pem_forms(name, pem, openssl("pkey", "-traditional", data=pem))


def share():
    info = b"ERPSIMMB" + b"\x06" + bytes.fromhex("231126130500") + b"\x20" + bytes.fromhex("65DBDAE426E6E916")
    info += bytes([2, 3]) + bytes(6)
    value = hashlib.sha256(b"a share for a test").digest()
    head = f"# Key Share\nINFO={info.hex().upper()}\n"
    write("share.clear.key", head + f"KEY={value.hex().upper()}\n")
    write("share.protected.key", head + f"KEY={protect_share(value)}\n")


def main():
    OUT.mkdir(exist_ok=True)
    ec("p320", "brainpoolP320t1", "brainpoolP320t1", 40)
    ec("p256", "P-256", "NIST-P256", 32)
    ec("p521", "P-521", "NIST-P521", 66)
    rsa("rsa1024", 1024)
    rsa("rsa2048", 2048, smaller_p=True)
    rsa("rsa4096", 4096)
    share()


main()
