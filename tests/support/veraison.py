"""A stand-in for the verification service of Project Veraison: its challenge-response API, with a mode for each way in which it may
answer. What it judges, spdmctl has judged for it. The mode is the first part of the path."""

import base64
import http.server
import json
import secrets
import subprocess
import threading

TOKEN = 'application/eat-ucs+cbor; eat_profile="tag:linaro.org,2025:device#1.0.0"'
SESSION = "application/vnd.veraison.challenge-response-session+json"
API = "challenge-response/v1"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Service(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, program, folder, environment):
        super().__init__(("127.0.0.1", 0), Handler)
        self.program, self.folder, self.environment = program, folder, environment
        self.sessions = {}  # by id
        self.deleted = []
        self.pending = (0, "")  # polls until there is a result, and the result
        self.problems = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def base(self, mode):
        return f"http://127.0.0.1:{self.server_address[1]}/{mode}"

    def sign(self, header, claims):
        """A JWT with any header: ES256 by ear.key."""
        text = f"{base64url(json.dumps(header).encode())}.{claims}"
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", "ear.key"], input=text.encode(), cwd=self.folder, capture_output=True,
                             check=True).stdout
        middle = 4 + der[3]  # SEQUENCE of two INTEGER, each shorter than 128 bytes
        pair = [int.from_bytes(part, "big").to_bytes(32, "big") for part in (der[4:middle], der[middle + 2:])]
        return f"{text}.{base64url(b''.join(pair))}"

    def ear(self, mode, evidence, nonce):
        """What the service says of the evidence: a JWT."""
        (self.folder / "posted").write_bytes(evidence)
        if mode == "replay":
            nonce = bytes(32)
            (self.folder / "posted").write_bytes((self.folder / "zeros.cbor").read_bytes())
        command = [self.program, "verify", "--measurements", "--format", "ear", "--nonce", nonce.hex(), "posted"]
        command += ["--root", "other/root.pem" if mode == "untrusted" else "dev/root.pem"]
        command += ["--sign-key", "other.key" if mode == "other-key" else "p384.key" if mode == "p384" else "ear.key"]
        command += ["--ear-profile", "2026"] if mode == "2026" else []
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != (10 if mode == "untrusted" else 0):
            self.problems.append(f"{mode}: the evidence gives {done.returncode}: {done.stderr}")
        header, claims, signature = done.stdout.strip().split(".")
        if mode == "none":
            return f"{base64url(json.dumps({'alg': 'none'}).encode())}.{claims}."
        if mode in ("crit", "lie"):
            return self.sign({"alg": "ES256", "crit": ["x"], "x": 1} if mode == "crit" else {"alg": "ES384"}, claims)
        if mode in ("empty", "warning", "number", "bare"):
            ear = json.loads(base64.urlsafe_b64decode(claims + "=="))
            (name, submod), = ear["submods"].items()
            if mode == "empty":
                ear["submods"] = {}
            elif mode == "warning":
                ear["submods"]["another"] = submod | {"ear.status": "warning"}
            elif mode == "number":
                submod["ear.status"] = 2
            else:
                del submod["ear.status"]
            return self.sign({"alg": "ES256"}, base64url(json.dumps(ear).encode()))
        if mode == "altered":
            return f"{header}.{claims[:-4]}{'AAAA' if claims[-4:] != 'AAAA' else 'BBBB'}.{signature}"
        return f"{header}.{claims}.{signature}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, media_type=SESSION, **headers):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status, detail, **headers):
        self.answer(status, {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status, "detail": detail},
                    "application/problem+json", **headers)

    def parts(self):
        mode, _, rest = self.path.lstrip("/").partition("/")
        if self.headers["Accept"] != SESSION:
            self.server.problems.append(f"{self.path}: accepts {self.headers['Accept']}")
        return mode, rest

    def session(self, rest):
        return self.server.sessions.get(rest.removeprefix(f"{API}/session/"))

    def do_POST(self):
        mode, rest = self.parts()
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if rest == f"{API}/newSession?nonceSize=32":
            return self.open(mode)
        session = self.session(rest)
        if session is None:
            return self.problem(404, "no such session")
        if self.headers["Content-Type"] != session["accept"][-1] or mode == "415":
            return self.problem(415, f"no active plugin found for {self.headers['Content-Type']}", Accept="application/psa-attestation-token")
        if mode == "500":
            return self.problem(500, "error encountered while processing evidence")
        if mode == "failed":
            session["status"] = "failed"
            return self.answer(200, session)
        result = self.server.ear(mode, body, base64.urlsafe_b64decode(session["nonce"] + "="))
        if mode in ("slow", "stuck", "forgotten"):
            session["status"], self.server.pending = "processing", (2, result)
            return self.answer(202, session)
        session["status"], session["result"] = "complete", result
        return self.answer(200, session)

    def open(self, mode):
        if mode == "400":
            return self.problem(400, "failed handling nonce request: nonceSize must be in range 8..64")
        number = secrets.token_hex(8)
        accept = ["application/psa-attestation-token"] if mode == "picky" else ["application/x", TOKEN.replace("; ", ";") if mode == "2026" else TOKEN]
        session = {"nonce": base64url(secrets.token_bytes(16 if mode == "short" else 32)), "expiry": "2030-01-01T00:00:00Z", "accept": accept,
                   "status": "waiting"}
        self.server.sessions[number] = session
        location = f"session/{number}"
        if mode == "absolute":
            location = f"/{mode}/{API}/{location}"
        if mode == "whole":
            location = f"{self.server.base(mode)}/{API}/{location}"
        if mode == "elsewhere":
            location = f"http://127.0.0.1:9/{API}/{location}"
        return self.answer(201, session, Location=location)

    def do_GET(self):
        mode, rest = self.parts()
        session = self.session(rest)
        if session is None or mode == "forgotten":
            return self.problem(404, "no such session")
        left, result = self.server.pending
        if mode == "slow" and left == 1:
            session["status"], session["result"] = "complete", result
        self.server.pending = left - 1, result
        return self.answer(200, session)

    def do_DELETE(self):
        mode, rest = self.parts()
        if self.session(rest) is None:
            return self.problem(404, "no such session")
        if mode == "undeletable":
            return self.problem(500, "no")
        self.server.deleted.append(rest.rpartition("/")[2])
        return self.answer(204)
