/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/damage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mesh/must.h"

enum { APPENDED_MAX = 20 * DAMAGE_PAGE, PATH_SIZE = 4096, VERSION_AT = 20, MAGIC_AT = 16 };

/* What stands in the place of data.mdb. */
enum shape { SHAPE_FILE, SHAPE_NOTHING, SHAPE_DIRECTORY, SHAPE_LINK, SHAPE_FORBIDDEN, SHAPE_NO_STORE };

struct damage {
	const struct good_store *good;
	uint8_t *bytes; /* with room for APPENDED_MAX more */
	size_t length;
	enum shape shape;
	uint64_t dice;
};

static size_t draw(struct damage *d, size_t below)
{
	d->dice = d->dice * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(d->dice >> 33) % below;
}

static uint8_t *draw_page(struct damage *d)
{
	return d->bytes + draw(d, d->length / DAMAGE_PAGE) * DAMAGE_PAGE;
}

static void add_noise(struct damage *d, uint8_t *to, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = (uint8_t)draw(d, 256);
}

static void flip_bit(struct damage *d)
{
	d->bytes[draw(d, d->length)] ^= (uint8_t)(1u << draw(d, 8));
}

static void flip_bits(struct damage *d)
{
	for (size_t count = 2 + draw(d, 63); count > 0; count--)
		flip_bit(d);
}

/* Its number, flags, bounds, and where its first rows lie. */
static void change_page_header(struct damage *d)
{
	draw_page(d)[draw(d, 24)] = (uint8_t)draw(d, 256);
}

static void zero_page(struct damage *d)
{
	memset(draw_page(d), 0, DAMAGE_PAGE);
}

static void fill_page(struct damage *d)
{
	memset(draw_page(d), 0xff, DAMAGE_PAGE);
}

/* As after a write that never came to the disk, or came to the wrong place. */
static void copy_page(struct damage *d)
{
	memmove(draw_page(d), draw_page(d), DAMAGE_PAGE);
}

static void swap_pages(struct damage *d)
{
	uint8_t *one = draw_page(d), *other = draw_page(d), kept[DAMAGE_PAGE];

	memcpy(kept, one, DAMAGE_PAGE);
	memmove(one, other, DAMAGE_PAGE);
	memcpy(other, kept, DAMAGE_PAGE);
}

static void noise_page(struct damage *d)
{
	add_noise(d, draw_page(d), DAMAGE_PAGE);
}

static void noise_sector(struct damage *d)
{
	add_noise(d, draw_page(d) + 512 * draw(d, 8), 512);
}

static void noise_many_pages(struct damage *d)
{
	for (size_t count = 1 + draw(d, 20); count > 0; count--)
		noise_page(d);
}

static void change_one_meta(struct damage *d)
{
	d->bytes[draw(d, 2) * DAMAGE_PAGE + draw(d, 200)] ^= (uint8_t)(1 + draw(d, 255));
}

static void change_both_metas(struct damage *d)
{
	d->bytes[draw(d, 200)] ^= (uint8_t)(1 + draw(d, 255));
	d->bytes[DAMAGE_PAGE + draw(d, 200)] ^= (uint8_t)(1 + draw(d, 255));
}

/* Roots of an earlier time, over pages that were used anew since. */
static void put_old_metas(struct damage *d)
{
	memcpy(d->bytes, d->good->old_metas, DAMAGE_METAS);
	if (draw(d, 2) == 0)
		flip_bit(d);
}

static void put_one_old_meta(struct damage *d)
{
	size_t at = draw(d, 2) * DAMAGE_PAGE;

	memcpy(d->bytes + at, d->good->old_metas + draw(d, 2) * DAMAGE_PAGE, DAMAGE_PAGE);
}

/* Roots that are whole, over a file of another time. */
static void zero_tail(struct damage *d)
{
	size_t at = DAMAGE_METAS + draw(d, d->length - DAMAGE_METAS);

	memset(d->bytes + at, 0, d->length - at);
}

static void cut_anywhere(struct damage *d)
{
	d->length = draw(d, d->length);
}

static void cut_at_page(struct damage *d)
{
	d->length = draw(d, d->length / DAMAGE_PAGE) * DAMAGE_PAGE;
}

static void append_noise(struct damage *d)
{
	size_t length = 1 + draw(d, APPENDED_MAX);

	add_noise(d, d->bytes + d->length, length);
	d->length += length;
}

static void empty(struct damage *d)
{
	d->length = 0;
}

static void noise_all(struct damage *d)
{
	add_noise(d, d->bytes, d->length);
}

