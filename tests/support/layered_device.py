"""A device whose leaf certificate has each attestation extension."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 0x80 else bytes([0x82, size >> 8, size & 0xFF])) + content


def layered(scratch):
    """A device whose leaf has each attestation extension, with each of its fields: layers/profile.yaml."""
    fwid = der(0x30, bytes.fromhex("0609608648016503040201"), der(4, bytes(32)))
    text = [der(tag, b"text") for tag in (0x80, 0x81, 0x82)]
    registers = der(0xAB, der(0x30, der(0x80, b"r"), der(0x81, b"\1"), der(0xA2, fwid)))
    tcb = der(0x30, *text, *(der(tag, b"\1") for tag in (0x83, 0x84, 0x85)), der(0xA6, fwid), der(0x87, b"\4\x10"), der(0x88, b"\1"),
              der(0x89, b"\1"), der(0x8A, b"\4\xF0"), registers)
    dice = der(0x30, *(der(0xA0 + n, der(4, bytes(64))) for n in range(6)), der(0xA6, b"\x0A\1\1"), der(0xA7, der(0x0C, b"profile")))
    evidence = bytes.fromhex("d9023ba100a1008182a100a100a1016441434d4581a2000101a0")
    extensions = {
        "2.23.133.5.4.1": tcb, "2.23.133.5.4.4": der(0x30, der(4, bytes(17))), "2.23.133.5.4.5": b"\x30\0", "2.23.133.5.4.9": evidence,
        "1.3.6.1.5.5.7.1.35": der(0x0C, b'["application/x", "AQ", 4]'), "1.3.6.1.4.1.11129.2.1.24": dice,
        "1.3.6.1.4.1.311.89.3.1": der(0x30, b"\2\1\1", der(0x30), fwid), **{f"1.2.3.{n}": b"\5\0" for n in range(6)}}
    subprocess.run(["sh", ROOT / "tests/cli/data/pki.sh", "layers"], cwd=scratch, check=True)
    folder = scratch / "layers"
    with open(folder / "leaf.cnf", "a", encoding="utf-8") as leaf:
        leaf.writelines(f"{oid}=DER:{value.hex()}\n" for oid, value in extensions.items())
        leaf.write("certificatePolicies=1.2.3.4\nauthorityInfoAccess=OCSP;URI:http://o.example,caIssuers;URI:http://c.example\n")
        leaf.write("crlDistributionPoints=URI:http://crl.example\n")
    request = subprocess.run(["openssl", "req", "-new", "-key", "key.pem", "-subj", "/CN=device"], cwd=folder, check=True, capture_output=True)
    device = subprocess.run(["openssl", "x509", "-req", "-sha384", "-days", "9", "-set_serial", "9", "-extfile", "leaf.cnf", "-CA", "middle.pem",
                             "-CAkey", "middle.key"], cwd=folder, input=request.stdout, check=True, capture_output=True)
    (folder / "chain.pem").write_bytes((folder / "root.pem").read_bytes() + (folder / "middle.pem").read_bytes() + device.stdout)
