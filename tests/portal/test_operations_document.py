"""docs/operations.md against the code: its tables, and every setting, metric and log line that it names."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections import Counter
from unittest.mock import Mock

import pytest

from portal.metrics import Held, portal_registry
from recorder.metrics import recorder_registry
from signaling.relay_metrics import relay_registry
from tools.settings_tables import DOCUMENT, PARTS, fill_tables

DEPLOY = DOCUMENT.parents[1] / "deploy"
TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def test_tables_are_as_the_code_says() -> None:
    assert fill_tables(TEXT) == TEXT, "run: python -m tools.settings_tables"


def test_every_part_has_its_table() -> None:
    assert set(re.findall(r"<!-- table: (\w+) -->", TEXT)) == {"commands", *PARTS}


@pytest.mark.parametrize("block", [body for kind, body in BLOCKS if kind == "toml"])
def test_settings_in_the_text_exist(block: str) -> None:
    for part, table in tomllib.loads(block).items():
        assert set(table) <= {field.name for field in dataclasses.fields(PARTS[part])}


def test_environment_variables_in_the_text_exist() -> None:
    for part, setting in re.findall(r"CHALKMESH_([A-Z]+)_([A-Z_]+)=", TEXT):
        assert setting.lower() in {field.name for field in dataclasses.fields(PARTS[part.lower()])}


@pytest.mark.parametrize("said", ["the room log cannot store", "record damaged, set aside room=", "log mended",
                                  "snapshots damaged", "stored snapshot not taken", "the CRDT library panicked",
                                  "child_frozen", "child_died"])  # fmt: skip
def test_what_the_incidents_quote_is_what_is_logged(said: str) -> None:
    assert said in TEXT.replace("\n", " ")
    sources = [*DOCUMENT.parents[1].glob("signaling/*.py"), *DOCUMENT.parents[1].glob("portal/*.py")]
    assert any(said in source.read_text(encoding="utf-8") for source in sources)


def exported_metrics() -> set[str]:
    """Every family that one of the three parts exports, as Prometheus names its samples."""
    recorder, relay = Mock(), Mock()
    recorder.lesson_figures, recorder.wanted, recorder.films_waiting = [], 0, 0
    relay.roles.return_value = Counter()
    names = ("rooms", "open_rooms", "sockets", "in_memory_bytes", "log_queue_writes", "log_queue_bytes")
    relay.figures.return_value = dict.fromkeys(names, 0.0)
    found = set()
    for registry in (relay_registry(relay), recorder_registry(recorder), portal_registry(Held())):
        for family in registry.collect():
            if family.name.startswith("chalkmesh_"):
                found.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return found


def test_every_metric_is_documented_and_no_other_is() -> None:
    assert set(re.findall(r"`(chalkmesh_(?:relay|recorder|portal)_\w+)`", TEXT)) == exported_metrics()


@pytest.mark.parametrize("name", ["grafana-dashboard.json", "prometheus-alerts.yml"])
def test_dashboard_and_alerts_ask_for_metrics_that_exist(name: str) -> None:
    asked = set(re.findall(r"chalkmesh_(?:relay|recorder|portal)_\w+", (DEPLOY / name).read_text(encoding="utf-8")))
    assert asked
    assert {each.removesuffix("_bucket") for each in asked} <= exported_metrics()


def test_every_scenario_is_named() -> None:
    assert {path.stem for path in (DEPLOY.parent / "loadtests" / "scenarios").glob("*.toml")} <= set(
        re.findall(r"`([\w-]+)`", TEXT)
    )
