/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Order in one wake-up: something happens -> one core_event() or core_recv() -> effects are carried out in
 * order until there are none -> the timer is set to core_due(). Files are written synchronously: what follows
 * a PERSIST must wait for it anyhow, and a few ms hurt nobody here. What may block longer is the helper's.
 */
#include "agent/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <uv.h>

#include "agent/agent.h"
#include "agent/agent_state.h"
#include "agent/command/commands.h"
#include "agent/config/settings_build.h"
#include "agent/errands.h"
#include "agent/glance/glance.h"
#include "agent/log.h"
#include "agent/memory.h"
#include "proto/facts.h"
#include "store/durable_point.h"
#include "store/fact_file.h"

enum { LOAD_MS = 2000, CLOSING_TURNS = 50, CLOSING_MS = 10, PIPES_OF_LOOP = 8 };

/* --- time and events --------------------------------------------------------------------------------- */

static struct moment now_is(void)
{
	uv_timeval64_t wall;

	uv_gettimeofday(&wall);
	return (struct moment){.mono_ms = (int64_t)(uv_hrtime() / 1000000),
	        .wall_ms = wall.tv_sec * 1000 + wall.tv_usec / 1000};
}

static void drain(struct agent *agent);

void agent_event(struct agent *agent, const struct event *event)
{
	core_event(agent->core, now_is(), event);
	drain(agent);
}

static void on_tick(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	struct moment now = now_is();

	store_keeper_tick(&agent->keeper, now);
	core_tick(agent->core, now);
	drain(agent);
}

static void set_timer(struct agent *agent)
{
	int64_t due = core_due(agent->core), now = now_is().mono_ms;

	if (store_keeper_due(&agent->keeper) < due)
		due = store_keeper_due(&agent->keeper);
	if (due == NEVER_MS || agent->stopping)
		uv_timer_stop(&agent->timer);
	else
		uv_timer_start(&agent->timer, on_tick, due > now ? (uint64_t)(due - now) : 0, 0);
}

/* --- connections ------------------------------------------------------------------------------------- */

static void on_opened(void *context, uint32_t id, const struct address *address, uint16_t port)
{
	agent_event(context,
	        &(struct event){.type = EVENT_SESSION_UP, .session = id, .address = *address, .port = port});
}

static void on_closed(void *context, uint32_t id, bool refused, const char *text)
{
	agent_event(context,
	        &(struct event){.type = EVENT_SESSION_DOWN, .session = id, .refused = refused, .text = text});
}

static void on_received(void *context, uint32_t id, struct bytes bytes)
{
	struct agent *agent = context;

	core_recv(agent->core, now_is(), id, bytes);
	drain(agent);
}

/* How loaded this machine is, in quarters of its processors, for the next beacon. */
static void on_load_due(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	double average[3];
	unsigned cores = uv_available_parallelism(), load;

	uv_loadavg(average);
	load = (unsigned)(average[0] * BEACON_LOAD_MAX / (cores > 0 ? cores : 1));
	if (load > BEACON_LOAD_MAX)
		load = BEACON_LOAD_MAX;
	if (load != core_node(agent->core)->load)
		agent_event(agent, &(struct event){.type = EVENT_LOAD, .id = load});
}

/* --- effects ---------------------------------------------------------------------------------------------
 */

static void on_persist(struct agent *agent, struct effect *effect)
{
	enum result result;

	DURABLE_POINT(PERSIST_ORDERED);
	result = fact_write(agent->var_fd, effect->name, effect->data, effect->length);
	DURABLE_POINT(PERSIST_DONE);
	if (result != RESULT_OK)
		log_line(LOG_ERROR, "can't write %s/%s: %s", agent->paths.var_dir, effect->name,
		        strerror(errno));
	core_event(agent->core, now_is(),
	        &(struct event){.type = EVENT_PERSISTED, .id = effect->id, .ok = result == RESULT_OK});
}

