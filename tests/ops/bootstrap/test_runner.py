"""The side-by-side runner: order, failures, remedies."""

from pathlib import Path

from ops.bootstrap.runner import Runner, Say, Step, StepError


def fails(say: Say) -> str:
    raise StepError("no such engine", "start one")


def test_a_step_waits_for_what_it_needs() -> None:
    order: list[str] = []

    def work(name: str) -> str:
        order.append(name)
        return name

    steps = [Step("image", lambda say: work("image"), after=("docker",)), Step("docker", lambda say: work("docker"))]
    assert Runner(steps, quiet=True).run()
    assert order == ["docker", "image"]


def test_a_failure_stops_what_needs_it_and_names_the_remedy() -> None:
    image = Step("image", lambda say: "never", after=("docker",))
    opa = Step("opa", lambda say: "1.22.0")
    runner = Runner([Step("docker", fails), image, opa], quiet=True)
    assert not runner.run()
    assert image.result == ""
    assert opa.result == "1.22.0"
    table = runner.table(Path("logs"))
    assert "docker: no such engine" in table
    assert "remedy: start one" in table
    assert "needs docker, which failed" in table


def test_an_optional_step_may_fail() -> None:
    runner = Runner([Step("promtool", fails, optional=True)], quiet=True)
    assert runner.run()
    assert "skipped" in runner.table(Path("logs"))


def test_a_fault_of_our_own_is_a_failure_and_wakes_waiters() -> None:
    def broken(say: Say) -> str:
        raise ZeroDivisionError

    runner = Runner([Step("docker", broken), Step("image", lambda say: "x", after=("docker",))], quiet=True)
    assert not runner.run()


def test_nothing_to_do_is_one_line() -> None:
    runner = Runner([Step("opa", lambda say: "there")], quiet=True)
    runner.run()
    assert len(runner.table(Path("logs")).splitlines()) == 1
