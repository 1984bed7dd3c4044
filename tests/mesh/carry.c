/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/carry.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/lines.h"
#include "tests/mesh/must.h"
#include "tests/mesh/zones.h"

/* --- drivers ------------------------------------------------------------------------------------------ */

static struct happening *answer(struct world *world, struct member *member, struct driver *driver,
        enum happening_type type, const struct effect *effect)
{
	int64_t at_ms = world->now_ms + driver->ms + dice_upto(&world->dice, driver->jitter_ms);
	struct happening *happening;

	/* One piece of work after the other. */
	if (at_ms < driver->clear_ms)
		at_ms = driver->clear_ms;
	driver->clear_ms = at_ms;
	happening = calendar_add(&world->calendar, at_ms, type);
	happening->member = member;
	happening->life = member->life;
	happening->event.id = effect->id;
	happening->event.ok = true;
	return happening;
}

/* What the driver makes of this piece of work. */
static enum outcome driver_turn(struct driver *driver)
{
	enum outcome outcome = driver->outcome;

	if (driver->times > 0 && --driver->times == 0)
		driver->outcome = OUTCOME_WORKS;
	return outcome;
}

/* Notes name, and data as what is to be put there unless the work fails. */
static void answer_fill(
        struct happening *happening, enum outcome outcome, const char *name, struct effect *effect)
{
	snprintf(happening->name, sizeof happening->name, "%s", name);
	happening->data = effect->data;
	happening->length = effect->length;
	effect->data = NULL;
	happening->durable = outcome != OUTCOME_FAILS;
	happening->event.ok = outcome == OUTCOME_WORKS;
	happening->event.text = happening->event.ok ? "" : "the driver failed";
}

static void carry_persist(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->persist);
	struct happening *happening;

	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->persist, HAPPEN_PERSIST, effect);
	happening->event.type = EVENT_PERSISTED;
	answer_fill(happening, outcome, effect->name, effect);
}

static void carry_store(struct world *world, struct member *member, struct effect *effect)
{
	if (!dice_percent(&world->dice, member->shelf_loses))
		shelf_put(&member->shelf, effect);
}

static void carry_unstore(struct world *world, struct member *member, struct effect *effect)
{
	(void)world;
	shelf_del(&member->shelf, effect);
}

static void carry_tables(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->tables);
	struct happening *happening;

	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->tables, HAPPEN_TABLES, effect);
	happening->event.type = EVENT_TABLES;
	MUST(table_rows_copy(effect->rows, &happening->rows) == RESULT_OK, "out of memory");
	answer_fill(happening, outcome, "", effect);
}

static void carry_zone(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->zone);
	struct happening *happening;

	MUST(effect->name != NULL, "a zone without a name");
	/* As the real driver does: the last MX of a domain never goes. */
	if (strstr(files_text(&member->dns, effect->name), " MX ") != NULL &&
	        strstr((const char *)effect->data, " MX ") == NULL && outcome != OUTCOME_HANGS)
		outcome = OUTCOME_FAILS;
	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->zone, HAPPEN_ZONE, effect);
	happening->event.type = EVENT_ZONE;
	happening->event.serial = effect->serial_floor;
	answer_fill(happening, outcome, effect->name, effect);
}

static void carry_read(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->read);
	const struct file *file = files_find(&member->dns, effect->name);
	struct happening *happening;

	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->read, HAPPEN_ANSWER, effect);
	happening->event.type = EVENT_READ;
	happening->event.ok = outcome == OUTCOME_WORKS;
	happening->event.text = happening->event.ok ? "" : "the driver failed";
	if (file == NULL)
		return;
	happening->data = must_copy(file->data, file->length);
	happening->length = file->length;
	happening->event.data = bytes_of(happening->data, file->length);
}

static void carry_local(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->local);
	struct happening *happening;
	struct writer w;

	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->local, HAPPEN_ANSWER, effect);
	happening->event.type = EVENT_LOCAL;
	writer_init(&w, OBJECT_SIZE_MAX);
	mta_put_local(&member->mta, bytes_of(effect->data, effect->length), &w);
	MUST(w.error == RESULT_OK, "out of memory");
	happening->data = must_copy(w.data, w.length);
	happening->length = w.length;
	writer_fini(&w);
	happening->event.ok = outcome == OUTCOME_WORKS;
	happening->event.text = happening->event.ok ? "" : "the driver failed";
	happening->event.data = bytes_of(happening->data, happening->event.ok ? happening->length : 0);
}

