/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/operator_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/operator/line_file.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NAMES_SIZE 300 /* characters of a list of known names in a tip */

/* What the steps of a load share. */
struct loading {
	struct operator_files *files;
	const struct paths *paths;
	const uint8_t *own_key;
	struct complaint *why;
};

/* A fault on a line. For "what" see the headers of proto: the end of a sentence. */
static enum result refuse(const struct loading *loading, const char *path, unsigned line, const char *tip,
        const char *subject, const char *what)
{
	complaint_set_at(loading->why, path, line, "%s %s", subject, what);
	complaint_set_tip(loading->why, "%s", tip);
	return RESULT_BAD_CONFIG;
}

static enum result refuse_word(const struct loading *loading, const char *path, unsigned line,
        const struct line_word *word, const char *what, const char *tip)
{
	char subject[COMPLAINT_QUOTE_SIZE + 2];

	snprintf(subject, sizeof subject, "\"%s\"", complaint_quote(word->text, word->length).text);
	return refuse(loading, path, line, tip, subject, what);
}

static enum result complain_memory(const struct loading *loading, const char *path)
{
	complaint_set_at(loading->why, path, 0, "out of memory");
	return RESULT_NO_MEMORY;
}

static bool is_own_key(const struct loading *loading, const uint8_t key[KEY_BYTES])
{
	return loading->own_key != NULL && memcmp(loading->own_key, key, KEY_BYTES) == 0;
}

/*
 * Members.
 */

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* Editors' copies and hidden files. */
static bool is_ignored(const char *name)
{
	return name[0] == '.' || name[0] == '#' || name[strlen(name) - 1] == '~';
}

static enum result check_member_file(
        const struct loading *loading, const char *path, const struct line_file *file)
{
	static const char tip[] = "put the one line there that the member's \"meshctl key\" prints";

	if (file->count == 0)
		return refuse(loading, path, 0, tip, "no key line", "in this file");
	if (file->count > 1)
		return refuse(
		        loading, path, file->entries[1].line, tip, "a second line;", "expected one key line");
	return RESULT_OK;
}

static enum result parse_member(
        const struct loading *loading, const char *path, const struct line_file *file, struct member *member)
{
	static const char tip[] = "copy the whole line that the member's \"meshctl key\" prints";
	const struct line_entry *entry = &file->entries[0];
	struct keyline_fault fault;

	if (keyline_parse(entry->text, entry->length, &member->keyline, &fault) != RESULT_OK)
		return refuse(loading, path, entry->line, tip, fault.field, fault.what);
	if (is_own_key(loading, member->keyline.key))
		return refuse(loading, path, entry->line, "remove this file: a node doesn't pin itself",
		        "KEY", "is this node's own");
	return RESULT_OK;
}

static enum result load_member(const struct loading *loading, const char *name, struct member *member)
{
	char path[LINE_FILE_PATH_SIZE];
	struct line_file file;
	enum result result;

	snprintf(path, sizeof path, "%s/%s", loading->paths->members_dir, name);
	if (member_name_check(name, strlen(name)) != RESULT_OK)
		return refuse(loading, path, 0, "name the file like the member, as in members/ana",
		        "the file's name", member_name_fault(name, strlen(name)));
	snprintf(member->name, sizeof member->name, "%s", name);
	result = line_file_read(&file, path, loading->why);
	if (result != RESULT_OK)
		return result;
	result = check_member_file(loading, path, &file);
	if (result == RESULT_OK)
		result = parse_member(loading, path, &file, member);
	line_file_fini(&file);
	return result;
}

static enum result load_members_of(const struct loading *loading, DIR *dir)
{
	struct operator_files *files = loading->files;

	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		enum result result;

		if (is_ignored(entry->d_name))
			continue;
		if (files->member_count == OPERATOR_MEMBERS_MAX) {
			complaint_set_at(loading->why, loading->paths->members_dir, 0, "more than %d members",
			        OPERATOR_MEMBERS_MAX);
			complaint_set_tip(loading->why, "pin those that you know, they vouch for others");
			return RESULT_TOO_LARGE;
		}
		result = load_member(loading, entry->d_name, &files->members[files->member_count]);
		if (result != RESULT_OK)
			return result;
		files->member_count++;
	}
	return RESULT_OK;
}