/* Of another LMDB, or of none. */
static void change_version(struct damage *d)
{
	size_t at = draw(d, 2) == 0 ? VERSION_AT : MAGIC_AT;
	uint8_t version = (uint8_t)(2 + draw(d, 200));

	d->bytes[at] = d->bytes[DAMAGE_PAGE + at] = version;
}

static void be_nothing(struct damage *d)
{
	d->shape = SHAPE_NOTHING;
}

static void be_a_directory(struct damage *d)
{
	d->shape = SHAPE_DIRECTORY;
}

static void be_a_link(struct damage *d)
{
	d->shape = SHAPE_LINK;
}

static void be_forbidden(struct damage *d)
{
	d->shape = SHAPE_FORBIDDEN;
}

static void be_no_store(struct damage *d)
{
	d->shape = SHAPE_NO_STORE;
}

static const struct {
	const char *name;
	void (*work)(struct damage *d);
} ways[] = {
        {"one bit", flip_bit},
        {"some bits", flip_bits},
        {"the header of a page", change_page_header},
        {"a page of zeroes", zero_page},
        {"a page of ones", fill_page},
        {"a page twice", copy_page},
        {"two pages exchanged", swap_pages},
        {"a page of noise", noise_page},
        {"a sector of noise", noise_sector},
        {"pages of noise", noise_many_pages},
        {"a root changed", change_one_meta},
        {"both roots changed", change_both_metas},
        {"old roots", put_old_metas},
        {"an old root", put_one_old_meta},
        {"zeroes to the end", zero_tail},
        {"cut anywhere", cut_anywhere},
        {"cut at a page", cut_at_page},
        {"noise appended", append_noise},
        {"empty", empty},
        {"all noise", noise_all},
        {"another version", change_version},
        {"no file", be_nothing},
        {"a directory", be_a_directory},
        {"a link to nothing", be_a_link},
        {"not readable", be_forbidden},
        {"a file as the store", be_no_store},
};

unsigned damage_ways(void)
{
	return sizeof ways / sizeof ways[0];
}

const char *damage_name(unsigned number)
{
	return ways[number % damage_ways()].name;
}

/* --- files -------------------------------------------------------------------------------------------- */

static void write_file(const char *path, const struct damage *d)
{
	FILE *file = fopen(path, "w");

	MUST(file != NULL && fwrite(d->bytes, 1, d->length, file) == d->length && fclose(file) == 0, "%s: %s",
	        path, strerror(errno));
}

static void put_in_place(const struct damage *d, const char *dir)
{
	char path[PATH_SIZE], inside[PATH_SIZE + 16];

	snprintf(path, sizeof path, "%s/data.mdb", dir);
	snprintf(inside, sizeof inside, "%s/something", path);
	if (d->shape == SHAPE_NO_STORE) {
		write_file(dir, d);
		return;
	}
	MUST(mkdir(dir, 0700) == 0, "%s: %s", dir, strerror(errno));
	if (d->shape == SHAPE_FILE || d->shape == SHAPE_FORBIDDEN)
		write_file(path, d);
	if (d->shape == SHAPE_FORBIDDEN)
		MUST(chmod(path, 0) == 0, "%s", path);
	if (d->shape == SHAPE_LINK)
		MUST(symlink("/nowhere/at/all", path) == 0, "%s", path);
	if (d->shape == SHAPE_DIRECTORY) {
		MUST(mkdir(path, 0700) == 0, "%s", path);
		write_file(inside, d);
	}
}

void damage_make(const struct good_store *good, unsigned number, const char *dir)
{
	struct damage d = {.good = good, .length = good->length, .dice = number};

	d.bytes = must_alloc(good->length + APPENDED_MAX);
	memcpy(d.bytes, good->bytes, good->length);
	for (unsigned i = 0; i < 8; i++)
		draw(&d, 2); /* small numbers begin alike */
	ways[number % damage_ways()].work(&d);
	put_in_place(&d, dir);
	free(d.bytes);
}

static size_t read_file(const char *path, uint8_t *bytes, size_t room)
{
	FILE *file = fopen(path, "r");
	size_t length;

	MUST(file != NULL, "%s: %s", path, strerror(errno));
	length = fread(bytes, 1, room, file);
	fclose(file);
	return length;
}

void damage_read(struct good_store *good, const char *dir, const char *metas)
{
	char path[PATH_SIZE];
	struct stat found;

	snprintf(path, sizeof path, "%s/data.mdb", dir);
	MUST(stat(path, &found) == 0 && found.st_size > 8 * DAMAGE_PAGE, "%s is no store", path);
	good->bytes = must_alloc((size_t)found.st_size);
	good->length = read_file(path, good->bytes, (size_t)found.st_size);
	MUST(read_file(metas, good->old_metas, DAMAGE_METAS) == DAMAGE_METAS, "%s is too short", metas);
}
