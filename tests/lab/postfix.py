# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's Postfix: Debian's stock files in directories of its own, mounted where Postfix looks for them.

Nothing is taken from the host's main.cf and master.cf, which may be anybody's; they come fresh from the package.
"""

import json
import os
import shutil
import time

from tests.lab.wait import expect, wait_until

STOCK = "/usr/share/postfix"
STOCK_IN_ETC = ("dynamicmaps.cf", "dynamicmaps.cf.d", "postfix-files", "postfix-files.d")
MAIL_UID = 5000
SECONDS_TO_START = 15
# Postfix waits until main.cf is 2 s old; so ours always is.
SECONDS_SETTLED = 10

# What Debian's postinst writes for an "Internet Site", but for alias_maps, which would be the host's.
_DEBIAN = {
    "smtpd_relay_restrictions": "permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
    "alias_maps": "",
    "alias_database": "",
    "relayhost": "",
    "mynetworks": "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128",
    "mailbox_size_limit": "0",
    "recipient_delimiter": "+",
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "maillog_file": "/var/log/mail.log",
}


def mailbox_settings(directory, domains, users):
    """main.cf settings and the text of /etc/postfix/mailboxes for Maildirs DIRECTORY/DOMAIN/USER/."""
    rows = [f"{user}@{domain} {domain}/{user}/\n" for domain in domains for user in users]
    settings = {
        "virtual_mailbox_domains": " ".join(domains),
        "virtual_mailbox_base": directory,
        "virtual_mailbox_maps": "texthash:/etc/postfix/mailboxes",
        "virtual_uid_maps": f"static:{MAIL_UID}",
        "virtual_gid_maps": f"static:{MAIL_UID}",
    }
    return settings, "".join(rows)


class Postfix:
    def __init__(self, node, hostname, settings):
        self.node = node
        self._settings = {
            "myhostname": hostname, "mydestination": f"{hostname}, localhost", **_DEBIAN, **settings}

    def start(self, files=None):
        """Lay out /etc/postfix with these further files in it (name: text), start, wait for the banner."""
        self._write_configuration(files or {})
        for name in ("spool", "lib"):
            os.makedirs(self.node.path("postfix", name))
            self.node.mount(self.node.path("postfix", name), f"/var/{name}/postfix")
        shutil.chown(self.node.path("postfix/lib"), "postfix", "postfix")
        self.node.run("/usr/lib/postfix/configure-instance.sh", "-")
        self._start_master()

    def _start_master(self):
        since = self._log_size()
        self.daemon = self.node.start("postfix", "start-fg", log="postfix.out")
        wait_until(f"{self.node.name}: Postfix says that it is started", SECONDS_TO_START,
                   lambda: self.daemon.check_running() and self._said("daemon started", since))

    def stop(self):
        """Returns when nothing of it runs any more; its queue stays."""
        self.node.run("postfix", "stop")
        self.daemon.wait()

    def start_again(self):
        self.settle()
        self._start_master()

    def set(self, name, value):
        """Change main.cf; Postfix reads it at its next start or reload."""
        self.node.run("postconf", "-e", f"{name}={value}")
        self.settle()

    def get(self, name):
        """A setting of main.cf."""
        return self.node.run("postconf", "-hx", name).stdout.strip()

    def append(self, name, text):
        """To a file in /etc/postfix; Postfix reads it at its next start or reload."""
        with open(self.node.path("postfix/etc", name), "a", encoding="ascii") as file:
            file.write(text)

    def queued(self):
        """{queue id: [recipients]} of what waits; a message that leaves while we look may be missing."""
        done = self.node.run("postqueue", "-j", check=False)
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        return {message["queue_id"]: [recipient["address"] for recipient in message["recipients"]]
                for message in messages}

    def queued_for(self, domain):
        """How many recipients of that domain wait."""
        return sum(recipient.endswith(f"@{domain}") for recipients in self.queued().values()
                   for recipient in recipients)

    def _write_configuration(self, files):
        etc = self.node.path("postfix/etc")
        os.makedirs(etc)
        for name in STOCK_IN_ETC:
            source = os.path.join("/etc/postfix", name)
            copy = shutil.copytree if os.path.isdir(source) else shutil.copy
            copy(source, os.path.join(etc, name))
        shutil.copy(os.path.join(STOCK, "makedefs.out"), etc)
        shutil.copy(os.path.join(STOCK, "master.cf.dist"), os.path.join(etc, "master.cf"))
        with open(os.path.join(STOCK, "main.cf.debian"), encoding="ascii") as stock:
            lines = [f"{key} = {value}\n" for key, value in self._settings.items()]
            self.node.write("postfix/etc/main.cf", stock.read() + "".join(lines))
        for name, text in files.items():
            self.node.write(f"postfix/etc/{name}", text)
        self.node.mount(etc, "/etc/postfix")
        self.settle()

    def settle(self):
        """Make the configuration look old enough for Postfix not to wait."""
        past = time.time() - SECONDS_SETTLED
        for name in ("main.cf", "master.cf"):
            os.utime(self.node.path("postfix/etc", name), (past, past))

    def _log_size(self):
        try:
            return os.path.getsize(self.node.path("log/mail.log"))
        except FileNotFoundError:
            return 0

    def _said(self, words, since):
        try:
            with open(self.node.path("log/mail.log"), encoding="utf-8", errors="replace") as log:
                log.seek(since)
                return words in log.read()
        except FileNotFoundError:
            return False

    def reload(self):
        """As the operator would after a change of main.cf; returns when the master has read it."""
        self.settle()
        since = self._log_size()
        self.node.run("postfix", "reload")
        wait_until(f"{self.node.name}: Postfix has reloaded", SECONDS_TO_START,
                   lambda: self._said("reload -- version", since))

    def apply_commands(self, commands):
        """Run postconf commands, as printed for the operator, in the node's shell."""
        done = self.node.run("sh", "-e", input=commands)
        expect(not done.stderr, f"{self.node.name}: a printed postconf command complains: {done.stderr.strip()}")

    def row(self, table, key):
        """The value of key in the lmdb table with this path, or None."""
        done = self.node.run("postmap", "-q", key, f"lmdb:{table}", check=False)
        return done.stdout.strip() if done.returncode == 0 else None
