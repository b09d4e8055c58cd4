"""Secrets that are asked for are there, and are secret. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts, Loose, Secret
from standfast.ctl.doctor.finding import Finding, note, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Secrets that are missing, shut to their reader, open to others, or not taken up."""
    for secret in facts.secrets:
        yield from _about(secret, facts)
    yield from _not_taken_up(facts)
    for name, file, owner in facts.spoilt_secrets:
        yield wrong(
            f"the secret {name} in {file} cannot be decrypted: {owner} does not start with it (243/CREDENTIALS)",
            facts.careful(
                f"{owner}.service", f"standfastctl secret set {name}{_own(owner)} && systemctl restart {owner}"
            ),
        )
    for loose in facts.loose_credentials:
        yield _loose(loose)
    for name, owner in facts.idle_secrets:
        yield note(
            f"the secret {name} is stored for {owner}, and nothing that is configured uses it",
            f"if it is not for later: standfastctl secret remove {name}{_own(owner)}",
        )


def _loose(loose: Loose) -> Finding:
    what = f"belongs to {loose.owner}, not to root" if loose.owner else "is open to others than root"
    shut = f"chown root:root {loose.path} && chmod go= {loose.path}"
    return wrong(f"{loose.path} {what}", shut + (", and have the secret changed" if loose.was_open else ""))


def _own(owner: str) -> str:
    """The option that names the agent whose own a secret is."""
    agent = owner.partition("@")[2]
    return f" --agent {agent}" if agent and agent != "NAME" else ""


def _about(secret: Secret, facts: Facts) -> Iterator[Finding]:
    name = secret.credential or f"in {secret.source}"
    agent = f" --agent {secret.agent}" if secret.agent else ""
    restart = f"systemctl restart {secret.asked_by}"
    if secret.exists is False and secret.is_needed:
        step = f"standfastctl secret set {secret.credential}{agent} && {restart}"
        if not secret.credential:
            step = f"write it to {secret.source}"
        elif not secret.is_settable:
            step = f"LoadCredential={name}:/PATH by systemctl edit {secret.asked_by}, or name one of standfastctl's own"
        step = facts.careful(secret.asked_by, step)
        yield wrong(f"{secret.asked_by} needs the secret {name}, and there is none", step)
    if secret.obstacle:
        step = facts.careful(secret.asked_by, f"chown it, then {restart}")
        yield wrong(f"{secret.asked_by} may not read {secret.source}: {secret.obstacle}", step)
    if secret.is_public:
        yield wrong(f"everybody on this host may read the secret in {secret.source}", f"chmod o= {secret.source}")


def _not_taken_up(facts: Facts) -> Iterator[Finding]:
    """One finding for all that a unit has in an older form, or not at all: one restart mends it."""
    newer: dict[str, list[str]] = {}
    for secret in facts.secrets:
        if secret.is_newer:
            newer.setdefault(secret.asked_by, []).append(secret.credential or f"in {secret.source}")
    for unit, names in newer.items():
        said = f"secret {names[0]} was" if len(names) == 1 else f"secrets {', '.join(names)} were"
        step = facts.careful(unit, f"systemctl restart {unit}")
        yield note(f"the {said} stored after {unit} was started", step)