static void on_send(struct agent *agent, struct effect *effect)
{
	DURABLE_POINT(SEND_ORDERED);
	transport_send(agent->transport, effect->session, effect->data, effect->length);
	DURABLE_POINT(SEND_DONE);
	effect->data = NULL;
}

static void on_dial(struct agent *agent, struct effect *effect)
{
	const struct config *config = &agent->config;
	const struct address *from = &config->vpn_addresses[0];

	for (unsigned i = 0; i < config->vpn_address_count; i++) {
		if (config->vpn_addresses[i].length == effect->address.length)
			from = &config->vpn_addresses[i];
	}
	transport_dial(agent->transport, effect->session, from, &effect->address, effect->port);
}

static void on_close(struct agent *agent, struct effect *effect)
{
	transport_close(agent->transport, effect->session);
}

static void on_store(struct agent *agent, struct effect *effect)
{
	store_keeper_put(&agent->keeper, effect, now_is());
}

static void on_unstore(struct agent *agent, struct effect *effect)
{
	store_keeper_del(&agent->keeper, effect, now_is());
}

static void on_alarm(struct agent *agent, struct effect *effect)
{
	agent_note(agent, effect->text, now_is().wall_ms / 1000);
	log_line(LOG_WARNING, "%s", effect->text);
}

static void on_audit(struct agent *agent, struct effect *effect)
{
	(void)agent;
	log_line(LOG_NOTICE, "%s", effect->text);
}

static void carry_out(struct agent *agent, struct effect *effect)
{
	static void (*const rows[])(struct agent *, struct effect *) = {
	        [EFFECT_PERSIST] = on_persist,
	        [EFFECT_STORE] = on_store,
	        [EFFECT_UNSTORE] = on_unstore,
	        [EFFECT_SEND] = on_send,
	        [EFFECT_DIAL] = on_dial,
	        [EFFECT_CLOSE] = on_close,
	        [EFFECT_TABLES] = errand_tables,
	        [EFFECT_ZONE] = errand_zone,
	        [EFFECT_READ] = errand_read,
	        [EFFECT_LOCAL] = errand_local,
	        [EFFECT_BANNER] = errand_probe,
	        [EFFECT_RCPT] = errand_probe,
	        [EFFECT_LOOK] = errand_look,
	        [EFFECT_QUEUE] = errand_queue,
	        [EFFECT_FLUSH] = errand_flush,
	        [EFFECT_ALARM] = on_alarm,
	        [EFFECT_AUDIT] = on_audit,
	};

	if (!agent->stopping)
		rows[effect->type](agent, effect);
}

/* May be called from within itself, when the helper's queue answers at once: the outer one goes on. */
static void drain(struct agent *agent)
{
	struct effect effect;

	if (agent->draining)
		return;
	agent->draining = true;
	while (core_effect_next(agent->core, &effect)) {
		carry_out(agent, &effect);
		effect_fini(&effect);
	}
	agent->draining = false;
	MEMORY(!core_node(agent->core)->effects.failed);
	set_timer(agent);
}

/* --- what commands see -------------------------------------------------------------------------------------
 */

const struct paths *agent_paths(const struct agent *agent)
{
	return &agent->paths;
}

const struct config *agent_config(const struct agent *agent)
{
	return &agent->config;
}

const uint8_t *agent_root_key(const struct agent *agent)
{
	return agent->identity.root;
}

int64_t agent_wall_s(const struct agent *agent)
{
	(void)agent;
	return now_is().wall_ms / 1000;
}

struct moment agent_now(const struct agent *agent)
{
	(void)agent;
	return now_is();
}

int64_t agent_mono_ms(const struct agent *agent)
{
	(void)agent;
	return now_is().mono_ms;
}

json_t *agent_departure(const struct agent *agent)
{
	struct glance glance = glance_of(agent);

	return glance_departure(&glance);
}

json_t *agent_recovery(const struct agent *agent)
{
	struct glance glance = glance_of(agent);

	return glance_recovery(&glance);
}

void agent_recover(struct agent *agent)
{
	agent_event(agent, &(struct event){.type = EVENT_RECOVER});
}

