/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/paths.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proto/assert.h"

#define ETC "/etc/meshd/"
#define VAR "/var/lib/meshd/"
#define RUN "/run/meshd/"

/* A path is PREFIX + base + NET + rest. */
struct path_row {
	size_t offset;
	const char *base;
	const char *rest;
};

static const struct path_row rows[] = {
        {offsetof(struct paths, etc_dir), ETC, ""},
        {offsetof(struct paths, config), ETC, "/meshd.conf"},
        {offsetof(struct paths, members_dir), ETC, "/members"},
        {offsetof(struct paths, claims), ETC, "/claims"},
        {offsetof(struct paths, accepts), ETC, "/accepts"},
        {offsetof(struct paths, denies), ETC, "/denies"},
        {offsetof(struct paths, forced), ETC, "/forced"},
        {offsetof(struct paths, relays), ETC, "/relays"},
        {offsetof(struct paths, var_dir), VAR, ""},
        {offsetof(struct paths, keys_dir), VAR, "/keys"},
        {offsetof(struct paths, root_key), VAR, "/keys/root.key"},
        {offsetof(struct paths, op_key), VAR, "/keys/op.key"},
        {offsetof(struct paths, seq), VAR, "/seq"},
        {offsetof(struct paths, store_dir), VAR, "/store"},
        {offsetof(struct paths, tables_dir), VAR, "/postfix"},
        {offsetof(struct paths, run_dir), RUN, ""},
        {offsetof(struct paths, control_socket), RUN, "/control.sock"},
        {offsetof(struct paths, event_socket), RUN, "/event.sock"},
};

bool paths_net_is_valid(const char *net)
{
	size_t length = strlen(net);

	return length >= 1 && length <= PATHS_NET_MAX &&
	       strspn(net, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static enum result check_prefix(const char *prefix, struct complaint *why)
{
	struct complaint_quote quote = complaint_quote(prefix, strlen(prefix));

	if (prefix[0] != '\0' && prefix[0] != '/') {
		complaint_set(why, "prefix \"%s\" is not an absolute path", quote.text);
		complaint_set_tip(why, "begin it with /");
		return RESULT_BAD_CONFIG;
	}
	if (strlen(prefix) > PATHS_PREFIX_MAX) {
		complaint_set(why, "prefix is longer than %d bytes", PATHS_PREFIX_MAX);
		complaint_set_tip(why, "choose a shorter directory");
		return RESULT_BAD_CONFIG;
	}
	return RESULT_OK;
}

static enum result check_net(const char *net, struct complaint *why)
{
	struct complaint_quote quote = complaint_quote(net, strlen(net));

	if (paths_net_is_valid(net))
		return RESULT_OK;
	complaint_set(why, "\"%s\" can't be the name of a net", quote.text);
	complaint_set_tip(why, "use 1 to %d lower-case letters, digits, _ or -", PATHS_NET_MAX);
	return RESULT_BAD_CONFIG;
}

static void fill(struct paths *paths, const char *prefix, size_t prefix_length, const char *net)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *field = (char *)paths + rows[i].offset;
		int length = snprintf(field, PATHS_SIZE, "%.*s%s%s%s", (int)prefix_length, prefix,
		        rows[i].base, net, rows[i].rest);

		INVARIANT(length > 0 && length < PATHS_SIZE);
	}
}

enum result paths_init(struct paths *paths, const char *prefix, const char *net, struct complaint *why)
{
	size_t length;

	memset(paths, 0, sizeof *paths);
	prefix = prefix == NULL ? "" : prefix;
	if (check_prefix(prefix, why) != RESULT_OK || check_net(net, why) != RESULT_OK)
		return RESULT_BAD_CONFIG;
	length = strlen(prefix);
	while (length > 0 && prefix[length - 1] == '/')
		length--;
	memcpy(paths->prefix, prefix, length);
	memcpy(paths->net, net, strlen(net));
	fill(paths, prefix, length, net);
	if (strlen(paths->control_socket) > PATHS_SOCKET_MAX) {
		complaint_set(why, "%.200s is too long for a socket: %zu bytes, %d are possible",
		        paths->control_socket, strlen(paths->control_socket), PATHS_SOCKET_MAX);
		complaint_set_tip(why, "choose a shorter --prefix");
		return RESULT_BAD_CONFIG;
	}
	return RESULT_OK;
}
