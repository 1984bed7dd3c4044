/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/effect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void effect_fini(struct effect *effect)
{
	free(effect->data);
	effect->data = NULL;
}

void effects_fini(struct effects *effects)
{
	struct effect effect;

	while (effects_take(effects, &effect))
		effect_fini(&effect);
}

void effects_put(struct effects *effects, const struct effect *effect)
{
	struct effect_item *item = malloc(sizeof *item);

	/* one whose data nobody could copy is none */
	if (item == NULL || (effect->data == NULL && effect->length > 0)) {
		effects->failed = true;
		free(effect->data);
		free(item);
		return;
	}
	*item = (struct effect_item){.effect = *effect};
	if (effects->last != NULL)
		effects->last->next = item;
	else
		effects->first = item;
	effects->last = item;
}

void effects_say(struct effects *effects, enum effect_type type, const char *format, ...)
{
	struct effect effect = {.type = type};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(effect.text, sizeof effect.text, format, arguments);
	va_end(arguments);
	effects_put(effects, &effect);
}

bool effects_take(struct effects *effects, struct effect *out)
{
	struct effect_item *item = effects->first;

	if (item == NULL)
		return false;
	*out = item->effect;
	effects->first = item->next;
	if (effects->first == NULL)
		effects->last = NULL;
	free(item);
	return true;
}

uint8_t *effect_data(struct bytes bytes)
{
	uint8_t *copy = malloc(bytes.length + 1);

	if (copy == NULL)
		return NULL;
	if (bytes.length > 0)
		memcpy(copy, bytes.data, bytes.length);
	copy[bytes.length] = '\0';
	return copy;
}
