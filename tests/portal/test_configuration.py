"""Where a setting comes from: portal/configuration.py, portal/settings.py."""

import dataclasses
from pathlib import Path

import pytest

from portal.configuration import resolve_settings
from portal.serving import ServeSettings
from portal.settings import PortalSettings
from whiteboard_crdt.errors import SetupError


def test_flag_before_environment_before_file_before_default(tmp_path: Path) -> None:
    file = tmp_path / "chalkmesh.toml"
    file.write_text('[portal]\nport = 1\nhost = "file"\nlogin_hours = 3\n')
    environ = {"CHALKMESH_PORTAL_PORT": "2", "CHALKMESH_PORTAL_HOST": "environment"}
    settings = resolve_settings(PortalSettings, "portal", {"port": 3, "host": None}, environ, file)
    assert (settings.port, settings.host, settings.login_hours, settings.relay_port) == (3, "environment", 3, 8081)


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("1", True), ("off", False), ("", False)])
def test_truth_is_written_in_words(word: str, value: bool) -> None:
    assert resolve_settings(PortalSettings, "portal", {}, {"CHALKMESH_PORTAL_DEMO": word}, None).demo is value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[portal]\nport = "x"', "port"),
        ("[portal]\ncolour = 1", "colour"),
        ("[portal", "cannot be read"),
        ("portal = 1", "must be a table"),
        ('[portal]\ndemo = "perhaps"', "demo"),
    ],
)
def test_file_that_is_wrong_is_said_in_one_sentence(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "chalkmesh.toml"
    file.write_text(content)
    with pytest.raises(SetupError, match=words):
        resolve_settings(PortalSettings, "portal", {}, {}, file)


@pytest.mark.parametrize("settings", [PortalSettings, ServeSettings])
def test_every_setting_says_what_it_is_and_in_which_unit(settings: type) -> None:
    for field in dataclasses.fields(settings):
        assert field.metadata["help"].endswith((".", "?")), field.name
        assert field.metadata["unit"], field.name
