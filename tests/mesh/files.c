/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/files.h"

#include <stdlib.h>

#include "tests/mesh/must.h"

void files_fini(struct files *files)
{
	for (unsigned i = 0; i < files->count; i++)
		free(files->list[i].data);
	free(files->list);
	*files = (struct files){.count = 0};
}

static struct file *find(const struct files *files, const char *name)
{
	for (unsigned i = 0; i < files->count; i++) {
		if (strcmp(files->list[i].name, name) == 0)
			return &files->list[i];
	}
	return NULL;
}

const struct file *files_find(const struct files *files, const char *name)
{
	return find(files, name);
}

const char *files_text(const struct files *files, const char *name)
{
	const struct file *file = find(files, name);

	return file != NULL ? (const char *)file->data : "";
}

void files_put(struct files *files, const char *name, struct bytes data)
{
	struct file *file = find(files, name);

	if (file == NULL) {
		MUST(strlen(name) <= DOMAIN_LENGTH_MAX, "%s is too long", name);
		files->list = must_grow(files->list, (files->count + 1) * sizeof *files->list);
		file = &files->list[files->count++];
		*file = (struct file){.length = 0};
		memcpy(file->name, name, strlen(name));
	}
	free(file->data);
	file->data = must_copy(data.data, data.length);
	file->length = data.length;
	file->writes++;
}

void files_del(struct files *files, const char *name)
{
	struct file *file = find(files, name);

	if (file == NULL)
		return;
	free(file->data);
	*file = files->list[--files->count];
}
