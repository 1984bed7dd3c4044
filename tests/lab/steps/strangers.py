# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody claimed, nobody accepted or is only below a claimed name is relayed by no one, and who
is in the VPN without being pinned on both sides gets nothing but the reason."""

from tests.lab import smtp, village
from tests.lab.wait import expect, wait_until

SECONDS_TO_BE_REFUSED = 20
SECONDS_TO_LEARN = 20
REFUSALS_WANTED = 3


def tell(scene):
    for domain in village.NOT_RELAYED:
        _expect_refusals(scene, domain)
        _expect_no_pool_name(scene, domain)
    _let_mallory_try(scene)
    _expect_no_relaying_over_vpn(scene)
    _expect_mail_still_goes_home(scene)
    return f"{', '.join(village.NOT_RELAYED)} relayed by no one; mallory has no session and knows why"


def _expect_refusals(scene, domain):
    """By the prober, who asks what DNS names all the time: never anything but a refusal, then and now."""
    enough = len(scene.prober.replies(domain)) + REFUSALS_WANTED
    wait_until(f"the prober's questions about {domain}", SECONDS_TO_BE_REFUSED,
               lambda: len(scene.prober.replies(domain)) >= enough)
    for reply in scene.prober.replies(domain):
        expect(reply.is_relay_refusal() and reply.code < 500,
               f"{domain}: a relay must answer 4xx Relay access denied, not: {reply.code} {reply.text}")


def _expect_no_pool_name(scene, domain):
    with scene.outside.inside():
        named = scene.chain.values(f"{domain}.mx.pool.test", "A")
    expect(not named, f"the pool zone names {named} for {domain}")


def _let_mallory_try(scene):
    """She pins rosa, who hasn't pinned her, and claims somebody else's domain."""
    mallory = scene.agent("mallory")
    mallory.pin(scene.agent("rosa"))
    mallory.ctl("claim", "luz.test", check=False)
    wait_until("mallory's status says that rosa hasn't pinned her", SECONDS_TO_LEARN,
               lambda: "rosa hasn't pinned you" in mallory.status())
    for name in village.FRIENDS:
        expect("mallory" not in scene.agent(name).members_up(), f"{name} has a session with mallory")
    expect(not mallory.members_up(), "mallory has a session")


def _expect_no_relaying_over_vpn(scene):
    with scene.places.nodes["mallory"].inside():
        for domain in village.NOT_RELAYED:
            recipient = f"{smtp.fresh_local_part()}@{domain}"
            for relay in village.RELAYS:
                reply = smtp.ask_recipient(village.VPN[relay], recipient, "mallory.test")
                expect(reply.is_relay_refusal(), f"{relay} relays {domain} for the VPN: {reply.code} {reply.text}")


def _expect_mail_still_goes_home(scene):
    for domain, home in village.HOME_OF.items():
        for relay in village.relays_for(domain):
            row = scene.places.postfix[relay].row(scene.agent(relay).table("transport"), domain)
            expect(row == f"mesh:[{village.VPN[home]}]:25", f"{relay}'s transport for {domain} became {row}")
