/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/directory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/operator/paths.h"

#define PARENT_MODE 0755

static enum result complain(struct complaint *why, const char *path, int error)
{
	complaint_set_at(why, path, 0, "can't be made: %s", strerror(error));
	if (error == EACCES || error == EPERM)
		complaint_set_tip(why, "run this as root, or as user meshd where its directories are");
	return RESULT_IO;
}

/* The mode is set afterwards: the umask doesn't count. */
static enum result make_one(
        const char *path, mode_t mode, const struct directory_owner *owner, struct complaint *why)
{
	struct stat st;

	if (mkdir(path, 0700) != 0) {
		int error = errno;

		if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return RESULT_OK;
		return complain(why, path, error);
	}
	if (owner->uid != (uid_t)-1 && chown(path, owner->uid, owner->gid) != 0)
		return complain(why, path, errno);
	return chmod(path, mode) == 0 ? RESULT_OK : complain(why, path, errno);
}

enum result directory_make(
        const char *path, mode_t mode, const struct directory_owner *owner, struct complaint *why)
{
	char part[PATHS_SIZE];
	enum result result = RESULT_OK;

	snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL && result == RESULT_OK;
	        slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		result = make_one(part, PARENT_MODE, owner, why);
		*slash = '/';
	}
	return result == RESULT_OK ? make_one(path, mode, owner, why) : result;
}
