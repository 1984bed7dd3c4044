/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is linked between meshd and the system in its test variant (ld --wrap): each allocation and each call
 * for a file or socket is counted by where it comes from, and one of them fails.
 *
 * Problem: the n-th call of one run isn't the n-th of the next, since replies of others come when they come.
 * So a call is named by its path: the last few return addresses within the program, hashed; and which time
 * it comes along there. Rejected: LD_PRELOAD, which AddressSanitizer doesn't bear and which the store's
 * reader, started without an environment, wouldn't have; the libraries that matter (LMDB, libuv, jansson,
 * libconfuse, ldns) are linked from their archives instead, so that --wrap reaches their calls too.
 *
 * The file `faults.plan` in the working directory says what to do, in one line; without it nothing is done:
 *
 *	count                  each process writes faults.counts.ROLE.PID: struct path, as many as there are
 *	fail ROLE PATH TIME    the TIME-th call along PATH (hexadecimal) in the first such process that gets
 *	                       there fails, and faults.hit is made: it happens once
 *
 * ROLE is agent, helper or reader. A call that fails on pipes and the like, which no machine lets fail, isn't
 * counted: files, directories and sockets are. Nor are standard input, output and error.
 */
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DEPTH = 5, FRAMES = 32, PATHS = 16384, STREAM_FAILED = 0x20 /* glibc's _IO_ERR_SEEN */ };

/* As it stands in the file of counts; host order. */
struct path {
	uint64_t id;
	uint64_t count;
	char call[16];
	uint64_t from[DEPTH]; /* offsets of return addresses in the program, from the call outwards */
};

enum plan { PLAN_NONE, PLAN_COUNT, PLAN_FAIL };

static enum plan plan;
static struct path *paths; /* PLAN_COUNT */
static uint64_t wanted_id, wanted_time, seen;
static bool is_inside;     /* one thread: libuv's pool isn't used */
static const void *caller; /* of the wrapped call */

extern const char __executable_start, etext;

/* --- which call ------------------------------------------------------------------------------------------
 */

static bool is_ours(const void *address)
{
	return (const char *)address >= &__executable_start && (const char *)address < &etext;
}

/* Memory is taken everywhere, most of it on many ways in: for it one step less makes the difference. */
static unsigned depth_of(const char *call)
{
	return strstr(call, "alloc") != NULL || strncmp(call, "str", 3) == 0 ? DEPTH - 1 : DEPTH;
}

static uint64_t path_of(const char *call, uint64_t from[DEPTH])
{
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);
	uint64_t id = 14695981039346656037u;
	unsigned taken = 0, depth = depth_of(call);
	int first = 0;

	while (first < count && frames[first] != caller)
		first++;
	memset(from, 0, DEPTH * sizeof *from);
	for (int i = first; i < count && taken < depth; i++) {
		if (is_ours(frames[i]))
			from[taken++] = (uint64_t)((const char *)frames[i] - &__executable_start);
	}
	for (unsigned i = 0; i < taken; i++)
		id = (id ^ from[i]) * 1099511628211u;
	for (; *call != '\0'; call++)
		id = (id ^ (uint8_t)*call) * 1099511628211u;
	return id;
}

static void count_call(const char *call)
{
	uint64_t from[DEPTH], id = path_of(call, from);

	for (uint64_t i = 0; i < PATHS; i++) {
		struct path *path = &paths[(id + i) % PATHS];

		if (path->id == 0) {
			path->id = id;
			strncpy(path->call, call, sizeof path->call - 1);
			memcpy(path->from, from, sizeof path->from);
		}
		if (path->id == id) {
			path->count++;
			return;
		}
	}
}

/* Once in all processes. */
static bool take_hit(void)
{
	int fd = open("faults.hit", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Whether this call is to fail. */
static bool fails(const char *call)
{
	uint64_t from[DEPTH];
	int error = errno;
	bool now = false;

	if (plan == PLAN_NONE || is_inside)
		return false;
	is_inside = true;
	if (plan == PLAN_COUNT) {
		count_call(call);
	} else if (path_of(call, from) == wanted_id && ++seen == wanted_time) {
		now = take_hit();
		plan = PLAN_NONE;
	}
	is_inside = false;
	errno = error;
	return now;
}

/* Files, directories and sockets: what may fail. */
static bool fails_at(const char *call, int fd)
{
	struct stat st;
	int error = errno;
	bool may = plan != PLAN_NONE && fd > STDERR_FILENO && fstat(fd, &st) == 0 &&
	           (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode));

	errno = error;
	return may && fails(call);
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int failed(int error)
{
	errno = error;
	return -1;
}

/* --- the plan --------------------------------------------------------------------------------------------
 */

static const char *role_of(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--helper") == 0)
			return "helper";
		if (strcmp(argv[i], "--store-reader") == 0)
			return "reader";
	}
	return "agent";
}

static void open_counts(const char *role)
{
	char name[64];
	int fd;

	snprintf(name, sizeof name, "faults.counts.%s.%d", role, (int)getpid());
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, PATHS * sizeof *paths) != 0)
		abort();
	paths = mmap(NULL, PATHS * sizeof *paths, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (paths == MAP_FAILED)
		abort();
}

