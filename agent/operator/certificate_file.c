/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file `certificate`: "certificate HEX", our own, made once by the root key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/agent_state.h"
#include "proto/certificate.h"
#include "proto/facts.h"
#include "store/fact_file.h"

#define CERTIFICATE_FILE "certificate"

enum { CERTIFICATE_YEARS = 2 };

static enum result certificate_read(struct agent *agent, struct complaint *why)
{
	uint8_t *text;
	size_t length;
	enum object_kind kind = OBJECT_CHUNK;
	enum result result = fact_read(agent->var_fd, CERTIFICATE_FILE, FACT_SIZE_MAX, &text, &length);
	struct bytes rest = bytes_of(text, length);
	struct certificate certificate;

	if (result == RESULT_NOT_FOUND)
		return result;
	if (result != RESULT_OK) {
		complaint_set(why, "%s/" CERTIFICATE_FILE " can't be read: %s", agent->paths.var_dir,
		        result == RESULT_IO ? strerror(errno) : result_text(result));
		return result;
	}
	result = facts_next_object(&rest, &kind, &agent->certificate, &agent->certificate_length);
	free(text);
	if (result == RESULT_OK && kind != OBJECT_CERTIFICATE)
		result = RESULT_MALFORMED;
	if (result == RESULT_OK)
		result = certificate_decode(
		        bytes_of(agent->certificate, agent->certificate_length), &certificate);
	if (result == RESULT_OK &&
	        (memcmp(certificate.root, agent->identity.root, KEY_SIZE) != 0 ||
	                memcmp(certificate.op_key, agent->identity.op, KEY_SIZE) != 0 ||
	                memcmp(certificate.session_key, agent->identity.session, KEY_SIZE) != 0))
		result = RESULT_BAD_KEY;
	if (result == RESULT_OK)
		return result;
	complaint_set(why, "%s/" CERTIFICATE_FILE ": %s", agent->paths.var_dir,
	        result == RESULT_BAD_KEY ? "is for other keys than op.key" : result_text(result));
	if (result != RESULT_NO_MEMORY)
		complaint_set_tip(why, "put the file and keys/op.key back from the same backup");
	return result == RESULT_NOT_FOUND ? RESULT_MALFORMED : result;
}

static enum result certificate_make(struct agent *agent, struct complaint *why)
{
	struct certificate certificate = {
	        .serial = 1,
	        .not_after_s = (uint64_t)time(NULL) + CERTIFICATE_YEARS * 365ULL * 24 * 60 * 60,
	};
	struct writer w;
	struct bytes object;
	enum object_kind kind = OBJECT_CERTIFICATE;
	enum result result;

	memcpy(certificate.root, agent->identity.root, KEY_SIZE);
	memcpy(certificate.op_key, agent->identity.op, KEY_SIZE);
	memcpy(certificate.session_key, agent->identity.session, KEY_SIZE);
	result = certificate_encode(
	        &certificate, agent->identity.secrets->root, &agent->certificate, &agent->certificate_length);
	if (result != RESULT_OK) {
		complaint_set(why, "no certificate can be made: %s", result_text(result));
		return result;
	}
	object = bytes_of(agent->certificate, agent->certificate_length);
	writer_init(&w, FACT_SIZE_MAX);
	facts_render_objects(&object, &kind, 1, &w);
	result = w.error != RESULT_OK ? w.error
	                              : fact_write(agent->var_fd, CERTIFICATE_FILE, w.data, w.length);
	writer_fini(&w);
	if (result != RESULT_OK)
		complaint_set(why, "can't write %s/" CERTIFICATE_FILE, agent->paths.var_dir);
	return result;
}

enum result certificate_obtain(struct agent *agent, struct complaint *why)
{
	enum result result = certificate_read(agent, why);

	if (result != RESULT_NOT_FOUND)
		return result;
	if (agent->identity.has_root)
		return certificate_make(agent, why);
	complaint_set(why, "no %s/" CERTIFICATE_FILE " and no root.key to make one", agent->paths.var_dir);
	complaint_set_tip(why, "put root.key back for one start");
	return RESULT_NOT_FOUND;
}
