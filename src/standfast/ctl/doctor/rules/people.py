"""Users and groups. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Those that are missing, and administrators who cannot see what comes of their commands."""
    for user in facts.missing_users:
        if facts.notifier and user in facts.notifier.listen_to_users:
            yield wrong(
                f'listen_to_users names "{user}", and this host has no such user: nobody hears its problems',
                "correct listen_to_users in notifier.toml, then systemctl reload standfast-notifier",
            )
        else:
            yield wrong(f"the user {user} is missing", "systemd-sysusers /usr/lib/sysusers.d/standfast.conf")
    for group in facts.missing_groups:
        yield wrong(f"the group {group} is missing", "systemd-sysusers /usr/lib/sysusers.d/standfast.conf")
    for admin in facts.deaf_admins:
        yield note(
            f"{admin} is in standfast-admin, but may not read the journal and so cannot see a command's answer",
            f"usermod -aG systemd-journal {admin}",
        )