json_t *agent_release(const struct agent *agent, const char *domain)
{
	struct glance glance = glance_of(agent);

	return glance_release(&glance, domain);
}

void agent_note(struct agent *agent, const char *text, int64_t wall_s)
{
	struct agent_note *note = &agent->notes[agent->note_count++ % AGENT_NOTES_MAX];

	note->wall_s = wall_s;
	snprintf(note->text, sizeof note->text, "%s", text);
}

/* --- settings ---------------------------------------------------------------------------------------- */

/* Puts what was loaded into the core. Takes config and files; on failure both are dropped. */
static enum result agent_enforce(struct agent *agent, struct config *config, struct operator_files *files)
{
	struct settings settings;
	enum result result = settings_build(config, files, agent->suffixes, &settings);

	if (result != RESULT_OK) {
		config_fini(config);
		operator_files_fini(files);
		return result;
	}
	config_fini(&agent->config);
	operator_files_fini(&agent->files);
	agent->config = *config;
	agent->files = *files;
	core_event(agent->core, now_is(), &(struct event){.type = EVENT_SETTINGS, .settings = &settings});
	settings_build_fini(&settings);
	return RESULT_OK;
}

enum result agent_reload(struct agent *agent, struct control_error *error)
{
	struct config config;
	struct operator_files files;
	enum result result = config_load(&config, &agent->paths, &error->why);

	if (result != RESULT_OK)
		return result;
	result = operator_files_load(&files, &agent->paths, agent->identity.root, &error->why);
	if (result != RESULT_OK) {
		config_fini(&config);
		return result;
	}
	result = agent_enforce(agent, &config, &files);
	if (result != RESULT_OK) {
		complaint_set(&error->why, "out of memory");
		return result;
	}
	vpn_reloaded(agent);
	drain(agent);
	log_line(LOG_NOTICE, "configuration and the operator's files are read anew");
	return RESULT_OK;
}

/* --- start -------------------------------------------------------------------------------------------------
 */

static enum result start_core(struct agent *agent, struct complaint *why)
{
	struct limits limits = limits_default();
	struct core_identity identity = {
	        .op_secret = agent->identity.secrets->op,
	        .session_secret = agent->identity.secrets->session,
	        .psk = agent->psk,
	        .certificate = bytes_of(agent->certificate, agent->certificate_length),
	};
	uint8_t seed[32];
	enum result result;

	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof agent->psk);
	crypto_generichash_update(&state, (const uint8_t *)"correomesh psk", strlen("correomesh psk"));
	crypto_generichash_update(
	        &state, (const uint8_t *)agent->config.secret, strlen(agent->config.secret));
	crypto_generichash_final(&state, agent->psk, sizeof agent->psk);
	randombytes_buf(seed, sizeof seed);
	result = core_create(&limits, &agent->config.timing, &identity, seed, &agent->core);
	sodium_memzero(seed, sizeof seed);
	if (result != RESULT_OK)
		complaint_set(why, "the keys in %s don't fit their certificate: %s", agent->paths.keys_dir,
		        result_text(result));
	return result;
}

/* What this node signed others hold too; what was applied or published nobody else knows. */
static const char *fact_tip(const char *name, enum result result)
{
	bool is_signed = strcmp(name, FACT_HEAD) == 0 || strcmp(name, FACT_CARRIAGE) == 0;

	if (is_signed && result == RESULT_BAD_SIGNATURE)
		return "it was signed with other keys than those in keys/: put both back from one backup, or "
		       "move this file away: other members hold what this node signed";
	if (is_signed)
		return "meshd writes this file itself: put it back from a backup, or move it away: other "
		       "members hold what this node signed; the mail server goes on meanwhile with what it "
		       "has";
	return "meshd writes this file itself: put it back from a backup; the mail server goes on meanwhile "
	       "with what it has";
}