static void read_plan(int argc, char **argv)
{
	char line[128] = "", role[16];
	void *frames[FRAMES];
	int fd = open("faults.plan", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, line, sizeof line - 1) < 0)
		abort();
	close(fd);
	(void)backtrace(frames, FRAMES); /* the first time it loads a library */
	if (strncmp(line, "count", 5) == 0) {
		open_counts(role_of(argc, argv));
		plan = PLAN_COUNT;
	} else if (sscanf(line, "fail %15s %lx %lu", role, &wanted_id, &wanted_time) == 3 &&
	           strcmp(role, role_of(argc, argv)) == 0) {
		plan = PLAN_FAIL;
	}
}

/* Before main(), and before any call that is wrapped: this file's own aren't. */
__attribute__((constructor)) static void begin(int argc, char **argv)
{
	is_inside = true;
	read_plan(argc, argv);
	is_inside = false;
}

/* --- memory ----------------------------------------------------------------------------------------------
 */

#define WRAPPED(type, name, parameters, arguments, failing, failure)                                         \
	type __real_##name parameters;                                                                       \
	type __wrap_##name parameters;                                                                       \
	type __wrap_##name parameters                                                                        \
	{                                                                                                    \
		caller = __builtin_return_address(0);                                                        \
		return (failing) ? (failure) : __real_##name arguments;                                      \
	}

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

WRAPPED(void *, malloc, (size_t size), (size), fails("malloc"), no_memory())
WRAPPED(void *, calloc, (size_t count, size_t size), (count, size), fails("calloc"), no_memory())
WRAPPED(void *, realloc, (void *old, size_t size), (old, size), size > 0 && fails("realloc"), no_memory())
WRAPPED(char *, strdup, (const char *text), (text), fails("strdup"), no_memory())
WRAPPED(char *, strndup, (const char *text, size_t size), (text, size), fails("strndup"), no_memory())

static void *no_map(void)
{
	errno = ENOMEM;
	return MAP_FAILED;
}

WRAPPED(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
        (at, size, protection, flags, fd, offset), fails("mmap"), no_map())
WRAPPED(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
        (at, size, protection, flags, fd, offset), fails("mmap"), no_map())

/* --- files and sockets ------------------------------------------------------------------------------------
 */