/* Sorted by key on the way, so that equal keys are neighbours. */
static int compare_member_keys(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;
	int order = memcmp(x->keyline.key, y->keyline.key, KEY_BYTES);

	return order != 0 ? order : compare_members(a, b);
}

static enum result check_member_keys(const struct loading *loading)
{
	struct operator_files *files = loading->files;

	qsort(files->members, files->member_count, sizeof *files->members, compare_member_keys);
	for (size_t i = 1; i < files->member_count; i++) {
		const struct member *first = &files->members[i - 1];
		const struct member *second = &files->members[i];

		if (memcmp(first->keyline.key, second->keyline.key, KEY_BYTES) != 0)
			continue;
		complaint_set_at(loading->why, loading->paths->members_dir, 0,
		        "the files %s and %s hold the same key", first->name, second->name);
		complaint_set_tip(loading->why, "remove one of them");
		return RESULT_BAD_CONFIG;
	}
	qsort(files->members, files->member_count, sizeof *files->members, compare_members);
	return RESULT_OK;
}

static enum result load_members(const struct loading *loading)
{
	const char *path = loading->paths->members_dir;
	DIR *dir = opendir(path);
	enum result result;

	if (dir == NULL) {
		result = errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO;
		complaint_set_at(loading->why, path, 0, "can't be read: %s", strerror(errno));
		complaint_set_tip(loading->why, "user meshd needs this directory: mkdir, or see ls -ld");
		return result;
	}
	loading->files->members = calloc(OPERATOR_MEMBERS_MAX, sizeof *loading->files->members);
	result = loading->files->members == NULL ? complain_memory(loading, path)
	                                         : load_members_of(loading, dir);
	closedir(dir);
	return result == RESULT_OK ? check_member_keys(loading) : result;
}

/*
 * Lists: each entry of a file becomes one element of an array.
 */

struct list {
	const char *path;
	size_t size; /* of an element */
	size_t max;
	enum result (*parse)(const struct loading *loading, const char *path, const struct line_entry *entry,
	        void *element);
	int (*compare)(const void *a, const void *b); /* 0: the same thing said twice */
	unsigned (*line)(const void *element);
	bool may_be_missing; /* then it is empty */
};

static enum result read_elements(
        const struct loading *loading, const struct list *list, const struct line_file *file, char *elements)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < file->count && result == RESULT_OK; i++)
		result = list->parse(loading, list->path, &file->entries[i], elements + i * list->size);
	return result;
}

static enum result check_doubles(
        const struct loading *loading, const struct list *list, char *elements, size_t count)
{
	qsort(elements, count, list->size, list->compare);
	for (size_t i = 1; i < count; i++) {
		unsigned a = list->line(elements + (i - 1) * list->size);
		unsigned b = list->line(elements + i * list->size);

		if (list->compare(elements + (i - 1) * list->size, elements + i * list->size) != 0)
			continue;
		complaint_set_at(
		        loading->why, list->path, a > b ? a : b, "the same as line %u", a > b ? b : a);
		complaint_set_tip(loading->why, "remove one of the two lines");
		return RESULT_BAD_CONFIG;
	}
	return RESULT_OK;
}

static enum result check_file(
        const struct loading *loading, const struct list *list, const struct line_file *file)
{
	if (!file->mark.is_there && !list->may_be_missing) {
		complaint_set_at(loading->why, list->path, 0, "not there");
		complaint_set_tip(loading->why, "put it back; if it shall be empty: touch %s", list->path);
		return RESULT_NOT_FOUND;
	}
	if (file->count > list->max) {
		complaint_set_at(loading->why, list->path, file->entries[list->max].line,
		        "more than %zu entries", list->max);
		complaint_set_tip(loading->why, "spread the domains over more nodes");
		return RESULT_TOO_LARGE;
	}
	return RESULT_OK;
}