static enum result load_facts(struct agent *agent, struct complaint *why)
{
	for (unsigned i = 0; core_fact_names[i] != NULL; i++) {
		uint8_t *text;
		size_t length;
		unsigned line = 0;
		enum result result =
		        fact_read(agent->var_fd, core_fact_names[i], FACT_SIZE_MAX, &text, &length);

		if (result == RESULT_NOT_FOUND)
			continue;
		if (result == RESULT_OK)
			result = core_load(
			        agent->core, now_is(), core_fact_names[i], bytes_of(text, length), &line);
		free(text);
		if (result == RESULT_OK)
			continue;
		complaint_set(why, "%s/%s:%u: %s", agent->paths.var_dir, core_fact_names[i], line,
		        result_text(result));
		if (result != RESULT_NO_MEMORY && result != RESULT_IO)
			complaint_set_tip(why, "%s", fact_tip(core_fact_names[i], result));
		return result;
	}
	return RESULT_OK;
}

static enum result load_operator(struct agent *agent, struct complaint *why)
{
	enum result result = identity_load(&agent->identity, &agent->paths, why);

	if (result == RESULT_OK)
		result = certificate_obtain(agent, why);
	if (result == RESULT_OK)
		result = config_load(&agent->config, &agent->paths, why);
	if (result == RESULT_OK)
		result = operator_files_load(&agent->files, &agent->paths, agent->identity.root, why);
	if (result == RESULT_OK) {
		agent->suffixes = public_suffixes_load();
		if (agent->suffixes == NULL) {
			complaint_set(why, "no list of public suffixes");
			complaint_set_tip(why, "apt-get install publicsuffix");
			result = RESULT_NOT_FOUND;
		}
	}
	return result;
}

static enum result agent_load(struct agent *agent, struct complaint *why)
{
	struct config config;
	struct operator_files files;
	enum result result = fact_dir_open(agent->paths.var_dir, &agent->var_fd);

	if (result != RESULT_OK) {
		complaint_set(why, "can't use %s: %s", agent->paths.var_dir,
		        result == RESULT_REFUSED ? "another meshd is running there" : strerror(errno));
		complaint_set_tip(why, "a new node is made by meshctl init NAME ADDRESS");
		return result;
	}
	result = load_operator(agent, why);
	if (result == RESULT_OK)
		result = start_core(agent, why);
	if (result == RESULT_OK)
		result = load_facts(agent, why);
	if (result != RESULT_OK)
		return result;
	config = agent->config;
	files = agent->files;
	agent->config = (struct config){.name = ""};
	agent->files = (struct operator_files){.member_count = 0};
	result = agent_enforce(agent, &config, &files);
	if (result != RESULT_OK)
		complaint_set(why, "the settings can't be put together: %s", result_text(result));
	return result;
}

