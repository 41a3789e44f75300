"""Before a campaign spends anything: is its target's judge fit to judge? Asked once for each manifest."""

from __future__ import annotations

from daemon.house import House
from daemon.probe_results import Checked, Checks
from daemon.probing import attack
from daemon.steps.effects import DAEMON
from kernels.probes.suite import unprobed
from kernels.target import Target
from workflows.ports import RefusedError

RULE = "PROBES"


def require_fit(house: House, campaign: str, target: Target, image: str) -> None:
    """Attack the target's judge unless the result for exactly this target is known.

    Raises RefusedError, rule PROBES, when a probe got through; InfrastructureError when the attack could not be made.
    """
    checks = Checks(house.settings.checks)
    if reason := unprobed(target):
        checked = Checked(target.name, target.manifest(), unprobed=reason)
    else:
        found = checks.find(target, image)
        checked = found or _attack(house, campaign, target, image)
        if found is None:
            checks.keep(target, image, checked)
    house.audit.append("target.checked", actor=DAEMON, campaign=campaign, body=_told(checked))
    if not checked.passed:
        raise RefusedError(
            RULE,
            f"the judge of {target.name} is not fit to judge: {checked.why()[:3000]}; mend the target, then see "
            f"`ratchet target check {target.name}`",
        )


def _attack(house: House, campaign: str, target: Target, image: str) -> Checked:
    with house.judges.seats.take(alone=True) as seat:
        return attack(house.judges.get(campaign, target, image), target, seat.cpu)


def _told(checked: Checked) -> dict[str, object]:
    """The log's body: how many probes there were, and by name each one that was not simply held."""
    names: dict[str, list[str]] = {"held": [], "noted": [], "open": [], "got through": [], "unproven": []}
    for attack_ in checked.attacks:
        names[attack_.state].append(attack_.name)
    return {
        "target": checked.target,
        "manifest": checked.manifest,
        "passed": checked.passed,
        "held": len(names["held"]),
        "noted": names["noted"],
        "open": names["open"],
        "caught": names["got through"] + names["unproven"],
        "why": (checked.why() or checked.unprobed)[:1000],
    }
