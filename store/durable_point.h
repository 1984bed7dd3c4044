/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Durable points: the places around everything that is made durable, or that tells somebody that something
 * is. In a build with -Ddurable_points=true a test kills the process there, and its helper with it: all of
 * its process group, as a power cut or a service manager would. Other builds contain nothing of this.
 *
 * MESH_DIE_AT=NAME:N in the environment: dies when a process of it passes NAME for the Nth time. The table is
 * what the test walks over: a point that is never reached fails it.
 */
#ifndef STORE_DURABLE_POINT_H
#define STORE_DURABLE_POINT_H

/* clang-format off */
#define DURABLE_POINTS_TABLE(POINT) \
	/* small files: store/fact_file.c */ \
	POINT(FACT_BEGUN, "fact-begun") \
	POINT(FACT_OPENED, "fact-opened")   /* the temporary file is empty */ \
	POINT(FACT_FILLED, "fact-filled")   /* not yet on disk */ \
	POINT(FACT_SYNCED, "fact-synced") \
	POINT(FACT_LINKED, "fact-linked")   /* a created one has both its names */ \
	POINT(FACT_RENAMED, "fact-renamed") /* the directory isn't on disk yet */ \
	POINT(FACT_DURABLE, "fact-durable") \
	POINT(FACT_REMOVED, "fact-removed") \
	POINT(FACT_REMOVED_DURABLE, "fact-removed-durable") \
	/* the cache: store/store.c, store/store_dir.c */ \
	POINT(STORE_CREATED, "store-created") \
	POINT(STORE_COMMIT, "store-commit") \
	POINT(STORE_COMMITTED, "store-committed") \
	POINT(STORE_ASIDE, "store-aside")   /* no store is in its place */ \
	POINT(STORE_PLACED, "store-placed") \
	POINT(STORE_REPLACED, "store-replaced") \
	POINT(STORE_SETTLED, "store-settled") \
	/* the core's orders: agent/loop.c */ \
	POINT(PERSIST_ORDERED, "persist-ordered") \
	POINT(PERSIST_DONE, "persist-done") /* the core hasn't heard of it */ \
	POINT(SEND_ORDERED, "send-ordered") \
	POINT(SEND_DONE, "send-done") \
	/* tables and zones, in the helper: agent/driver/ */ \
	POINT(TEXT_BEGUN, "text-begun") \
	POINT(TEXT_OPENED, "text-opened") \
	POINT(TEXT_FILLED, "text-filled") \
	POINT(TEXT_SYNCED, "text-synced") \
	POINT(TEXT_RENAMED, "text-renamed") \
	POINT(TEXT_DURABLE, "text-durable") \
	POINT(TABLE_MARKED, "table-marked") /* the source is still the old one */ \
	POINT(TABLE_WRITTEN, "table-written") \
	POINT(TABLE_BUILT, "table-built")   /* the marker is still there */ \
	POINT(TABLE_DONE, "table-done") \
	POINT(ZONE_WRITTEN, "zone-written") \
	POINT(ZONE_LOADED, "zone-loaded") \
	POINT(HELPER_ANSWERS, "helper-answers") \
	/* what the operator is told: agent/control/control.c */ \
	POINT(REPLY_MADE, "reply-made") \
	POINT(REPLY_SENT, "reply-sent")
/* clang-format on */

#ifdef DURABLE_POINTS
#define DURABLE_POINT_ENUM(name, text) DURABLE_##name,
enum durable_point { DURABLE_POINTS_TABLE(DURABLE_POINT_ENUM) DURABLE_COUNT };

void durable_point_pass(enum durable_point point);
#define DURABLE_POINT(name) durable_point_pass(DURABLE_##name)
#else
#define DURABLE_POINT(name) ((void)0)
#endif

#endif
