/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Calendar: what will happen in a world, in order of virtual time; what is due at the same time happens in
 * the order in which it was put in. A binary heap.
 */
#ifndef TESTS_MESH_CALENDAR_H
#define TESTS_MESH_CALENDAR_H

#include "proto/core.h"

struct connection;
struct member;
struct world;

enum happening_type {
	HAPPEN_WAKE,    /* member: its core is due */
	HAPPEN_ANSWER,  /* member: event, for its present life only */
	HAPPEN_PERSIST, /* member: event; the file `name` gets `data` first if `durable` */
	HAPPEN_TABLES,  /* member: event; the MTA gets `rows` first, if ok */
	HAPPEN_ZONE,    /* member: event; the zone `name` gets `data` first, if ok */
	HAPPEN_LOOK,    /* member: event, with what public DNS then says of the names in `data`, if ok */
	HAPPEN_KNOCK,   /* connection: its first packet arrives */
	HAPPEN_OPENED,  /* connection: the dialler learns that it is there */
	HAPPEN_SEGMENT, /* connection, side: bytes, or its end, arrive there */
	HAPPEN_CALL,    /* call(world, context) */
};

struct happening {
	int64_t at_ms;
	uint64_t order;
	enum happening_type type;
	struct member *member;
	unsigned life; /* of the member: what was meant for an earlier one is dropped */
	struct event event;
	bool durable;
	char name[DOMAIN_LENGTH_MAX + 1];
	uint8_t *data; /* owned; event.data may point into it */
	size_t length;
	struct table_rows rows; /* owned */
	struct connection *connection;
	unsigned side;
	void (*call)(struct world *world, void *context);
	void *context;
};

struct calendar {
	struct happening **heap;
	size_t count;
	size_t capacity;
	uint64_t next_order;
};

void calendar_fini(struct calendar *calendar);

/* A new happening, to be filled in before anything is taken out. */
struct happening *calendar_add(struct calendar *calendar, int64_t at_ms, enum happening_type type);

/* Takes out the earliest, the caller's, unless it is later than `until_ms`: then NULL. */
struct happening *calendar_take(struct calendar *calendar, int64_t until_ms);
void happening_destroy(struct happening *happening);

#endif
