/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast objects of many authors are verified and taken in by archive_put(), beside libsodium alone
 * verifying as many signatures over the same bytes. Arguments: AUTHORS DOMAINS.
 */
#include <stdlib.h>

#include <sodium.h>

#include "proto/archive.h"
#include "tests/bench/author.h"
#include "tests/bench/stopwatch.h"
#include "tests/mesh/must.h"

enum { CARRIED = 8 }; /* claimants in a carriage */

#define SEQ 1800000000000U

static const struct moment now = {.mono_ms = 1, .wall_ms = (int64_t)SEQ};

static void put(
        struct archive *archive, const struct author_made *made, enum object_kind kind, struct bytes object)
{
	static const struct timing timing = {.clock_ahead_ms = 600000};
	struct author *author = archive_find(archive, made->certificate.root);

	MUST(archive_put(archive, author, kind, object, now, &timing) == RESULT_OK, "an object was refused");
}

static struct bytes object_of(const struct author_made *made, enum object_kind kind)
{
	return kind == OBJECT_CERTIFICATE ? made->certificate_object
	       : kind == OBJECT_HEAD      ? made->head
	                                  : made->carriage;
}

static double put_all(
        struct archive *archive, struct author_made **made, unsigned count, enum object_kind kind)
{
	double began = stopwatch_now();

	for (unsigned i = 0; i < count; i++) {
		if (kind != OBJECT_CHUNK)
			put(archive, made[i], kind, object_of(made[i], kind));
		for (unsigned j = 0; kind == OBJECT_CHUNK && j < made[i]->chunk_count; j++)
			put(archive, made[i], kind, made[i]->chunks[j]);
	}
	return stopwatch_now() - began;
}

/* What a signature covers: the kind's prefix, a NUL, and the body. */
static size_t signed_bytes(enum object_kind kind, struct bytes body, uint8_t *out)
{
	const char *prefix = kind == OBJECT_CERTIFICATE ? "correomesh certificate"
	                     : kind == OBJECT_HEAD      ? "correomesh head"
	                                                : "correomesh carriage";

	memcpy(out, prefix, strlen(prefix) + 1);
	memcpy(out + strlen(prefix) + 1, body.data, body.length);
	return strlen(prefix) + 1 + body.length;
}

/* libsodium alone, over the same bytes. */
static double raw_all(struct author_made **made, unsigned count, enum object_kind kind)
{
	static uint8_t message[OBJECT_SIZE_MAX + 64];
	double seconds = 0;

	for (unsigned i = 0; i < count; i++) {
		const uint8_t *signature, *key = made[i]->certificate.op_key;
		struct bytes body;
		size_t length;
		double began;

		if (kind == OBJECT_CERTIFICATE)
			key = made[i]->certificate.root;
		MUST(object_split(object_of(made[i], kind), &body, &signature) == RESULT_OK, "no signature");
		length = signed_bytes(kind, body, message);
		began = stopwatch_now();
		MUST(crypto_sign_verify_detached(signature, message, length, key) == 0, "a bad signature");
		seconds += stopwatch_now() - began;
	}
	return seconds;
}

static unsigned count_chunks(struct author_made **made, unsigned count)
{
	unsigned chunks = 0;

	for (unsigned i = 0; i < count; i++)
		chunks += made[i]->chunk_count;
	return chunks;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 500;
	unsigned domains = argc > 2 ? (unsigned)atoi(argv[2]) : 2000;
	struct author_made **made = must_alloc((count + 1) * sizeof *made);
	struct archive archive;
	double put_s[OBJECT_CARRIAGE + 1] = {0}, raw_s[OBJECT_CARRIAGE + 1] = {0}, put_sum, raw_sum;

	MUST(sodium_init() >= 0 && count >= CARRIED, "usage: verify_bench AUTHORS DOMAINS");
	MUST(archive_init(&archive, count) == RESULT_OK, "out of memory");
	for (unsigned i = 0; i < count; i++) {
		made[i] = author_make(i);
		MUST(archive_add(&archive, made[i]->certificate.root) == RESULT_OK, "not added");
	}
	for (unsigned i = 0; i < count; i++) {
		author_claim(made[i], domains, made, CARRIED, SEQ);
		author_carry(made[i], made, CARRIED, SEQ);
	}
	for (enum object_kind kind = OBJECT_CERTIFICATE; kind <= OBJECT_CARRIAGE; kind++) {
		if (kind != OBJECT_CHUNK)
			raw_s[kind] = raw_all(made, count, kind);
		put_s[kind] = put_all(&archive, made, count, kind);
	}
	put_sum = put_s[OBJECT_CERTIFICATE] + put_s[OBJECT_HEAD] + put_s[OBJECT_CARRIAGE];
	raw_sum = raw_s[OBJECT_CERTIFICATE] + raw_s[OBJECT_HEAD] + raw_s[OBJECT_CARRIAGE];
	stopwatch_tell("raw_per_s", 3 * count / raw_sum);
	stopwatch_tell("put_per_s", 3 * count / put_sum);
	stopwatch_tell("certificate_of_raw", raw_s[OBJECT_CERTIFICATE] / put_s[OBJECT_CERTIFICATE]);
	stopwatch_tell("head_of_raw", raw_s[OBJECT_HEAD] / put_s[OBJECT_HEAD]);
	stopwatch_tell("carriage_of_raw", raw_s[OBJECT_CARRIAGE] / put_s[OBJECT_CARRIAGE]);
	stopwatch_tell("signed_of_raw", raw_sum / put_sum);
	stopwatch_tell("chunk_us", put_s[OBJECT_CHUNK] / count_chunks(made, count) * 1e6);
	stopwatch_tell("domains_per_s", count * domains / (put_s[OBJECT_HEAD] + put_s[OBJECT_CHUNK]));
	stopwatch_tell("domain_of_raw",
	        count * domains / (put_s[OBJECT_HEAD] + put_s[OBJECT_CHUNK]) / (3 * count / raw_sum));
	archive_fini(&archive);
	for (unsigned i = 0; i < count; i++)
		author_unmake(made[i]);
	free(made);
	return 0;
}