/* *elements is the caller's, also after a failure. */
static enum result load_list(
        const struct loading *loading, const struct list *list, void **elements, size_t *count)
{
	struct line_file file;
	enum result result = line_file_read(&file, list->path, loading->why);

	if (result != RESULT_OK)
		return result;
	result = check_file(loading, list, &file);
	if (result != RESULT_OK)
		goto out;
	*elements = calloc(file.count + 1, list->size);
	if (*elements == NULL) {
		result = complain_memory(loading, list->path);
		goto out;
	}
	*count = file.count;
	result = read_elements(loading, list, &file, *elements);
	if (result == RESULT_OK)
		result = check_doubles(loading, list, *elements, *count);
out:
	line_file_fini(&file);
	return result;
}

static enum result parse_domain(const struct loading *loading, const char *path, unsigned line,
        const struct line_word *word, char domain[DOMAIN_LENGTH_MAX + 1])
{
	const char *fault = domain_fault(word->text, word->length);

	if (fault != NULL)
		return refuse_word(
		        loading, path, line, word, fault, "write a mail domain, as in luz.example.org");
	memcpy(domain, word->text, word->length);
	domain[word->length] = '\0';
	return RESULT_OK;
}

static enum result parse_key(const struct loading *loading, const char *path, unsigned line,
        const struct line_word *word, uint8_t key[KEY_BYTES], bool *by_name)
{
	struct complaint why;

	if (operator_files_resolve(loading->files, word->text, word->length, key, by_name, &why) !=
	        RESULT_OK) {
		complaint_set_at(loading->why, path, line, "%s", why.text);
		complaint_set_tip(loading->why, "%s", why.tip);
		return RESULT_BAD_CONFIG;
	}
	return RESULT_OK;
}

/* A KEY or NAME that isn't this node's own. */
static enum result parse_author(const struct loading *loading, const char *path, unsigned line,
        const struct line_word *word, uint8_t key[KEY_BYTES], bool *by_name)
{
	enum result result = parse_key(loading, path, line, word, key, by_name);

	if (result == RESULT_OK && is_own_key(loading, key))
		return refuse_word(loading, path, line, word, "is this node's own key", "remove this line");
	return result;
}

/* Appends one; the array doubles at powers of two. */
static enum result add_claim_mx(
        const struct loading *loading, const char *path, const struct claim_mx *claim_mx)
{
	struct operator_files *files = loading->files;
	size_t count = files->claim_mx_count;

	if ((count & (count - 1)) == 0) {
		struct claim_mx *grown =
		        realloc(files->claim_mxs, (count == 0 ? 1 : 2 * count) * sizeof *grown);

		if (grown == NULL)
			return complain_memory(loading, path);
		files->claim_mxs = grown;
	}
	files->claim_mxs[files->claim_mx_count++] = *claim_mx;
	return RESULT_OK;
}

static const char claim_tip[] =
        "write DOMAIN, or DOMAIN fixed_mx HOST PREFERENCE, one domain a line, comments after #";

/* "fixed_mx HOST PREFERENCE"; `first` of this claim's stand already. */
static enum result parse_claim_mx(const struct loading *loading, const char *path, unsigned line,
        const struct line_word *words, const char *domain, size_t first)
{
	const struct operator_files *files = loading->files;
	struct claim_mx claim_mx = {.preference = 0};
	enum result result = parse_domain(loading, path, line, &words[1], claim_mx.host);

	if (result != RESULT_OK)
		return result;
	memcpy(claim_mx.domain, domain, strlen(domain) + 1);
	if (!operator_preference_parse(words[2].text, words[2].length, &claim_mx.preference))
		return refuse_word(
		        loading, path, line, &words[2], "is no preference (0 to 65535)", claim_tip);
	for (size_t i = first; i < files->claim_mx_count; i++) {
		if (strcmp(files->claim_mxs[i].host, claim_mx.host) == 0)
			return refuse_word(loading, path, line, &words[1], "stands here twice", claim_tip);
	}
	return add_claim_mx(loading, path, &claim_mx);
}

