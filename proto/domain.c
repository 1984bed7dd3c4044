/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The problem: a name that slips through ends in a table of the MTA or in a zone, where a line
 * break once made a "*" entry and re-routed all outbound mail. The choice: an allow list of bytes,
 * then of shapes, with a phrase for each refusal; the check is "no phrase", so that the two can't
 * drift apart. Rejected: libidn2 (accepts and maps far more; serves as the fuzzer's oracle).
 */
#include "proto/domain.h"

#include <stdbool.h>
#include <string.h>

#include "proto/address.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Why a byte is in no domain name. */
static const char *character_fault(char c)
{
	if (is_lower(c) || is_digit(c) || c == '-' || c == '.')
		return NULL;
	if (is_upper(c))
		return "has an upper-case letter: write it in lower case";
	if ((unsigned char)c <= ' ' || c == 0x7f)
		return "has a blank or control character: leave it out";
	if ((unsigned char)c >= 0x80)
		return "has a character beyond ASCII: write its labels in the xn-- form";
	if (c == '*')
		return "has a wildcard, which can't be claimed: name each domain";
	if (c == '_')
		return "has an underscore, which no mail domain has";
	if (c == '@')
		return "has an @: write only what comes after it";
	return "has a character other than letters, digits, hyphens and dots";
}

static const char *label_fault(const char *label, size_t length)
{
	if (length == 0)
		return "has an empty label: dots stand singly, between labels";
	if (length > DOMAIN_LABEL_MAX)
		return "has a label of more than 63 characters";
	if (label[0] == '-' || label[length - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	if (length > 4 && memcmp(label + 2, "--", 2) == 0 && memcmp(label, "xn", 2) != 0)
		return "has a label with hyphens as 3rd and 4th character, allowed only after xn";
	return NULL;
}

/* Decimal, or 0x and perhaps hexadecimal digits: inet_aton() and URL parsers take both. */
static bool label_is_number(const char *label, size_t length)
{
	bool hex = length >= 2 && label[0] == '0' && label[1] == 'x';

	for (size_t i = hex ? 2 : 0; i < length; i++) {
		if (!is_digit(label[i]) && !(hex && label[i] >= 'a' && label[i] <= 'f'))
			return false;
	}
	return true;
}

/* All bytes are known to be good. */
static const char *labels_fault(const char *name, size_t length)
{
	const char *end = name + length;
	const char *label = name;
	const char *dot;

	while ((dot = memchr(label, '.', (size_t)(end - label))) != NULL) {
		const char *fault = label_fault(label, (size_t)(dot - label));

		if (fault != NULL)
			return fault;
		label = dot + 1;
	}
	if (label == name)
		return "has one label only: a domain has two or more, such as example.org";
	if (label == end)
		return "ends in a dot: leave it out";
	if (label_is_number(label, (size_t)(end - label)))
		return "ends in a number, as only IP addresses do";
	return label_fault(label, (size_t)(end - label));
}

const char *domain_fault(const char *name, size_t length)
{
	if (length == 0)
		return "is empty: write a domain, such as example.org";
	if (length > DOMAIN_LENGTH_MAX)
		return "is longer than 253 characters";
	if (address_fault(name, length) == NULL)
		return "is an IP address: write a domain, such as example.org";
	for (size_t i = 0; i < length; i++) {
		const char *fault = character_fault(name[i]);

		if (fault != NULL)
			return fault;
	}
	return labels_fault(name, length);
}

enum result domain_check(const char *name, size_t length)
{
	return domain_fault(name, length) == NULL ? RESULT_OK : RESULT_BAD_NAME;
}

const char *member_name_fault(const char *name, size_t length)
{
	if (length == 0)
		return "is empty";
	if (length > MEMBER_NAME_MAX)
		return "is longer than 32 characters";
	for (size_t i = 0; i < length; i++) {
		if (!is_lower(name[i]) && !is_upper(name[i]) && !is_digit(name[i]) && name[i] != '_')
			return "has a character other than letters, digits and underscores";
	}
	return NULL;
}

enum result member_name_check(const char *name, size_t length)
{
	return member_name_fault(name, length) == NULL ? RESULT_OK : RESULT_BAD_NAME;
}

/* Appends a hyphen, unless it would be the first or the second in a row; returns the new end. */
static size_t hyphen_put(char *out, size_t end)
{
	if (end > 0 && out[end - 1] != '-')
		out[end++] = '-';
	return end;
}

enum result host_label(
        const char *name, size_t length, const uint8_t key[KEY_BYTES], char out[HOST_LABEL_BYTES])
{
	size_t end = 0;

	if (member_name_check(name, length) != RESULT_OK)
		return RESULT_BAD_NAME;
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '_')
			end = hyphen_put(out, end);
		else
			out[end++] = (char)(is_upper(name[i]) ? name[i] - 'A' + 'a' : name[i]);
	}
	end = hyphen_put(out, end);
	key_short_render(key, out + end);
	return RESULT_OK;
}
