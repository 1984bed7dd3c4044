/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/plan_memory.h"

#include <stdlib.h>

void plan_memory_fini(struct plan_memory *memory)
{
	free(memory->resting);
	free(memory->breakers);
	free(memory->failing);
	free(memory->clearings);
	*memory = (struct plan_memory){.resting_count = 0};
}

void plan_memory_forget(struct plan_memory *memory)
{
	memory->resting_count = 0;
}

/* Both kinds of rows begin with the domain. */
static int compare_domains(const void *domain, const void *row)
{
	return strcmp(domain, ((const struct domain_name *)row)->text);
}

const struct breaker *plan_memory_breaker(const struct plan_memory *memory, const char *domain)
{
	if (memory->breaker_count == 0)
		return NULL;
	return bsearch(
	        domain, memory->breakers, memory->breaker_count, sizeof *memory->breakers, compare_domains);
}

const struct clearing *plan_memory_clearing(const struct plan_memory *memory, const char *domain)
{
	if (memory->clearing_count == 0)
		return NULL;
	return bsearch(domain, memory->clearings, memory->clearing_count, sizeof *memory->clearings,
	        compare_domains);
}

void plan_memory_postpone(struct plan_memory *memory, int64_t since_ms, int64_t now_ms)
{
	for (unsigned i = 0; i < memory->breaker_count; i++) {
		if (memory->breakers[i].failed_ms >= since_ms)
			memory->breakers[i].failed_ms = now_ms;
	}
}

static bool is_failing(const struct plan_memory *memory, const char *domain)
{
	return memory->failing_count > 0 && bsearch(domain, memory->failing, memory->failing_count,
	                                            sizeof *memory->failing, compare_domains) != NULL;
}

static int compare_breakers(const void *a, const void *b)
{
	return strcmp(((const struct breaker *)a)->domain.text, ((const struct breaker *)b)->domain.text);
}

enum result plan_memory_adopt(struct plan_memory *memory, int64_t now_ms, int64_t oldest_ms)
{
	struct breaker *breakers;
	unsigned count = 0;

	if (memory->breaker_count + memory->failing_count == 0)
		return RESULT_OK;
	breakers = malloc((memory->breaker_count + memory->failing_count) * sizeof *breakers);
	if (breakers == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; i < memory->breaker_count; i++) {
		const struct breaker *breaker = &memory->breakers[i];

		if (breaker->failed_ms >= oldest_ms && !is_failing(memory, breaker->domain.text))
			breakers[count++] = *breaker;
	}
	for (unsigned i = 0; i < memory->failing_count; i++) {
		breakers[count] = memory->failing[i];
		breakers[count++].failed_ms = now_ms;
	}
	if (count > 0)
		qsort(breakers, count, sizeof *breakers, compare_breakers);
	free(memory->breakers);
	memory->breakers = breakers;
	memory->breaker_count = count;
	memory->failing_count = 0;
	return RESULT_OK;
}