/* Whose SMTP server is there, as far as this member can reach it. */
static const struct member *server_at(
        const struct world *world, const struct member *from, const struct address *address, uint16_t port)
{
	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = world->members[i];

		if (address_compare(&member->said.vpn.at[0], address) == 0 && member->said.smtp_port == port)
			return !member->off && net_reaches(&world->net, from, member) ? member : NULL;
	}
	return NULL;
}

static void answer_verdicts(struct happening *happening, const char *verdicts, size_t count)
{
	happening->event.type = EVENT_PROBED;
	happening->data = must_copy(verdicts, count);
	happening->length = count;
	happening->event.data = bytes_of(happening->data, count);
}

static void carry_rcpt(struct world *world, struct member *member, struct effect *effect)
{
	const struct member *server = server_at(world, member, &effect->address, effect->port);
	enum outcome outcome = driver_turn(&member->rcpt);
	struct lines lines = lines_of(bytes_of(effect->data, effect->length));
	struct line line;
	char verdicts[4096];
	size_t count = 0;

	if (outcome == OUTCOME_HANGS)
		return;
	while (lines_next(&lines, &line) && count < sizeof verdicts) {
		const uint8_t *at = memchr(line.fields[0].data, '@', line.fields[0].length);
		char domain[DOMAIN_LENGTH_MAX + 1] = "";

		MUST(at != NULL && line.count == 1, "no address: %s", (const char *)effect->data);
		at++;
		memcpy(domain, at, (size_t)(line.fields[0].data + line.fields[0].length - at));
		verdicts[count++] =
		        server == NULL || outcome != OUTCOME_WORKS ? 'u' : mta_rcpt(&server->mta, domain);
	}
	answer_verdicts(answer(world, member, &member->rcpt, HAPPEN_ANSWER, effect), verdicts, count);
}

static void carry_banner(struct world *world, struct member *member, struct effect *effect)
{
	const struct member *server = server_at(world, member, &effect->address, effect->port);
	enum outcome outcome = driver_turn(&member->banner);
	char verdict = server == NULL || outcome != OUTCOME_WORKS ? 'u' : mta_banner(&server->mta);

	if (outcome != OUTCOME_HANGS)
		answer_verdicts(answer(world, member, &member->banner, HAPPEN_ANSWER, effect), &verdict, 1);
}

static void carry_queue(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->queue);
	struct happening *happening;
	struct writer w;

	member->mta.lists++;
	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->queue, HAPPEN_ANSWER, effect);
	happening->event.type = EVENT_QUEUE;
	happening->event.serial = member->mta.lifetime_s;
	happening->event.ok = outcome == OUTCOME_WORKS;
	happening->event.text = happening->event.ok ? "" : "the driver failed";
	writer_init(&w, OBJECT_SIZE_MAX);
	mta_put_queue(&member->mta, bytes_of(effect->data, effect->length), &w);
	MUST(w.error == RESULT_OK, "out of memory");
	happening->data = must_copy(w.data, w.length);
	happening->length = w.length;
	writer_fini(&w);
	happening->event.data = bytes_of(happening->data, happening->event.ok ? happening->length : 0);
}

/* Whether mail for a domain gets through to where the tables send it. */
static bool home_answers(const struct world *world, const struct member *member, const char *domain)
{
	const struct table_row *row = table_rows_find(&member->mta.rows, bytes_of(domain, strlen(domain)));
	const struct member *server = NULL;

	if (row != NULL && row->route.count > 0 && !row->waits)
		server = server_at(world, member, &row->route.hops[0].address, row->route.hops[0].port);
	return server != NULL && mta_banner(&server->mta) == 's';
}

static void carry_flush(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->flush);
	struct lines lines = lines_of(bytes_of(effect->data, effect->length));
	struct happening *happening;
	struct line line;

	if (outcome == OUTCOME_HANGS)
		return;
	member->mta.flushes++;
	while (outcome != OUTCOME_FAILS && lines_next(&lines, &line)) {
		char domain[DOMAIN_LENGTH_MAX + 1] = "";

		MUST(line.count == 1 && line.fields[0].length <= DOMAIN_LENGTH_MAX, "no domain to flush");
		memcpy(domain, line.fields[0].data, line.fields[0].length);
		if (world->flush != NULL)
			world->flush(world, member, domain);
		else
			mta_flush(&member->mta, domain, home_answers(world, member, domain));
	}
	happening = answer(world, member, &member->flush, HAPPEN_ANSWER, effect);
	happening->event.type = EVENT_FLUSHED;
	happening->event.ok = outcome == OUTCOME_WORKS;
	happening->event.text = happening->event.ok ? "" : "the driver failed";
}

