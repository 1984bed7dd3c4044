/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time as the core sees it, and every duration that it knows. Pure: time is an argument.
 * Monotonic milliseconds run timers, wall milliseconds go into statements; the two never convert.
 */
#ifndef PROTO_TIMING_H
#define PROTO_TIMING_H

#include <stdint.h>

struct moment {
	int64_t mono_ms; /* since some start, never back */
	int64_t wall_ms; /* since 1970 UTC, may jump */
};

#define NEVER_MS INT64_MAX

struct timing {
	int64_t ping_ms;       /* without having sent: send a ping */
	int64_t silence_ms;    /* without having received: the session is dead */
	int64_t handshake_ms;  /* a handshake must be over by then */
	int64_t dial_first_ms; /* first redial, doubled up to dial_last_ms, jitter of a quarter */
	int64_t dial_last_ms;
	int64_t dial_recent_ms; /* the longest wait between redials in the first ten minutes of an absence */
	int64_t overlay_ms;     /* each chosen peer is exchanged once in this time */
	int64_t cut_off_ms;     /* without any session: dial everybody */
	int64_t compare_ms;     /* between two comparisons with one peer whose root differs */
	int64_t beacon_ms;      /* a beacon is renewed after this time, */
	int64_t beacon_member_ms;     /* or this time for each member if that is longer, */
	int64_t beacon_last_ms;       /* but at least once in this time */
	int64_t beacon_rate_ms;       /* between two beacons of one's own */
	int64_t answer_ms;            /* a lost member who sends no newer beacon in this time is down */
	int64_t check_jitter_ms;      /* before dialling somebody whom others found gone */
	int64_t restart_ms;           /* a member who said that it restarts isn't down before this */
	int64_t want_ms;              /* an object asked for and not given: ask another */
	int64_t give_ms;              /* between two heads of an author that go ahead of their offers */
	int64_t ahead_retry_ms;       /* an object of the future by our clock: ask again */
	int64_t exchange_wait_ms;     /* after start: sign even if nobody exchanged tables */
	int64_t clock_ahead_ms;       /* statements from further in the future are refused */
	int64_t carriage_interval_ms; /* between two carriages; the first change goes out at once */
	int64_t verify_ms;            /* one's own MTA is asked again for every served name */
	int64_t verify_retry_ms;      /* a name just put in, not yet answered for */
	int64_t banner_ms;            /* relays that a publisher may name are looked at */
	int64_t banner_valid_ms;      /* a banner counts for so long */
	int64_t recheck_ms;           /* the MTA is asked again whose tables answer first */
	int64_t apply_retry_ms;       /* first retry of a failed driver or file, doubled up to 60 s */
	int64_t local_ms;             /* the MTA is asked again which names are its own */
	int64_t epoch_ms;             /* of the ranking of relays for a domain */
	int64_t home_ms;              /* a home that answers is probed again */
	int64_t home_retry_ms;        /* one that didn't, */
	int64_t home_answer_ms;       /* a probe without an answer for so long has failed */
	int64_t home_down_ms;         /* and after so long (three failures at least) it counts as down */
	int64_t home_hold_ms;         /* first hold-down of a home that flaps, doubled */
	int64_t queue_ms;             /* the MTA's queue is listed again */
	int64_t queue_soon_ms;        /* after a flush, doubled; then what is left is flushed again */
	int64_t waiting_ms;           /* between two words to a claimant on its mail that waits here */
	int64_t look_ms;              /* public DNS of a domain is looked at again */
	int64_t look_retry_ms;        /* after an error */
	int64_t departure_ms;         /* the times of rows on their way out are so old at most, */
	int64_t durable_ms;           /* on disk so old; no stretch between two looks counts for more */
	int64_t clear_ms;             /* (or the TTL) public DNS hasn't named us: then we may stop serving */
	int64_t leaving_last_ms;      /* then serving ends whatever DNS says */
	int64_t transport_ms;         /* a transport entry outlives serving by this */
	int64_t transport_look_ms;    /* between the two looks into the queue before it goes */
	int64_t evidence_ms;          /* a silent relay without a newer beacon: ask its SMTP server */
	int64_t evidence_try_ms;      /* two tries of it must fail within this time */
	int64_t grace_ms;             /* a relay whose SMTP server answers stays named without its agent */
	int64_t grace_ask_ms;         /* and is asked so often meanwhile */
	int64_t breaker_ms;           /* (or the TTL) between two failures that take from one set */
	int64_t host_ms;              /* (or the TTL) a host's address outlives the last MX that named it */
	int64_t heard_ms;             /* who was heard in this time counts for the start of removals */
	int64_t still_ms;             /* a publisher that may remove nothing for so long says so */
	int64_t ttl_s;                /* of the records of the pool zone, in seconds */
};

static inline struct timing timing_default(void)
{
	return (struct timing){
	        .ping_ms = 4000,
	        .silence_ms = 12000,
	        .handshake_ms = 10000,
	        .dial_first_ms = 250,
	        .dial_last_ms = 30000,
	        .dial_recent_ms = 3000,
	        .overlay_ms = 7200000,
	        .cut_off_ms = 10000,
	        .compare_ms = 10000,
	        .beacon_ms = 60000,
	        .beacon_member_ms = 10000,
	        .beacon_last_ms = 3600000,
	        .beacon_rate_ms = 1000,
	        .answer_ms = 15000,
	        .check_jitter_ms = 300,
	        .restart_ms = 120000,
	        .want_ms = 5000,
	        .give_ms = 5000,
	        .ahead_retry_ms = 60000,
	        .exchange_wait_ms = 60000,
	        .clock_ahead_ms = 600000,
	        .carriage_interval_ms = 2000,
	        .verify_ms = 10000,
	        .verify_retry_ms = 1000,
	        .banner_ms = 20000,
	        .banner_valid_ms = 60000,
	        .recheck_ms = 600000,
	        .apply_retry_ms = 1000,
	        .local_ms = 60000,
	        .epoch_ms = 3600000,
	        .home_ms = 60000,
	        .home_retry_ms = 2000,
	        .home_answer_ms = 10000,
	        .home_down_ms = 15000,
	        .home_hold_ms = 30000,
	        .queue_ms = 60000,
	        .queue_soon_ms = 2000,
	        .waiting_ms = 10000,
	        .look_ms = 3600000,
	        .look_retry_ms = 60000,
	        .departure_ms = 10000,
	        .durable_ms = 60000,
	        .clear_ms = 3600000,
	        .leaving_last_ms = INT64_C(30) * 86400000,
	        .transport_ms = 86400000,
	        .transport_look_ms = 3600000,
	        .evidence_ms = 15000,
	        .evidence_try_ms = 8000,
	        .grace_ms = 600000,
	        .grace_ask_ms = 5000,
	        .breaker_ms = 60000,
	        .host_ms = 3600000,
	        .heard_ms = 86400000,
	        .still_ms = 3600000,
	        .ttl_s = 60,
	};
}

#endif