static enum result parse_claim(
        const struct loading *loading, const char *path, const struct line_entry *entry, void *element)
{
	struct own_claim *claim = element;
	struct line_word words[1 + 3 * CLAIM_FIXED_MX_MAX];
	size_t count = line_entry_split(entry, words, COUNT(words));
	size_t first = loading->files->claim_mx_count;
	enum result result;

	claim->line = entry->line;
	if (count > 1 && !line_word_is(&words[1], "fixed_mx"))
		return refuse_word(loading, path, entry->line, &words[1], "can't stand here; expected DOMAIN",
		        claim_tip);
	if (count > COUNT(words) || count % 3 != 1)
		return refuse(loading, path, entry->line, claim_tip, "this line",
		        "isn't DOMAIN with up to 4 times fixed_mx HOST PREFERENCE");
	result = parse_domain(loading, path, entry->line, &words[0], claim->domain);
	for (size_t i = 1; i < count && result == RESULT_OK; i += 3) {
		if (!line_word_is(&words[i], "fixed_mx"))
			return refuse_word(loading, path, entry->line, &words[i],
			        "can't stand here; expected fixed_mx", claim_tip);
		result = parse_claim_mx(loading, path, entry->line, &words[i], claim->domain, first);
	}
	return result;
}

static int compare_claims(const void *a, const void *b)
{
	return strcmp(((const struct own_claim *)a)->domain, ((const struct own_claim *)b)->domain);
}

static unsigned claim_line(const void *element)
{
	return ((const struct own_claim *)element)->line;
}

static enum result load_claims(const struct loading *loading)
{
	const struct list list = {.path = loading->paths->claims,
	        .size = sizeof(struct own_claim),
	        .max = OPERATOR_CLAIMS_MAX,
	        .parse = parse_claim,
	        .compare = compare_claims,
	        .line = claim_line};

	return load_list(loading, &list, (void **)&loading->files->claims, &loading->files->claim_count);
}

static enum result parse_accept(
        const struct loading *loading, const char *path, const struct line_entry *entry, void *element)
{
	struct accept *accept = element;
	struct line_word words[3];
	enum result result;

	accept->line = entry->line;
	if (line_entry_split(entry, words, COUNT(words)) != COUNT(words) || !line_word_is(&words[1], "from"))
		return refuse(loading, path, entry->line,
		        "meshctl accept DOMAIN from MEMBER writes such a line", "this line",
		        "isn't DOMAIN from KEY");
	result = parse_domain(loading, path, entry->line, &words[0], accept->domain);
	if (result != RESULT_OK)
		return result;
	return parse_author(loading, path, entry->line, &words[2], accept->key, &accept->by_name);
}

static int compare_accepts(const void *a, const void *b)
{
	const struct accept *x = a;
	const struct accept *y = b;
	int order = strcmp(x->domain, y->domain);

	return order != 0 ? order : memcmp(x->key, y->key, KEY_BYTES);
}

static unsigned accept_line(const void *element)
{
	return ((const struct accept *)element)->line;
}

static enum result load_accepts(const struct loading *loading)
{
	const struct list list = {.path = loading->paths->accepts,
	        .size = sizeof(struct accept),
	        .max = LINE_FILE_ENTRIES_MAX,
	        .parse = parse_accept,
	        .compare = compare_accepts,
	        .line = accept_line};

	return load_list(loading, &list, (void **)&loading->files->accepts, &loading->files->accept_count);
}

static enum result parse_deny(
        const struct loading *loading, const char *path, const struct line_entry *entry, void *element)
{
	struct deny *deny = element;
	struct line_word words[2];

	deny->line = entry->line;
	if (line_entry_split(entry, words, COUNT(words)) != 1)
		return refuse_word(loading, path, entry->line, &words[1], "can't stand here; expected KEY",
		        "write one key a line, comments after #");
	return parse_author(loading, path, entry->line, &words[0], deny->key, &deny->by_name);
}

static int compare_denies(const void *a, const void *b)
{
	return memcmp(((const struct deny *)a)->key, ((const struct deny *)b)->key, KEY_BYTES);
}

static unsigned deny_line(const void *element)
{
	return ((const struct deny *)element)->line;
}

