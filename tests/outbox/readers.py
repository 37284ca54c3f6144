"""Two readers of calendar objects, independent of the library that writes ours: ical.js (npm) and vobject (PyPI)."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.helpers.npm import ROOT, npm_package

ICAL_JS = "2.2.1"
SCRIPT = Path(__file__).with_name("ical_reader.mjs")


def ical_js(**question: list[Any]) -> list[Any]:
    """Ask ical.js: `texts=[…]` to read each, `runs=[[…], …]` to apply each run's messages one after the other."""
    package = npm_package("ical.js", ICAL_JS, ROOT / "var" / "ical.js")
    node = shutil.which("node")
    assert node, "npm came without node"
    found = subprocess.run(
        [node, str(SCRIPT), str(package / "dist" / "ical.js")],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr
    answer: list[Any] = json.loads(found.stdout)
    return answer
