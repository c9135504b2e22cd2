"""Load tests for locust: ``locust -f loadtests/locustfile.py --scenario one-to-four --data DATA --relay-url ws://…``.

Two kinds of users: bots in rooms, each of which lives in an asyncio process beside locust (`users/bot_host.py`) and
tells locust what it measures, and visitors of the portal. Web UI, headless and distributed modes are locust's own; a
worker needs the same options as its master. Rooms are never shared between workers, so one clock times each edit.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from locust import HttpUser, User, between, constant, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

# Started by its path, locust knows only this file's own folder.
sys.path.insert(0, str(Path(__file__).parents[1]))

from loadtests.users.accounts import Accounts, load_accounts
from loadtests.users.bot_processes import BotProcesses
from loadtests.users.endings import RelayKill, end_recordings
from loadtests.users.figures import Figures, Kept
from loadtests.users.lines import Row, Setup
from loadtests.users.report_page import report_page
from loadtests.users.scenario import Scenario, Seat, load_scenario, scenario_names
from loadtests.users.usage_watch import UsageWatch, expand_watched, parse_watched
from loadtests.users.verdict import Ended, Verdict, judge
from loadtests.users.visits import PortalVisit

SETTLE_S: Final = 30.0


class Settled(msgspec.Struct):
    """What a worker tells its master at the end."""

    ended: Ended
    figures: dict[str, Kept]


class Run:
    """One test of this locust process: the bots' processes, the figures, the end."""

    def __init__(self, environment: Environment, options: argparse.Namespace, number: int) -> None:
        """`number`: of this process' runs. Each begins with empty boards, unless a recorder sits in its rooms."""
        self.environment = environment
        self.options = options
        self.scenario = chosen(options)
        self.figures = Figures()
        self.accounts: Accounts | None = load_accounts(Path(options.accounts)) if options.accounts else None
        lessons = self.accounts.lessons if self.accounts else ()
        self.logins = itertools.cycle([login for lesson in lessons for login in lesson.people] or [""])
        self.ended: Ended | None = None
        self.verdict: Verdict | None = None
        runner = environment.runner
        index = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        prefix = options.room_prefix or f"load-{int(time.time())}-{os.getpid()}"
        if isinstance(runner, WorkerRunner):
            prefix += f"-{index}"
        setup = Setup(
            scenario=self.scenario,
            accounts=str(Path(options.accounts).resolve()) if options.accounts else "",
            data=str(Path(options.data).resolve()) if options.data else "",
            relay_url=options.relay_url,
            prefix=prefix + (f"-{number}" if number > 1 and not options.recordings else ""),
            endless=options.endless,
            first_room=index,
            room_step=max(1, options.expect_workers or 1),
        )
        self.bots = None if isinstance(runner, MasterRunner) else BotProcesses(setup, options.bot_processes, self.count)
        self.watch = UsageWatch(self._pids)
        self.kill: RelayKill | None = None
        if self.scenario.restart_at_s is not None and self.bots is not None:
            self.kill = RelayKill(
                self.scenario.restart_at_s, options.relay_url, self._relay, lambda row: self.count([row])
            )

    def count(self, rows: list[Row]) -> None:
        """What bots and visitors measured, into locust's statistics and ours."""
        self.figures.add(rows, time.time())
        # `Any`: the method has no types in locust.
        fire: Any = self.environment.events.request.fire
        for row in rows:
            error = ConnectionError(row.error) if row.error else None
            fire(
                request_type=row.kind, name=row.name, response_time=row.ms, response_length=row.size, exception=error,
                context={},
            )  # fmt: skip

    def settle(self) -> None:
        """Bring the bots to rest and see what they have; once."""
        if self.ended is None and self.bots is not None:
            self.ended = self.bots.settle(SETTLE_S)

    def conclude(self, ended: Ended) -> Verdict:
        """The verdict; written where `--report` says."""
        if self.options.recordings:
            ended.recordings = end_recordings(self.options.recordings, Path(self.options.data))
        self.watch.stop()
        verdict = judge(
            self.scenario,
            self.figures,
            ended,
            self.watch.seen,
            again=(
                f"chalkmesh loadtest {self.options.scenario} --seed {self.scenario.seed}"
                f" --duration {self.scenario.duration_s:g} --rooms {self.scenario.rooms}"
            ),
            machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            at=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        )
        if self.options.report:
            folder = Path(self.options.report)
            folder.mkdir(parents=True, exist_ok=True)
            encoded = msgspec.json.format(msgspec.json.encode(verdict), indent=1)
            (folder / "report.json").write_bytes(encoded)
            (folder / "report.html").write_text(report_page(verdict), encoding="utf-8")
        return verdict

    def close(self) -> None:
        """Let go of the bots' processes."""
        self.watch.stop()
        if self.kill is not None:
            self.kill.stop()
        if self.bots is not None:
            self.bots.close()

    def _pids(self) -> dict[str, int]:
        own = {"locust": os.getpid()}
        if self.bots is not None:
            own |= {f"bots {number}": pid for number, pid in enumerate(self.bots.pids)}
        return own | expand_watched(parse_watched(self.options.watch))

    def _relay(self) -> int | None:
        return expand_watched(parse_watched(self.options.watch)).get("relay")