static enum result load_denies(const struct loading *loading)
{
	const struct list list = {.path = loading->paths->denies,
	        .size = sizeof(struct deny),
	        .max = LINE_FILE_ENTRIES_MAX,
	        .parse = parse_deny,
	        .compare = compare_denies,
	        .line = deny_line};

	return load_list(loading, &list, (void **)&loading->files->denies, &loading->files->deny_count);
}

bool operator_preference_parse(const char *word, size_t length, uint16_t *preference)
{
	unsigned value = 0;

	if (length == 0 || length > 5 || (length > 1 && word[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		value = value * 10 + (unsigned)(word[i] - '0');
	}
	if (value > UINT16_MAX)
		return false;
	*preference = (uint16_t)value;
	return true;
}

static enum result parse_relay(
        const struct loading *loading, const char *path, const struct line_entry *entry, void *element)
{
	static const char tip[] =
	        "meshctl relay add MEMBER [PREFERENCE] and relay del MEMBER write such lines";
	struct relay_entry *relay = element;
	struct line_word words[2];

	relay->line = entry->line;
	if (line_entry_split(entry, words, COUNT(words)) != COUNT(words))
		return refuse(loading, path, entry->line, tip, "this line", "isn't KEY PREFERENCE or KEY no");
	relay->is_excluded = line_word_is(&words[1], "no");
	if (!relay->is_excluded &&
	        !operator_preference_parse(words[1].text, words[1].length, &relay->preference))
		return refuse_word(loading, path, entry->line, &words[1],
		        "is neither a preference (0 to 65535) nor \"no\"", tip);
	return parse_key(loading, path, entry->line, &words[0], relay->key, &relay->by_name);
}

static int compare_relays(const void *a, const void *b)
{
	return memcmp(((const struct relay_entry *)a)->key, ((const struct relay_entry *)b)->key, KEY_BYTES);
}

static unsigned relay_line(const void *element)
{
	return ((const struct relay_entry *)element)->line;
}

static enum result load_relays(const struct loading *loading)
{
	const struct list list = {.path = loading->paths->relays,
	        .size = sizeof(struct relay_entry),
	        .max = OPERATOR_MEMBERS_MAX,
	        .may_be_missing = true,
	        .parse = parse_relay,
	        .compare = compare_relays,
	        .line = relay_line};

	return load_list(loading, &list, (void **)&loading->files->relays, &loading->files->relay_count);
}

static enum result load_forced(const struct loading *loading)
{
	return forced_file_load(
	        &loading->files->forced, loading->paths->forced, loading->files, loading->why);
}

enum result operator_files_load(struct operator_files *files, const struct paths *paths,
        const uint8_t *own_key, struct complaint *why)
{
	static enum result (*const steps[])(const struct loading *loading) = {
	        load_members, load_claims, load_accepts, load_denies, load_relays, load_forced};
	const struct loading loading = {files, paths, own_key, why};
	enum result result = RESULT_OK;

	memset(files, 0, sizeof *files);
	for (size_t i = 0; i < COUNT(steps) && result == RESULT_OK; i++)
		result = steps[i](&loading);
	if (result != RESULT_OK)
		operator_files_fini(files);
	return result;
}

void operator_files_fini(struct operator_files *files)
{
	free(files->members);
	free(files->claims);
	free(files->claim_mxs);
	free(files->accepts);
	free(files->denies);
	free(files->relays);
	forced_file_fini(&files->forced);
	memset(files, 0, sizeof *files);
}

/*
 * Finding.
 */

const struct member *operator_files_member_named(const struct operator_files *files, const char *name)
{
	for (size_t i = 0; i < files->member_count; i++) {
		if (strcmp(files->members[i].name, name) == 0)
			return &files->members[i];
	}
	return NULL;
}

const struct member *operator_files_member_keyed(
        const struct operator_files *files, const uint8_t key[KEY_BYTES])
{
	for (size_t i = 0; i < files->member_count; i++) {
		if (memcmp(files->members[i].keyline.key, key, KEY_BYTES) == 0)
			return &files->members[i];
	}
	return NULL;
}

const struct own_claim *operator_files_claim_find(const struct operator_files *files, const char *domain)
{
	struct own_claim wanted = {.line = 0};

	if (files->claim_count == 0 || strlen(domain) > DOMAIN_LENGTH_MAX)
		return NULL;
	memcpy(wanted.domain, domain, strlen(domain) + 1);
	return bsearch(&wanted, files->claims, files->claim_count, sizeof wanted, compare_claims);
}

const struct accept *operator_files_accept_find(
        const struct operator_files *files, const char *domain, const uint8_t key[KEY_BYTES])
{
	struct accept wanted = {.line = 0};

	if (files->accept_count == 0 || strlen(domain) > DOMAIN_LENGTH_MAX)
		return NULL;
	memcpy(wanted.domain, domain, strlen(domain) + 1);
	memcpy(wanted.key, key, KEY_BYTES);
	return bsearch(&wanted, files->accepts, files->accept_count, sizeof wanted, compare_accepts);
}

const struct accept *operator_files_accepts_of(
        const struct operator_files *files, const char *domain, size_t *count)
{
	size_t low = 0, high = files->accept_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(files->accepts[middle].domain, domain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < files->accept_count && strcmp(files->accepts[low + *count].domain, domain) == 0)
		++*count;
	return *count > 0 ? &files->accepts[low] : NULL;
}

const struct deny *operator_files_deny_find(const struct operator_files *files, const uint8_t key[KEY_BYTES])
{
	struct deny wanted = {.line = 0};

	if (files->deny_count == 0)
		return NULL;
	memcpy(wanted.key, key, KEY_BYTES);
	return bsearch(&wanted, files->denies, files->deny_count, sizeof wanted, compare_denies);
}

const struct relay_entry *operator_files_relay_find(
        const struct operator_files *files, const uint8_t key[KEY_BYTES])
{
	struct relay_entry wanted = {.line = 0};

	if (files->relay_count == 0)
		return NULL;
	memcpy(wanted.key, key, KEY_BYTES);
	return bsearch(&wanted, files->relays, files->relay_count, sizeof wanted, compare_relays);
}

/* "ana, luz, rosa", cut with ", ..." where there are many. */
static void render_names(const struct operator_files *files, char text[NAMES_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < files->member_count; i++) {
		const char *name = files->members[i].name;

		if (used + strlen(name) + sizeof ", , ..." > NAMES_SIZE) {
			snprintf(text + used, NAMES_SIZE - used, ", ...");
			return;
		}
		used += (size_t)snprintf(text + used, NAMES_SIZE - used, "%s%s", used > 0 ? ", " : "", name);
	}
}

static enum result complain_unknown(
        const struct operator_files *files, const char *word, size_t length, struct complaint *why)
{
	char names[NAMES_SIZE];

	complaint_set(why, "no member is called \"%s\" here", complaint_quote(word, length).text);
	render_names(files, names);
	if (files->member_count == 0)
		complaint_set_tip(why, "nobody is pinned yet: ask for a key line, then meshctl pin");
	else
		complaint_set_tip(why, "known are: %s; or write a whole KEY", names);
	return RESULT_BAD_CONFIG;
}

/* No name is as long as a key, so that length tells them apart. */
enum result operator_files_resolve(const struct operator_files *files, const char *word, size_t length,
        uint8_t key[KEY_BYTES], bool *by_name, struct complaint *why)
{
	struct complaint unused;
	char name[MEMBER_NAME_BYTES];
	const struct member *member;

	why = why == NULL ? &unused : why;
	*by_name = length <= MEMBER_NAME_MAX;
	if (!*by_name) {
		if (key_parse(word, length, key) == RESULT_OK)
			return RESULT_OK;
		complaint_set(why, "KEY %s", key_fault(word, length));
		complaint_set_tip(why, "copy it whole from the member's key line");
		return RESULT_BAD_CONFIG;
	}
	memcpy(name, word, length);
	name[length] = '\0';
	member = strlen(name) == length ? operator_files_member_named(files, name) : NULL;
	if (member == NULL)
		return complain_unknown(files, word, length, why);
	memcpy(key, member->keyline.key, KEY_BYTES);
	return RESULT_OK;
}