/* The servers are asked when the look is over: what it took is on the way there. */
static void carry_look(struct world *world, struct member *member, struct effect *effect)
{
	enum outcome outcome = driver_turn(&member->look);
	struct happening *happening;

	if (outcome == OUTCOME_HANGS)
		return;
	happening = answer(world, member, &member->look, HAPPEN_LOOK, effect);
	happening->event.type = EVENT_LOOKED;
	answer_fill(happening, outcome, "", effect);
}

void carry_answer(struct world *world, struct happening *happening)
{
	struct member *member = happening->member;
	struct bytes data = bytes_of(happening->data, happening->length);
	struct writer report, looked;

	writer_init(&report, OBJECT_SIZE_MAX);
	writer_init(&looked, OBJECT_SIZE_MAX);
	if (happening->type == HAPPEN_PERSIST && happening->durable)
		files_put(&member->disk, happening->name, data);
	if (happening->type == HAPPEN_ZONE && happening->durable) {
		files_put(&member->dns, happening->name, data);
		zones_check(&member->dns, member->pools.list[0].text);
		public_dns_written(
		        &world->dns, member, happening->name, (const char *)happening->data, world->now_ms);
	}
	if (happening->type == HAPPEN_TABLES && happening->durable)
		mta_write(&member->mta, &happening->rows);
	if (happening->type == HAPPEN_TABLES && happening->event.ok) {
		mta_put_report(&member->mta, &happening->rows, &report);
		happening->event.data = writer_bytes(&report);
	}
	if (happening->type == HAPPEN_LOOK && happening->event.ok) {
		if (world->look != NULL)
			world->look(world, member, data, &looked);
		else
			public_dns_look(&world->dns, world->now_ms, data, &looked);
		happening->event.data = writer_bytes(&looked);
	}
	world_event(world, member, &happening->event);
	writer_fini(&report);
	writer_fini(&looked);
}

/* --- connections --------------------------------------------------------------------------------------- */

static struct happening *plan_connection(
        struct world *world, struct connection *connection, int64_t at_ms, enum happening_type type)
{
	struct happening *happening = calendar_add(&world->calendar, at_ms, type);

	happening->connection = connection;
	connection->planned++;
	return happening;
}

/* Bytes toward an end, or with none its end. */
static void push(struct world *world, struct connection *connection, unsigned end, struct bytes bytes)
{
	struct pipe *pipe = &connection->toward[end];
	struct segment *segment = must_alloc(sizeof *segment + bytes.length);
	int64_t at_ms = net_arrival(&world->net, &world->dice, connection, end, bytes.length, world->now_ms);

	segment->length = bytes.length;
	if (bytes.length > 0)
		memcpy(segment->data, bytes.data, bytes.length);
	if (pipe->last != NULL)
		pipe->last->next = segment;
	else
		pipe->first = segment;
	pipe->last = segment;
	plan_connection(world, connection, at_ms, HAPPEN_SEGMENT)->side = end;
}

static struct segment *pop(struct pipe *pipe)
{
	struct segment *segment = pipe->first;

	pipe->first = segment->next;
	if (pipe->first == NULL)
		pipe->last = NULL;
	return segment;
}

static void carry_dial(struct world *world, struct member *member, struct effect *effect)
{
	struct connection *connection = net_connect(&world->net);

	connection->ends[0] = member;
	connection->lives[0] = member->life;
	connection->ids[0] = effect->session;
	connection->open[0] = true;
	connection->address = effect->address;
	connection->port = effect->port;
	net_attach(member, connection);
	plan_connection(world, connection,
	        net_arrival(&world->net, &world->dice, connection, 1, 0, world->now_ms), HAPPEN_KNOCK);
}

static void carry_send(struct world *world, struct member *member, struct effect *effect)
{
	unsigned end;
	struct connection *connection = net_find(member, effect->session, &end);

	if (connection != NULL)
		push(world, connection, 1 - end, bytes_of(effect->data, effect->length));
}

static void end_close(struct connection *connection, unsigned end)
{
	connection->open[end] = false;
	if (connection->ends[end] != NULL)
		net_detach(connection->ends[end], connection);
}

static void carry_close(struct world *world, struct member *member, struct effect *effect)
{
	unsigned end;
	struct connection *connection = net_find(member, effect->session, &end);

	if (connection == NULL)
		return;
	end_close(connection, end);
	if (connection->open[1 - end])
		push(world, connection, 1 - end, bytes_of(NULL, 0));
	net_drop(&world->net, connection);
}