#define READS(name, parameters, arguments)                                                                   \
	WRAPPED(ssize_t, name, parameters, arguments, fails_at(#name, fd),                                   \
	        failed(is_socket(fd) ? ECONNRESET : EIO))
#define WRITES(name, parameters, arguments)                                                                  \
	WRAPPED(ssize_t, name, parameters, arguments, fails_at(#name, fd),                                   \
	        failed(is_socket(fd) ? EPIPE : ENOSPC))

READS(read, (int fd, void *to, size_t size), (fd, to, size))
READS(pread64, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
READS(pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
READS(recv, (int fd, void *to, size_t size, int flags), (fd, to, size, flags))
READS(recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
WRITES(write, (int fd, const void *from, size_t size), (fd, from, size))
WRITES(pwrite64, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
WRITES(pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
WRITES(writev, (int fd, const struct iovec *from, int count), (fd, from, count))
WRITES(pwritev, (int fd, const struct iovec *from, int count, off_t at), (fd, from, count, at))
WRITES(pwritev64, (int fd, const struct iovec *from, int count, off_t at), (fd, from, count, at))
WRITES(send, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags))
WRITES(sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))

WRAPPED(int, fsync, (int fd), (fd), fails_at("fsync", fd), failed(EIO))
WRAPPED(int, fdatasync, (int fd), (fd), fails_at("fdatasync", fd), failed(EIO))
WRAPPED(int, ftruncate64, (int fd, off_t size), (fd, size), fails_at("ftruncate", fd), failed(ENOSPC))
WRAPPED(int, ftruncate, (int fd, off_t size), (fd, size), fails_at("ftruncate", fd), failed(ENOSPC))
WRAPPED(int, rename, (const char *from, const char *to), (from, to), fails("rename"), failed(EIO))
WRAPPED(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
        (from_dir, from, to_dir, to), fails("renameat"), failed(EIO))
WRAPPED(int, linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags),
        (from_dir, from, to_dir, to, flags), fails("linkat"), failed(ENOSPC))
WRAPPED(int, mkdir, (const char *path, mode_t mode), (path, mode), fails("mkdir"), failed(ENOSPC))
WRAPPED(int, socket, (int family, int type, int protocol), (family, type, protocol), fails("socket"),
        failed(EMFILE))
WRAPPED(int, socketpair, (int family, int type, int protocol, int pair[2]), (family, type, protocol, pair),
        fails("socketpair"), failed(EMFILE))
WRAPPED(int, pipe2, (int pair[2], int flags), (pair, flags), fails("pipe2"), failed(EMFILE))

static mode_t mode_from(int flags, va_list arguments)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPENS(name)                                                                                          \
	int __real_##name(const char *path, int flags, ...);                                                 \
	int __wrap_##name(const char *path, int flags, ...);                                                 \
	int __wrap_##name(const char *path, int flags, ...)                                                  \
	{                                                                                                    \
		va_list arguments;                                                                           \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(arguments, flags);                                                                  \
		mode = mode_from(flags, arguments);                                                          \
		va_end(arguments);                                                                           \
		caller = __builtin_return_address(0);                                                        \
		return fails("open") ? failed(EMFILE) : __real_##name(path, flags, mode);                    \
	}
#define OPENS_AT(name)                                                                                       \
	int __real_##name(int dir, const char *path, int flags, ...);                                        \
	int __wrap_##name(int dir, const char *path, int flags, ...);                                        \
	int __wrap_##name(int dir, const char *path, int flags, ...)                                         \
	{                                                                                                    \
		va_list arguments;                                                                           \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(arguments, flags);                                                                  \
		mode = mode_from(flags, arguments);                                                          \
		va_end(arguments);                                                                           \
		caller = __builtin_return_address(0);                                                        \
		return fails("openat") ? failed(EMFILE) : __real_##name(dir, path, flags, mode);             \
	}

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

/* --- streams ----------------------------------------------------------------------------------------------
 */

/* Streams that are memory have no descriptor. */
static bool stream_fails(const char *call, FILE *stream)
{
	int error = errno, fd = fileno(stream);

	errno = error;
	return fd >= 0 && fails_at(call, fd);
}

static void *no_stream(int error)
{
	errno = error;
	return NULL;
}

WRAPPED(FILE *, fopen, (const char *path, const char *mode), (path, mode), fails("fopen"), no_stream(EMFILE))
WRAPPED(FILE *, fopen64, (const char *path, const char *mode), (path, mode), fails("fopen"),
        no_stream(EMFILE))
WRAPPED(FILE *, fdopen, (int fd, const char *mode), (fd, mode), fails("fdopen"), no_stream(ENOMEM))
WRAPPED(FILE *, fmemopen, (void *at, size_t size, const char *mode), (at, size, mode), fails("fmemopen"),
        no_stream(ENOMEM))
WRAPPED(FILE *, open_memstream, (char **at, size_t *size), (at, size), fails("open_memstream"),
        no_stream(ENOMEM))
WRAPPED(DIR *, opendir, (const char *path), (path), fails("opendir"), no_stream(EMFILE))
WRAPPED(DIR *, fdopendir, (int fd), (fd), fails("fdopendir"), no_stream(ENOMEM))

size_t __real_fread(void *to, size_t size, size_t count, FILE *stream);
size_t __wrap_fread(void *to, size_t size, size_t count, FILE *stream);
size_t __wrap_fread(void *to, size_t size, size_t count, FILE *stream)
{
	caller = __builtin_return_address(0);
	if (!stream_fails("fread", stream))
		return __real_fread(to, size, count, stream);
	stream->_flags |= STREAM_FAILED; /* for ferror() */
	errno = EIO;
	return 0;
}

WRAPPED(size_t, fwrite, (const void *from, size_t size, size_t count, FILE *stream),
        (from, size, count, stream), stream_fails("fwrite", stream), (size_t)(failed(ENOSPC) + 1))
WRAPPED(int, fflush, (FILE * stream), (stream), stream != NULL && stream_fails("fflush", stream),
        failed(ENOSPC))