class _Current:
    """The run under way, and on a master what its workers said."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.runs = 0
        self.said: list[Settled] = []


current = _Current()


def chosen(options: argparse.Namespace) -> Scenario:
    """The scenario of the options, with what they change in it."""
    scenario = load_scenario(options.scenario)
    changed = {"seed": options.seed, "duration_s": options.duration, "rooms": options.rooms}
    return msgspec.structs.replace(scenario, **{name: value for name, value in changed.items() if value is not None})


class LessonBot(User):
    """One seat of one room. What happens in it happens in the bot's own process."""

    wait_time = constant(1)
    _seat: Seat | None = None

    def on_start(self) -> None:
        """Take the next seat."""
        run = current.run
        if run is None or run.bots is None:
            raise StopUser
        self._seat = run.bots.enter()

    @task
    def be_there(self) -> None:
        """The bot does everything else."""

    def on_stop(self) -> None:
        """Leave the room; at the end of a test all boards have been compared before."""
        run = current.run
        if run is not None and run.bots is not None and self._seat is not None:
            run.bots.leave(self._seat)


class PortalVisitor(HttpUser):
    """Somebody who looks at the portal: today, recordings, what a lesson needs before one joins it."""

    wait_time = between(0.5, 2)
    host = "http://127.0.0.1:8080"

    def on_start(self) -> None:
        """Log in."""
        run = current.run
        if run is None or run.accounts is None:
            raise StopUser
        self.visit = PortalVisit(self.client, run.accounts, next(run.logins))
        self.visit.log_in()

    @task(4)
    def today(self) -> None:
        """Today's lessons."""
        self.visit.look("/")

    @task(2)
    def recordings(self) -> None:
        """What was recorded."""
        self.visit.look("/recordings")

    @task(2)
    def device_check(self) -> None:
        """What a browser asks before it joins."""
        self.visit.look_at_lesson()


# The decorators of locust's events are not typed: each ignore from here on is for one of them.
@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: Any) -> None:
    """Our options, shown in the web UI too. `Any`: locust's parser is configargparse's, without types."""
    group = parser.add_argument_group("Chalkmesh")
    group.add_argument("--scenario", default="one-to-one", help=f"A .toml, or one of: {', '.join(scenario_names())}")
    group.add_argument("--data", default="", help="Data folder of the relay, for its ticket key")
    group.add_argument("--relay-url", default="ws://127.0.0.1:8081/v1/session", help="The relay's session socket")
    group.add_argument("--accounts", default="", help="File of accounts: bots and visitors log in at its portal")
    group.add_argument("--seed", type=int, default=None, help="In place of the scenario's")
    group.add_argument("--duration", type=float, default=None, help="In place of the scenario's, seconds")
    group.add_argument("--rooms", type=int, default=None, help="In place of the scenario's")
    group.add_argument("--bot-processes", type=int, default=1, help="Processes that the bots share")
    group.add_argument("--room-prefix", default="", help="What the names of rooms begin with; without it a new one")
    group.add_argument("--recordings", default="", help="Address of the recorders' desk, which is asked at the end")
    group.add_argument("--report", default="", help="Folder for report.json and report.html")
    group.add_argument("--watch", default="", help="Processes of the service, as relay=123,recorder=456")


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> None:
    """As many users as the scenario has people, and visitors only where there is a portal."""
    options = environment.parsed_options
    runner = environment.runner
    if options is None or runner is None:
        raise AssertionError("locust has options and a runner by now")
    scenario = chosen(options)
    # Nothing asks for it, but the web UI complains where there is none.
    LessonBot.host = options.relay_url
    if options.accounts:
        PortalVisitor.host = load_accounts(Path(options.accounts)).portal
        PortalVisitor.fixed_count = scenario.visitors
    if not options.accounts or not scenario.visitors:
        environment.user_classes = [LessonBot]
    if options.num_users is None:
        options.num_users = scenario.users
    if options.spawn_rate is None:
        options.spawn_rate = scenario.join_s
    if isinstance(runner, MasterRunner):
        runner.register_message("settled", hear_settled)
    elif isinstance(runner, WorkerRunner):
        runner.register_message("settle", tell_settled, concurrent=True)


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def begin(environment: Environment, **_: Any) -> None:
    """A new run."""
    if environment.parsed_options is None:
        raise AssertionError("locust has options by now")
    if current.run is not None:
        current.run.close()
    if not isinstance(environment.runner, WorkerRunner):
        # A worker is told with all options that are ours. Without an end nobody waits for the end of a plan.
        environment.parsed_options.endless = not environment.parsed_options.run_time
    current.said = []
    current.runs += 1
    current.run = Run(environment, environment.parsed_options, current.runs)


