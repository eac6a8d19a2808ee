/* SPDX-License-Identifier: MIT */
/* What a bad link does to frames, read from one word.
 *
 *     loss=1%,delay=5ms,tx:rate=100mbit,seed=7
 *
 * Items stand between commas, each NAME=VALUE; one that begins with "rx:" or
 * "tx:" is for that direction alone, seen from the stack, and the last one for
 * a name and direction counts. Two tables say what there is: the names, and the
 * kinds of value with their units. Pure.
 */
#include "fastpath/impair_spec.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/why.h"

#define UNIT_MAX 4
#define ITEM_LEN 64 /* bytes of an item, with NUL */

struct unit {
	const char *suffix;
	double factor; /* to what the field holds */
};

/* A kind of value: its units, and the bounds of what the field holds. */
struct kind {
	struct unit units[UNIT_MAX];
	double min;
	double max;
	bool is_whole;
	const char *expected;
};

static const struct kind chance = {
	.units = { { "%", IMPAIR_CERTAIN / 100.0 } },
	.max = IMPAIR_CERTAIN,
	.expected = "a percentage from 0% to 100%, such as 0.5%",
};
static const struct kind duration = {
	.units = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } },
	.max = 10e9,
	.expected = "a time of at most 10s, such as 500us or 5ms",
};
static const struct kind bit_rate = {
	.units = { { "kbit", 1e3 }, { "mbit", 1e6 }, { "gbit", 1e9 } },
	.min = 8e3, .max = 400e9,
	.expected = "a rate from 8kbit to 400gbit a second, such as 100mbit",
};
static const struct kind frames = {
	.units = { { "", 1 } }, .min = 1, .max = 16384, .is_whole = true,
	.expected = "a number of frames from 1 to 16384",
};
static const struct kind number = {
	.units = { { "", 1 } }, .max = UINT32_MAX, .is_whole = true,
	.expected = "a number from 0 to 4294967295",
};

static const struct key {
	const char *name;
	const struct kind *kind;
	size_t offset;     /* of the field in struct impair_rules */
	bool is_for_both;  /* of struct impair_conf: has no direction */
} keys[] = {
#define RULE(name, kind, field)                                               \
	{ name, &(kind), offsetof(struct impair_rules, field), false }
	RULE("loss", chance, loss),
	RULE("delay", duration, delay_ns),
	RULE("jitter", duration, jitter_ns),
	RULE("reorder", chance, reorder),
	RULE("duplicate", chance, duplicate),
	RULE("corrupt", chance, corrupt),
	RULE("rate", bit_rate, rate),
	RULE("limit", frames, limit),
	{ "seed", &number, offsetof(struct impair_conf, seed), true },
#undef RULE
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int refuse_name(const char *item, char *why)
{
	return why_fail(why, EINVAL, "'%s': expected loss, delay, jitter, "
	                "reorder, duplicate, corrupt, rate, limit or seed, '=' "
	                "and a value, such as loss=1%%", item);
}

static int read_value(const struct kind *kind, const char *text,
                      uint64_t *value)
{
	const size_t digits = strspn(text, "0123456789");
	const char *end;
	double number_read;

	if (!digits || (kind->is_whole && text[digits]))
		return -EINVAL;
	number_read = strtod(text, (char **)&end);
	/* What strtod() takes beyond plain decimals is no number here. */
	if ((size_t)(end - text) != strspn(text, "0123456789."))
		return -EINVAL;
	for (unsigned i = 0; i < UNIT_MAX && kind->units[i].suffix; i++) {
		if (strcmp(end, kind->units[i].suffix))
			continue;
		number_read *= kind->units[i].factor;
		if (number_read < kind->min || number_read > kind->max)
			return -EINVAL;
		*value = (uint64_t)(number_read + 0.5);
		return 0;
	}
	return -EINVAL;
}

static const struct key *find_key(const char *name, size_t len)
{
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (strlen(keys[i].name) == len &&
		    !memcmp(keys[i].name, name, len))
			return &keys[i];
	return NULL;
}

static void store(struct impair_conf *conf, const struct key *key,
                  bool is_rx, bool is_tx, uint64_t value)
{
	if (key->is_for_both)
		memcpy((char *)conf + key->offset, &value, sizeof(value));
	if (!key->is_for_both && is_rx)
		memcpy((char *)&conf->rx + key->offset, &value, sizeof(value));
	if (!key->is_for_both && is_tx)
		memcpy((char *)&conf->tx + key->offset, &value, sizeof(value));
}

static int parse_item(const char *item, struct impair_conf *conf, char *why)
{
	const bool is_rx = !strncmp(item, "rx:", 3);
	const bool is_tx = !strncmp(item, "tx:", 3);
	const char *name = item + (is_rx || is_tx ? 3 : 0);
	const size_t len = strcspn(name, "=");
	const struct key *key = find_key(name, len);
	uint64_t value;

	if (!key || !name[len])
		return refuse_name(item, why);
	if (key->is_for_both && name != item)
		return why_fail(why, EINVAL, "'%s': one seed is for both "
		                "directions", item);
	if (read_value(key->kind, name + len + 1, &value))
		return why_fail(why, EINVAL, "'%s': expected %s", item,
		                key->kind->expected);
	store(conf, key, !is_tx, !is_rx, value);
	return 0;
}

static int check(const struct impair_rules *rules, char *why)
{
	if (rules->jitter_ns <= rules->delay_ns)
		return 0;
	return why_fail(why, EINVAL, "a jitter larger than the delay would need"
	                " frames from the future: expected at most the delay");
}

/* Read the whole word.
 * conf: filled; text refers to the caller's string.
 * why: NETDEV_WHY_LEN bytes, filled on error with what was expected.
 * Return: 0 or -EINVAL.
 */
int impair_parse(const char *text, struct impair_conf *conf, char *why)
{
	char item[ITEM_LEN];
	int err;

	memset(conf, 0, sizeof(*conf));
	conf->seed = IMPAIR_SEED;
	conf->rx.limit = IMPAIR_LIMIT;
	conf->tx.limit = IMPAIR_LIMIT;
	conf->text = text;
	for (const char *at = text;; at++) {
		const size_t len = strcspn(at, ",");
		const size_t kept = len < ITEM_LEN ? len : ITEM_LEN - 1;

		memcpy(item, at, kept);
		item[kept] = 0;
		err = len == kept ? parse_item(item, conf, why)
		                  : refuse_name(item, why);
		if (err)
			return err;
		at += len;
		if (!*at)
			break;
	}
	err = check(&conf->rx, why);
	return err ? err : check(&conf->tx, why);
}
