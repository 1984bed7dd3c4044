/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/accept_limit.h"

bool accept_limit_moment(struct accept_limit *limit, int64_t now_ms)
{
	if (now_ms - limit->moment_ms >= ACCEPT_MOMENT_MS) {
		limit->moment_ms = now_ms;
		limit->in_moment = 0;
	}
	if (limit->in_moment == ACCEPT_MOMENT_MAX)
		return false;
	limit->in_moment++;
	return true;
}

/* In the place of whoever was quiet for longest, when there is no other. */
static struct accept_source *source_get(
        struct accept_limit *limit, int64_t now_ms, const struct address *address)
{
	struct accept_source *quietest = &limit->sources[0];

	for (unsigned i = 0; i < limit->count; i++) {
		if (address_compare(&limit->sources[i].address, address) == 0)
			return &limit->sources[i];
		if (limit->sources[i].empty_ms < quietest->empty_ms)
			quietest = &limit->sources[i];
	}
	if (limit->count < ACCEPT_SOURCES_MAX)
		quietest = &limit->sources[limit->count++];
	*quietest = (struct accept_source){.address = *address, .empty_ms = now_ms};
	return quietest;
}

bool accept_limit_source(struct accept_limit *limit, int64_t now_ms, const struct address *address)
{
	struct accept_source *source = source_get(limit, now_ms, address);

	if (source->empty_ms < now_ms)
		source->empty_ms = now_ms;
	if (source->empty_ms + ACCEPT_INTERVAL_MS > now_ms + ACCEPT_BURST * ACCEPT_INTERVAL_MS)
		return false;
	source->empty_ms += ACCEPT_INTERVAL_MS;
	return true;
}