/* Tells an end's core, if it still believes in the connection, that it is gone. */
static void end_down(struct world *world, struct connection *connection, unsigned end, const char *text)
{
	struct event event = {.type = EVENT_SESSION_DOWN,
	        .session = connection->ids[end],
	        .refused = strcmp(text, "Connection refused") == 0,
	        .text = text};

	if (!connection->open[end])
		return;
	end_close(connection, end);
	if (connection->ends[end] == NULL)
		connection->heard(connection->outsider, bytes_of(NULL, 0));
	else
		world_event(world, connection->ends[end], &event);
}

static struct member *listener_at(const struct world *world, const struct address *address, uint16_t port)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct member *member = world->members[i];

		if (address_compare(&member->said.vpn.at[0], address) == 0 && member->said.mesh_port == port)
			return member;
	}
	return NULL;
}

static void end_accept(
        struct world *world, struct connection *connection, struct member *target, const struct address *from)
{
	struct event event = {.type = EVENT_SESSION_UP, .address = *from, .port = 40000};

	connection->ends[1] = target;
	connection->lives[1] = target->life;
	connection->ids[1] = event.session = 0x80000000u | ++target->next_incoming;
	connection->open[1] = true;
	net_attach(target, connection);
	world_event(world, target, &event);
}

static void knock(struct world *world, struct connection *connection)
{
	struct member *target = listener_at(world, &connection->address, connection->port);
	struct member *from = connection->ends[0];
	bool there = target != NULL && net_reaches(&world->net, from, target);

	if (!connection->open[0])
		return;
	if (there && target->core != NULL) {
		plan_connection(world, connection,
		        net_arrival(&world->net, &world->dice, connection, 0, 0, world->now_ms),
		        HAPPEN_OPENED);
		end_accept(world, connection, target, &from->said.vpn.at[0]);
		return;
	}
	connection->refused = there;
	plan_connection(world, connection,
	        there ? net_arrival(&world->net, &world->dice, connection, 0, 0, world->now_ms)
	              : world->now_ms + world->net.dial_timeout_ms,
	        HAPPEN_OPENED);
}

/* The dialler learns how its dial went. */
static void opened(struct world *world, struct connection *connection)
{
	struct event event = {.type = EVENT_SESSION_UP,
	        .session = connection->ids[0],
	        .address = connection->address,
	        .port = connection->port};

	if (!connection->open[0])
		return;
	if (connection->ends[1] != NULL)
		world_event(world, connection->ends[0], &event);
	else
		end_down(world, connection, 0,
		        connection->refused ? "Connection refused" : "No route to host");
}

enum { TRY_FIRST_MS = 500, TRY_LAST_MS = 120000 };

/* What arrives at a machine whose program knows nothing of the connection is answered by a reset. */
static void deliver(struct world *world, struct connection *connection, unsigned end, struct segment *segment)
{
	struct member *member = connection->ends[end];
	bool gone = !connection->open[end];

	if (gone && segment->length > 0 && connection->open[1 - end])
		push(world, connection, 1 - end, bytes_of(NULL, 0));
	if (gone)
		return;
	if (segment->length == 0) {
		end_down(world, connection, end, "closed by the other side");
		return;
	}
	if (member == NULL) {
		connection->heard(connection->outsider, bytes_of(segment->data, segment->length));
		return;
	}
	member->restless = 0;
	core_recv(member->core, member_now(member, world->now_ms), connection->ids[end],
	        bytes_of(segment->data, segment->length));
	world_settle(world, member);
}

/* TCP tries again, later and later, at least every two minutes. */
static int64_t next_try_ms(const struct world *world, struct pipe *pipe)
{
	int64_t wait_ms;

	if (pipe->blocked_ms == 0)
		pipe->blocked_ms = world->now_ms;
	wait_ms = world->now_ms - pipe->blocked_ms;
	if (wait_ms < TRY_FIRST_MS)
		wait_ms = TRY_FIRST_MS;
	return world->now_ms + (wait_ms < TRY_LAST_MS ? wait_ms : TRY_LAST_MS);
}

static void segment_arrives(struct world *world, struct connection *connection, unsigned end)
{
	struct pipe *pipe = &connection->toward[end];
	struct segment *segment;

	/* What nobody waits for is lost with the packets that carried it. */
	if (connection->open[end] &&
	        !net_passes(&world->net, connection->ends[1 - end], connection->ends[end])) {
		plan_connection(world, connection, next_try_ms(world, pipe), HAPPEN_SEGMENT)->side = end;
		return;
	}
	pipe->blocked_ms = 0;
	segment = pop(pipe);
	deliver(world, connection, end, segment);
	free(segment);
}

