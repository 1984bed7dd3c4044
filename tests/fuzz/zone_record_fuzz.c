/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines for a zone: what is taken is one record within the zone, of one line, that is read back the same.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/driver/zone_record.h"
#include "tests/fuzz/fuzz.h"

static void read_back(const ldns_rr *record, const ldns_rdf *zone, const char *line)
{
	char *printed = ldns_rr2str(record);
	struct reason why;
	ldns_rr *again;

	REQUIRE(printed && strchr(printed, '\n') == printed + strlen(printed) - 1);
	REQUIRE(zone_has_name(zone, ldns_rr_owner(record)));
	REQUIRE(zone_record_parse(line, zone, &again, &why) == RESULT_OK);
	REQUIRE(ldns_rr_compare(record, again) == 0);
	ldns_rr_free(again);
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static ldns_rdf *zone;
	char *line = strndup((const char *)data, size);
	struct reason why;
	ldns_rr *record;

	if (!zone)
		zone = zone_name_parse("pool.test");
	REQUIRE(line != NULL);
	if (zone_record_parse(line, zone, &record, &why) == RESULT_OK)
		read_back(record, zone, line);
	else
		REQUIRE(!record && why.text[0] != '\0');
	ldns_rr_free(record);
	free(line);
	return 0;
}
