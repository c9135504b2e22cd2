"""Hatch build hook: the wheel and the sdist carry the built web client."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("portal", "web")
MANIFEST = WEB / "dist" / "manifest.json"


class WebClientBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's config type is private
    """Builds ``portal/web/dist`` where it is missing; an editable install leaves that to the Makefile."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before each target is built; ``version`` is hatchling's build kind.

        Raises SystemExit with one line where the client is neither built nor buildable.
        """
        root = Path(self.root)
        if version == "editable" or (root / MANIFEST).is_file():
            return
        web = root / WEB
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(
                f"chalkmesh: {MANIFEST} is missing and npm is not on the path: "
                "run 'make web' first, or install Node.js 20.19 or newer"
            )
        for arguments in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "--silent", "build"]):
            command = [npm, *arguments]
            if subprocess.run(command, cwd=web, check=False).returncode != 0:
                raise SystemExit(f"chalkmesh: building the web client failed: {' '.join(arguments)} in {WEB}")
        if not (root / MANIFEST).is_file():
            raise SystemExit(f"chalkmesh: the web client's build left no {MANIFEST}")