void carry_connection(struct world *world, struct happening *happening)
{
	struct connection *connection = happening->connection;

	if (happening->type == HAPPEN_KNOCK)
		knock(world, connection);
	else if (happening->type == HAPPEN_OPENED)
		opened(world, connection);
	else
		segment_arrives(world, connection, happening->side);
	connection->planned--;
	net_drop(&world->net, connection);
}

/* --- outsiders -------------------------------------------------------------------------------------------
 */

struct connection *world_intrude(struct world *world, struct member *target, const struct address *from,
        void (*heard)(void *outsider, struct bytes bytes), void *outsider)
{
	struct connection *connection = net_connect(&world->net);

	connection->heard = heard;
	connection->outsider = outsider;
	connection->open[0] = true;
	end_accept(world, connection, target, from);
	return connection;
}

void world_intrude_send(struct world *world, struct connection *connection, struct bytes bytes)
{
	push(world, connection, 1, bytes);
}

void world_intrude_close(struct world *world, struct connection *connection)
{
	end_close(connection, 0);
	push(world, connection, 1, bytes_of(NULL, 0));
}

/* --- death -------------------------------------------------------------------------------------------------
 */

/* The member's earliest write under way after the one of that order, or NULL. */
static const struct happening *next_write(
        const struct world *world, const struct member *member, uint64_t from)
{
	const struct happening *next = NULL;

	for (size_t i = 0; i < world->calendar.count; i++) {
		const struct happening *happening = world->calendar.heap[i];

		if (happening->type == HAPPEN_PERSIST && happening->member == member &&
		        happening->life == member->life && happening->durable && happening->order >= from &&
		        (next == NULL || happening->order < next->order))
			next = happening;
	}
	return next;
}

/* A write under way may have reached the disk, or not, whatever came of others. */
static void settle_writes(struct world *world, struct member *member)
{
	const struct happening *write;

	for (uint64_t from = 0; (write = next_write(world, member, from)) != NULL; from = write->order + 1) {
		if (dice_percent(&world->dice, 50))
			files_put(&member->disk, write->name, bytes_of(write->data, write->length));
	}
}

void carry_death(struct world *world, struct member *member, bool reset)
{
	settle_writes(world, member);
	while (member->connection_count > 0) {
		struct connection *connection = member->connections[0];
		/* Somebody may have dialled itself. */
		unsigned end = connection->ends[0] == member && connection->open[0] ? 0 : 1;

		end_close(connection, end);
		if (reset && connection->open[1 - end] && connection->ends[1] != NULL)
			push(world, connection, 1 - end, bytes_of(NULL, 0));
	}
}

void carry_reset(struct world *world, const struct member *a, const struct member *b)
{
	for (struct connection *at = world->net.first; at != NULL; at = at->next) {
		bool between =
		        (at->ends[0] == a && at->ends[1] == b) || (at->ends[0] == b && at->ends[1] == a);

		for (unsigned end = 0; between && end < 2; end++) {
			if (at->open[end])
				push(world, at, end, bytes_of(NULL, 0));
		}
	}
}

/* --- rows --------------------------------------------------------------------------------------------------
 */

static void carry_nothing(struct world *world, struct member *member, struct effect *effect)
{
	(void)world;
	(void)member;
	(void)effect;
}

void carry_out(struct world *world, struct member *member, struct effect *effect)
{
	static void (*const rows[])(struct world *, struct member *, struct effect *) = {
	        [EFFECT_PERSIST] = carry_persist,
	        [EFFECT_SEND] = carry_send,
	        [EFFECT_DIAL] = carry_dial,
	        [EFFECT_CLOSE] = carry_close,
	        [EFFECT_TABLES] = carry_tables,
	        [EFFECT_ZONE] = carry_zone,
	        [EFFECT_READ] = carry_read,
	        [EFFECT_LOCAL] = carry_local,
	        [EFFECT_BANNER] = carry_banner,
	        [EFFECT_RCPT] = carry_rcpt,
	        [EFFECT_QUEUE] = carry_queue,
	        [EFFECT_FLUSH] = carry_flush,
	        [EFFECT_LOOK] = carry_look,
	        [EFFECT_STORE] = carry_store,
	        [EFFECT_UNSTORE] = carry_unstore,
	        [EFFECT_ALARM] = carry_nothing,
	        [EFFECT_AUDIT] = carry_nothing,
	};

	rows[effect->type](world, member, effect);
}
