"""Before a campaign spends anything: is its target's judge fit to judge? Asked once for each manifest."""

from __future__ import annotations

from daemon.house import House
from daemon.probing import Checked, Checks, attack
from kernels.target import Target
from workflows.ports import RefusedError


def require_fit(house: House, campaign: str, target: Target, image: str) -> None:
    """Attack the target's judge unless the result for exactly this target is known.

    Raises RefusedError, rule PROBES, when a probe got through; InfrastructureError when the attack could not be made.
    """
    if target.kind == "genome":
        return  # judged by the tasks of a suite, whose judges are ours and have tests of their own
    checks = Checks(house.settings.checks)
    checked = checks.find(target, image)
    if checked is None:
        with house.judges.measuring_cpu() as cpu:
            checked = attack(house.judges.get(campaign, target, image), target, cpu)
        checks.keep(target, image, checked)
    house.audit.append("target.checked", actor="daemon", campaign=campaign, body=_told(checked))
    if not checked.passed:
        raise RefusedError(
            "PROBES",
            f"the judge of {target.name} is not fit to judge: {checked.why()}; mend the target, then see "
            f"`ratchet target check {target.name}`",
        )


def _told(checked: Checked) -> dict[str, object]:
    states = [attack.state for attack in checked.attacks]
    return {
        "target": checked.target,
        "manifest": checked.manifest,
        "passed": checked.passed,
        "held": states.count("held"),
        "open": [attack.name for attack in checked.attacks if attack.state == "open"],
        "why": checked.why()[:1000],
    }
