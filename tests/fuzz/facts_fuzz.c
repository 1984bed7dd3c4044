/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The durable files. Input: which file, then its text. What is read, rendered and read again is the same, and
 * rendering that gives the same text.
 */
#include "proto/facts.h"
#include "proto/heard.h"
#include "proto/met.h"
#include "tests/fuzz/keys.h"

static struct writer fresh(void)
{
	struct writer w;

	writer_init(&w, FACT_SIZE_MAX);
	return w;
}

/* What a driver finds in the MTA's tables, in lines of the same kind. */
static void try_found(struct bytes text)
{
	struct lines lines = lines_of(text);
	struct table_row found;
	struct line line;

	while (lines_next(&lines, &line)) {
		if (!facts_parse_found(&line, &found))
			continue;
		REQUIRE(domain_check(found.domain.text, strlen(found.domain.text)) == RESULT_OK);
		REQUIRE(found.route.count <= NEXTHOPS_MAX);
	}
}

static void try_applied(struct bytes text)
{
	struct table_rows rows, again;
	unsigned line = 0;
	struct writer w = fresh();

	try_found(text);
	if (facts_parse_applied(text, &rows, &line) == RESULT_OK) {
		facts_render_applied(&rows, &w);
		REQUIRE(facts_parse_applied(writer_bytes(&w), &again, &line) == RESULT_OK);
		REQUIRE(table_rows_equal(&rows, &again));
		for (unsigned i = 0; i < rows.count; i++) {
			const char *domain = rows.rows[i].domain.text;

			REQUIRE(table_rows_find(&rows, bytes_of(domain, strlen(domain))) == &rows.rows[i]);
		}
		table_rows_fini(&again);
	} else {
		REQUIRE(line > 0 && rows.count == 0);
	}
	table_rows_fini(&rows);
	writer_fini(&w);
}

static void try_published(struct bytes text)
{
	struct published published, again;
	unsigned line = 0;
	struct writer w = fresh();

	if (facts_parse_published(text, 0, &published, &line) == RESULT_OK) {
		facts_render_published(&published, 0, &w);
		REQUIRE(memchr(w.data, '\0', w.length) == NULL);
		REQUIRE(facts_parse_published(writer_bytes(&w), 0, &again, &line) == RESULT_OK);
		REQUIRE(published_equal(&published, &again));
		published_fini(&again);
	} else {
		REQUIRE(line > 0 && published.mx_count + published.host_count == 0);
	}
	published_fini(&published);
	writer_fini(&w);
}

static void try_heard(struct bytes text)
{
	struct heard heard, again;
	unsigned line = 0;
	struct writer w = fresh();

	if (heard_parse(text, &heard, &line) == RESULT_OK) {
		heard_render(&heard, &w);
		REQUIRE(heard_parse(writer_bytes(&w), &again, &line) == RESULT_OK);
		REQUIRE(heard.count == again.count);
		heard_fini(&again);
	} else {
		REQUIRE(line > 0 && heard.count == 0);
	}
	heard_fini(&heard);
	writer_fini(&w);
}

static void try_seq(struct bytes text)
{
	uint64_t last, again;
	unsigned line = 0;
	bool behind;
	struct writer w = fresh();

	if (facts_parse_seq(text, &last, &behind, &line) == RESULT_OK) {
		facts_render_seq(last, behind, &w);
		REQUIRE(facts_parse_seq(writer_bytes(&w), &again, &behind, &line) == RESULT_OK &&
		        again == last);
	} else {
		REQUIRE(line > 0);
	}
	writer_fini(&w);
}

static void try_met(struct bytes text)
{
	struct met met, again;
	unsigned line = 0;
	struct writer w = fresh(), w_again = fresh();

	if (met_parse(text, &met, &line) == RESULT_OK) {
		met_render(&met, &w);
		REQUIRE(met_parse(writer_bytes(&w), &again, &line) == RESULT_OK && again.count == met.count);
		met_render(&again, &w_again);
		REQUIRE(bytes_equal(writer_bytes(&w), writer_bytes(&w_again)));
		for (unsigned i = 0; i < met.count; i++)
			REQUIRE(met_has(&again, met.meetings[i].key, &met.meetings[i].address));
		met_fini(&again);
	} else {
		REQUIRE(line > 0 && met.count == 0);
	}
	met_fini(&met);
	writer_fini(&w);
	writer_fini(&w_again);
}

static void try_object(struct bytes object, enum object_kind kind)
{
	struct writer w = fresh();
	uint8_t *again;
	size_t length;

	facts_render_objects(&object, &kind, 1, &w);
	struct bytes text = writer_bytes(&w);
	enum object_kind kind_again;

	REQUIRE(facts_next_object(&text, &kind_again, &again, &length) == RESULT_OK);
	REQUIRE(kind_again == kind && bytes_equal(object, bytes_of(again, length)));
	free(again);
	writer_fini(&w);
}

static void try_objects(struct bytes text)
{
	enum object_kind kind;
	uint8_t *object;
	size_t length, left = text.length;

	while (facts_next_object(&text, &kind, &object, &length) == RESULT_OK) {
		REQUIRE(text.length < left && length > 0);
		left = text.length;
		try_object(bytes_of(object, length), kind);
		free(object);
	}
	REQUIRE(object == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const files[])(struct bytes) = {
	        try_applied, try_published, try_seq, try_met, try_objects, try_heard};

	if (size > 0)
		files[data[0] % (sizeof files / sizeof files[0])](bytes_of(data + 1, size - 1));
	return 0;
}
