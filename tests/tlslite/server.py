"""TLS servers by tlslite-ng, for what OpenSSL no longer speaks: SSL 3.0, RC4, 3DES and the like.

Each line of standard input is a server to start, as JSON: `chain` and `key` (files, PEM), `settings`
(fields of tlslite's HandshakeSettings), and `options` (further arguments of `handshakeServer`). Each is
answered by the number of its port on 127.0.0.1. All end when standard input does.
"""

import json
import os
import socket
import sys
import threading

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey


def settings(fields):
    chosen = HandshakeSettings()
    for name, value in fields.items():
        if not hasattr(chosen, name):
            raise ValueError("tlslite has no setting " + name)
        setattr(chosen, name, tuple(value) if name.endswith("Version") else value)
    # What can be chosen must also be offered; a wrong word is reported here and not to a client.
    return chosen.validate()


def arguments(order):
    chosen = dict(order["options"], settings=settings(order["settings"]))
    if order["chain"] is not None:
        chain = X509CertChain()
        with open(order["chain"]) as file:
            chain.parsePemList(file.read())
        with open(order["key"]) as file:
            chosen.update(certChain=chain, privateKey=parsePEMKey(file.read(), private=True))
    if "alpn" in chosen:
        chosen["alpn"] = [name.encode() for name in chosen["alpn"]]
    return chosen


def talk(stream, chosen):
    with stream:
        connection = TLSConnection(stream)
        connection.ignoreAbruptClose = True
        try:
            connection.handshakeServer(**chosen)
            while connection.read(max=4096):
                pass
            connection.close()
        except Exception:
            # A scanner leaves in the middle; whatever tlslite makes of it is the client's to see.
            pass


def serve(listener, chosen):
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=talk, args=(stream, chosen), daemon=True).start()


for line in sys.stdin:
    chosen = arguments(json.loads(line))
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=serve, args=(listener, chosen), daemon=True).start()
# Threads that still talk are of no interest.
os._exit(0)
