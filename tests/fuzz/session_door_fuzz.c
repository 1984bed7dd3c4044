/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A session before it knows who is there. The first byte of the input says which end it is and what the other
 * end does: it says the bytes themselves, so many at a time; or it speaks Noise and sends them as the payload
 * of its last message, or of its first; or as its certificate, behind a good signature. Nobody comes in but
 * with a certificate that is whole, signed by its root, and of the session key that Noise has proved.
 */
#include "proto/session.h"
#include "tests/fuzz/keys.h"

enum saying { SAYS_BYTES, SAYS_PAYLOAD, SAYS_EARLY, SAYS_CERTIFICATE };

enum { MESSAGES = 3, FRAME_MAX = 8192 };

struct door {
	struct session session; /* ours, attacked */
	struct session_identity identity;
	struct noise_handshake handshake; /* the other end's */
	uint8_t their_key[KEY_SIZE];
	struct bytes payload;
};

static const uint8_t psk[KEY_SIZE] = {7};
static const uint8_t our_secret[KEY_SIZE] = {0x11}, our_ephemeral[KEY_SIZE] = {0x12};
static const uint8_t their_secret[KEY_SIZE] = {0x21}, their_ephemeral[KEY_SIZE] = {0x22};

/* Any bytes do: the other end doesn't look. */
static const uint8_t our_certificate[] = "our certificate";

static void door_open(struct door *door, bool initiator, bool with_noise)
{
	static const char prologue[] = "correomesh 1";
	const struct noise_params params = {.pattern = NOISE_XXPSK0,
	        .role = initiator ? NOISE_RESPONDER : NOISE_INITIATOR,
	        .prologue = (const uint8_t *)prologue,
	        .prologue_length = sizeof prologue - 1,
	        .static_secret = their_secret,
	        .ephemeral_secret = their_ephemeral,
	        .psks = psk,
	        .psk_count = 1};

	door->identity =
	        (struct session_identity){our_secret, psk, bytes_of(our_certificate, sizeof our_certificate)};
	REQUIRE(crypto_scalarmult_base(door->their_key, their_secret) == 0);
	REQUIRE(session_init(&door->session, initiator, &door->identity, our_ephemeral) == RESULT_OK);
	if (with_noise)
		REQUIRE(noise_handshake_init(&door->handshake, &params) == RESULT_OK);
}

/* In pieces; says whether it lives. */
static bool feed(struct door *door, struct bytes bytes, size_t piece)
{
	enum result result = RESULT_OK;
	struct bytes message;

	for (size_t at = 0; at < bytes.length && result == RESULT_OK; at += piece) {
		size_t size = bytes.length - at < piece ? bytes.length - at : piece;

		REQUIRE(session_feed(&door->session, bytes_of(bytes.data + at, size)) == RESULT_OK);
		result = session_next(&door->session, &door->identity, &message);
		REQUIRE((result == RESULT_OK) == (door->session.state != SESSION_DEAD));
		REQUIRE(message.length == 0);
	}
	if (result != RESULT_OK)
		REQUIRE(session_feed(&door->session, bytes) == RESULT_UNASKED);
	return result == RESULT_OK;
}

/* The other end takes in what ours has said. */
static void hear(struct door *door)
{
	uint8_t *said, payload[FRAME_MAX];
	size_t length, got;

	REQUIRE(writer_take(&door->session.output, &said, &length) == RESULT_OK);
	REQUIRE(length > 2 && length - 2 == ((size_t)said[0] << 8 | said[1]));
	REQUIRE(noise_handshake_read(&door->handshake, said + 2, length - 2, payload, sizeof payload, &got) ==
	        RESULT_OK);
	free(said);
}

static bool speak(struct door *door, struct bytes payload, size_t piece)
{
	static uint8_t frame[2 + FRAME_MAX];
	size_t length;

	REQUIRE(noise_handshake_write(&door->handshake, payload.data, payload.length, frame + 2, FRAME_MAX,
	                &length) == RESULT_OK);
	frame[0] = (uint8_t)(length >> 8);
	frame[1] = (uint8_t)length;
	return feed(door, bytes_of(frame, 2 + length), piece);
}

static bool is_welcome(const struct door *door)
{
	struct certificate certificate;

	return door->payload.length <= HANDSHAKE_PAYLOAD_MAX &&
	       certificate_decode(door->payload, &certificate) == RESULT_OK &&
	       memcmp(certificate.session_key, door->their_key, KEY_SIZE) == 0;
}

static void shake_hands(struct door *door, enum saying saying, size_t piece)
{
	bool early = saying == SAYS_EARLY && !door->session.initiator && door->payload.length > 0,
	     lives = true;

	for (unsigned i = 0; i < MESSAGES && lives; i++) {
		if ((i % 2 == 0) == door->session.initiator)
			hear(door);
		else
			lives = speak(door, i == 0 && !early ? bytes_of(NULL, 0) : door->payload, piece);
	}
	REQUIRE(lives == (!early && is_welcome(door)));
	REQUIRE((door->session.state == SESSION_AUTHENTICATED) == lives);
	if (lives)
		REQUIRE(memcmp(door->session.peer.session_key, door->their_key, KEY_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys root = keys_of(SEED_ROSA);
	struct door door;

	if (size < 2)
		return 0;
	enum saying saying = (enum saying)(data[0] >> 1 & 3);
	struct bytes said = bytes_of(data + 2, size - 2);

	if (said.length > 4096)
		return 0;
	door_open(&door, data[0] % 2 != 0, saying != SAYS_BYTES);
	door.payload =
	        saying == SAYS_CERTIFICATE ? sign(OBJECT_CERTIFICATE, said.data, said.length, &root) : said;
	if (saying == SAYS_BYTES) {
		feed(&door, said, 1U + data[1]);
		REQUIRE(door.session.state != SESSION_AUTHENTICATED);
	} else {
		shake_hands(&door, saying, 1U + data[1]);
	}
	if (saying == SAYS_CERTIFICATE)
		drop(door.payload);
	session_fini(&door.session);
	return 0;
}