@events.request.add_listener  # type: ignore[untyped-decorator]
def count_pages(request_type: str, name: str, response_time: float, exception: object, **more: Any) -> None:
    """The visitors' requests belong to our figures too; the bots' are there already. `Any`: locust's own extras."""
    if current.run is not None and "response" in more and more["response"] is not None:
        error = "" if exception is None else type(exception).__name__
        size = int(more.get("response_length") or 0)
        current.run.figures.add([Row(request_type, name, response_time, size, error)], time.time())


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]
def end(environment: Environment, **_: Any) -> None:
    """Before any bot leaves: compare the boards, on every worker where there are some."""
    run, runner = current.run, environment.runner
    if run is None:
        return
    if isinstance(runner, MasterRunner):
        workers = len(runner.clients)
        runner.send_message("settle")
        until_s = time.monotonic() + 4 * SETTLE_S + 60
        while len(current.said) < workers and time.monotonic() < until_s:
            time.sleep(0.1)
        finish(environment, run, total(current.said, workers))
    else:
        run.settle()
        if not isinstance(runner, WorkerRunner):
            finish(environment, run, run.ended or Ended())


def total(said: list[Settled], workers: int) -> Ended:
    """What all workers came to. Rooms of different workers are different rooms."""
    ended = Ended(missing=workers - len(said))
    for number, each in enumerate(said):
        ended.rooms += each.ended.rooms
        ended.edits |= {f"{number}/{seat}": digest for seat, digest in each.ended.edits.items()}
        for name in ("planned", "done", "dropped", "bots_cpu_s", "bots_mb", "missing"):
            setattr(ended, name, getattr(ended, name) + getattr(each.ended, name))
    return ended


def finish(environment: Environment, run: Run, ended: Ended) -> None:
    """The verdict, said in a few lines; a run that failed makes locust fail."""
    run.verdict = verdict = run.conclude(ended)
    if not verdict.ok:
        environment.process_exit_code = 1
    for bar in verdict.bars:
        sys.stderr.write(f"{'held  ' if bar.held else 'FAILED'} {bar.name}: {bar.value}, wanted {bar.wanted}\n")
    sys.stderr.write(f"limit: {verdict.limit}\nagain: {verdict.again}\n")


def tell_settled(environment: Environment, **_: Any) -> None:
    """On a worker: the master wants to know how it ended."""
    run, runner = current.run, environment.runner
    if run is None or runner is None:
        return
    run.settle()
    settled = Settled(run.ended or Ended(), run.figures.keep())
    runner.send_message("settled", {"settled": msgspec.json.encode(settled).decode()})


def hear_settled(environment: Environment, msg: Any, **_: Any) -> None:
    """On the master: a worker's answer. `Any`: locust's message."""
    settled = msgspec.json.decode(msg.data["settled"], type=Settled)
    current.said.append(settled)
    if current.run is not None:
        current.run.figures.merge(settled.figures)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def close(**_: Any) -> None:
    """Nothing of a run outlives locust."""
    run, current.run = current.run, None
    if run is not None:
        # The bots' processes end when their standard input does; locust's own loop must not wait for them alone.
        closing = threading.Thread(target=run.close, name="close")
        closing.start()
        closing.join()
