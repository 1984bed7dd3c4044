/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/config/config_timing.h"

/* Under test_timing a floor only keeps the loop from spinning: a tenth of a second between two tries of
 * anything that costs a process or a connection, 10 ms for the rest. */
const struct config_timing config_timings[] = {
        {"ping_ms", offsetof(struct timing, ping_ms), 10},
        {"silence_ms", offsetof(struct timing, silence_ms), 30},
        {"dial_first_ms", offsetof(struct timing, dial_first_ms), 10},
        {"dial_last_ms", offsetof(struct timing, dial_last_ms), 100},
        {"exchange_wait_ms", offsetof(struct timing, exchange_wait_ms), 10},
        {"carriage_interval_ms", offsetof(struct timing, carriage_interval_ms), 10},
        {"verify_ms", offsetof(struct timing, verify_ms), 100},
        {"verify_retry_ms", offsetof(struct timing, verify_retry_ms), 100},
        {"banner_ms", offsetof(struct timing, banner_ms), 100},
        {"epoch_ms", offsetof(struct timing, epoch_ms), 1000},
        {"queue_ms", offsetof(struct timing, queue_ms), 1000},
        {"look_ms", offsetof(struct timing, look_ms), 1000},
        {"look_retry_ms", offsetof(struct timing, look_retry_ms), 1000},
        {"clear_ms", offsetof(struct timing, clear_ms), 1000},
        {"leaving_last_ms", offsetof(struct timing, leaving_last_ms), 1000},
        {"transport_ms", offsetof(struct timing, transport_ms), 1000},
        {"transport_look_ms", offsetof(struct timing, transport_look_ms), 1000},
        {"grace_ms", offsetof(struct timing, grace_ms), 1000},
        {"grace_ask_ms", offsetof(struct timing, grace_ask_ms), 100},
        {"breaker_ms", offsetof(struct timing, breaker_ms), 1000},
        {"host_ms", offsetof(struct timing, host_ms), 1000},
        {"still_ms", offsetof(struct timing, still_ms), 1000},
        {"apply_retry_ms", offsetof(struct timing, apply_retry_ms), 100},
};

const size_t config_timing_count = sizeof config_timings / sizeof config_timings[0];