static void on_stop(uv_signal_t *signal, int number)
{
	struct agent *agent = signal->data;

	if (agent->stopping)
		return;
	log_line(LOG_NOTICE, "stopping at %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
	service_stopping(agent);
	agent_event(agent, &(struct event){.type = EVENT_STOPPING});
	agent->stopping = true;
	uv_timer_stop(&agent->timer);
	vpn_close(agent);
	probes_cancel(&agent->probes, free);
	control_close(agent->control, NULL, NULL);
	helper_process_destroy(agent->helper, errand_drop);
	helper_process_destroy(agent->looker, errand_drop);
	transport_destroy(agent->transport);
	uv_stop(&agent->loop);
}

static void on_hangup(uv_signal_t *signal, int number)
{
	struct control_error error = {0};

	(void)number;
	service_reloading(signal->data);
	if (agent_reload(signal->data, &error) != RESULT_OK)
		log_line(LOG_ERROR, "reload refused, the running configuration stays: %s", error.why.text);
	service_reloaded(signal->data);
}

static void start_signals(struct agent *agent)
{
	static const int numbers[AGENT_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

	for (unsigned i = 0; i < AGENT_SIGNALS; i++) {
		uv_signal_init(&agent->loop, &agent->signals[i]);
		agent->signals[i].data = agent;
		uv_signal_start(&agent->signals[i], numbers[i] == SIGHUP ? on_hangup : on_stop, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
}

static enum result start_loop(struct agent *agent, const char *program, struct complaint *why)
{
	static const struct transport_calls calls = {
	        .opened = on_opened, .received = on_received, .closed = on_closed};
	struct control_options control = {
	        .path = agent->paths.control_socket, .service = commands_service(agent)};
	enum result result;

	uv_timer_init(&agent->loop, &agent->timer);
	uv_timer_init(&agent->loop, &agent->load_timer);
	agent->timer.data = agent->load_timer.data = agent;
	agent->transport = transport_create(
	        &agent->loop, &calls, agent, core_node(agent->core)->limits.session_queue_bytes);
	agent->helper = helper_process_create(&agent->loop, program);
	agent->looker = helper_process_create(&agent->loop, program);
	if (agent->transport == NULL || agent->helper == NULL || agent->looker == NULL) {
		complaint_set(why, "out of memory");
		return RESULT_NO_MEMORY;
	}
	result = vpn_open(agent, why);
	if (result != RESULT_OK)
		return result;
	return control_open(&agent->control, &agent->loop, &control, why);
}

/* --- end ---------------------------------------------------------------------------------------------------
 */

/* The helper's process closes by itself, when it has seen the end of its socket. */
static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (handle->type != UV_PROCESS && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void agent_end(struct agent *agent)
{
	store_keeper_stop(&agent->keeper);
	core_destroy(agent->core);
	identity_fini(&agent->identity);
	config_fini(&agent->config);
	operator_files_fini(&agent->files);
	psl_free(agent->suffixes);
	json_decref(agent->setup);
	free(agent->certificate);
	if (agent->var_fd >= 0)
		fact_dir_close(agent->var_fd);
	service_close(agent);
	uv_loop_close(&agent->loop);
	sodium_memzero(agent, sizeof *agent);
	free(agent);
}

/* libuv aborts where it gets none for its signals. Those that were there go to it now. */
static bool has_descriptors(void)
{
	int pairs[PIPES_OF_LOOP][2];
	unsigned count = 0;

	while (count < PIPES_OF_LOOP && pipe2(pairs[count], O_CLOEXEC) == 0)
		count++;
	for (unsigned i = 0; i < count; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	return count == PIPES_OF_LOOP;
}

int agent_run(const struct paths *paths, const char *program, struct complaint *why)
{
	struct agent *agent = calloc(1, sizeof *agent);
	enum result result;
	int status;

	MEMORY(agent != NULL);
	agent->paths = *paths;
	agent->var_fd = -1;
	status = has_descriptors() ? uv_loop_init(&agent->loop) : UV_EMFILE;
	if (status != 0) {
		complaint_set(why, "can't wait for anything: %s", uv_strerror(status));
		free(agent);
		return 1;
	}
	service_open(agent);
	result = agent_load(agent, why);
	if (result == RESULT_OK) /* before signals are held back: it may take a while */
		store_keeper_start(&agent->keeper, agent->core, agent->paths.store_dir, program, now_is());
	if (result == RESULT_OK)
		result = start_loop(agent, program, why);
	if (result == RESULT_OK) {
		start_signals(agent);
		vpn_look(agent);
		uv_timer_start(&agent->load_timer, on_load_due, 0, LOAD_MS);
		agent_event(agent, &(struct event){.type = EVENT_START});
		log_line(LOG_NOTICE, "meshd %s runs as %s in net %s%s", CORREOMESH_VERSION,
		        agent->config.name, paths->net, agent->config.observe ? ", observing only" : "");
		service_ready(agent);
		uv_run(&agent->loop, UV_RUN_DEFAULT);
		/* What was closed in on_stop() gets a turn to go; then whatever is left is closed. */
		for (unsigned turn = 0; turn < CLOSING_TURNS && uv_loop_alive(&agent->loop); turn++) {
			uv_walk(&agent->loop, close_handle, NULL);
			uv_run(&agent->loop, UV_RUN_NOWAIT);
			uv_sleep(CLOSING_MS);
		}
	}
	agent_end(agent);
	return result == RESULT_OK ? 0 : 1;
}
