#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints noise_xxpsk0.h: one run of Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b with fixed keys.

Made by dissononce (Debian: python3-dissononce), which shares no code with proto/noise.c:

    /usr/bin/python3 tests/vectors/noise_xxpsk0.py > tests/vectors/noise_xxpsk0.h
"""
import hashlib

from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.extras.dh.dangerous.dh_nogen import NoGenDH
from dissononce.hash.blake2b import Blake2bHash
from dissononce.processing.handshakepatterns.interactive.XX import XXHandshakePattern
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState
from dissononce.processing.modifiers.psk import PSKPatternModifier

HANDSHAKE_PAYLOADS = [b"", b"certificate of the responder", b"certificate of the initiator"]
TRANSPORT_PAYLOADS = [b"ping", b"pong", b"", b"a longer message, over sixty-four bytes, to cross one ChaCha20 block"]


def key(purpose):
    """32 bytes that nobody chose."""
    return hashlib.blake2b(b"correomesh noise vector " + purpose, digest_size=32).digest()


INPUTS = {
    "prologue": b"correomesh 1",
    "psk": key(b"psk"),
    "initiator_static": key(b"initiator static"),
    "initiator_ephemeral": key(b"initiator ephemeral"),
    "responder_static": key(b"responder static"),
    "responder_ephemeral": key(b"responder ephemeral"),
}


def end(role):
    dh = X25519DH()
    static = dh.generate_keypair(PrivateKey(INPUTS[role + "_static"]))
    ephemeral = PrivateKey(INPUTS[role + "_ephemeral"])
    symmetric = SymmetricState(CipherState(ChaChaPolyCipher()), Blake2bHash())
    state = HandshakeState(symmetric, NoGenDH(dh, ephemeral))
    pattern = PSKPatternModifier(0).modify(XXHandshakePattern())
    state.initialize(pattern, role == "initiator", INPUTS["prologue"], s=static, psks=[INPUTS["psk"]])
    return state, static.public.data


def run():
    """Yields (payload, message), then the hash and both public keys."""
    (initiator, initiator_public), (responder, responder_public) = end("initiator"), end("responder")
    writer, reader = initiator, responder
    messages = []
    for payload in HANDSHAKE_PAYLOADS:
        message, plain = bytearray(), bytearray()
        sent = writer.write_message(payload, message)
        got = reader.read_message(bytes(message), plain)
        assert bytes(plain) == payload
        messages.append((payload, bytes(message)))
        writer, reader = reader, writer
    # the initiator sent the third message, so that the responder goes on, with the second cipher
    ciphers = [(sent[1], got[1]), (sent[0], got[0])]
    for i, payload in enumerate(TRANSPORT_PAYLOADS):
        seal, unseal = ciphers[i % 2]
        message = seal.encrypt_with_ad(b"", payload)
        assert unseal.decrypt_with_ad(b"", message) == payload
        messages.append((payload, message))
    assert initiator.protocol_name == "Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b"
    return messages, initiator.symmetricstate.get_handshake_hash(), initiator_public, responder_public


def render(data):
    return '"' + data.hex() + '"'


def main():
    messages, handshake_hash, initiator_public, responder_public = run()
    print("/* SPDX-License-Identifier: GPL-3.0-or-later")
    print(" *")
    print(" * Frozen bytes, printed by noise_xxpsk0.py with dissononce. Don't edit. All values in hex.")
    print(" */")
    print("#ifndef TESTS_VECTORS_NOISE_XXPSK0_H")
    print("#define TESTS_VECTORS_NOISE_XXPSK0_H")
    print()
    print("// clang-format off")
    for name, data in INPUTS.items():
        print("#define VECTOR_%s %s" % (name.upper(), render(data)))
    print("#define VECTOR_INITIATOR_PUBLIC", render(initiator_public))
    print("#define VECTOR_RESPONDER_PUBLIC", render(responder_public))
    print("#define VECTOR_HANDSHAKE_HASH", render(handshake_hash))
    print()
    print("/* The initiator sends the 1st, 3rd, 5th, ...; the first three are the handshake. */")
    print("static const struct {")
    print("\tconst char *payload;")
    print("\tconst char *message;")
    print("} vector_messages[] = {")
    for payload, message in messages:
        print("\t{%s,\n\t %s}," % (render(payload), render(message)))
    print("};")
    print("// clang-format on")
    print()
    print("#endif")


main()
