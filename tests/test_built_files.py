"""What webpack wrote: these tests need the browser's side built, which `make test` does first."""

import json
import re

ABOVE_THE_FLOOR = re.compile(
    r"light-dark\(|color-mix\(|oklch\(|:has\(|:popover-open|@starting-style|@scope|@layer|subgrid"
)
"""What one of Chrome 109, Firefox 115 and Safari 16.4 drops without a word."""


def test_what_webpack_tells_names_no_folder_of_this_machine(settings):
    """It lies among the files that everybody may read."""
    stats = settings.WEBPACK_LOADER["DEFAULT"]["STATS_FILE"]
    assets = json.loads(stats.read_text())["assets"].values()
    assert assets
    assert not [asset["path"] for asset in assets if asset["path"].startswith("/")]


def test_no_style_needs_what_the_oldest_browsers_lack(settings):
    """Nothing lowers these but the light and dark of a colour; within @supports they are asked for."""
    folder = settings.WEBPACK_LOADER["DEFAULT"]["STATS_FILE"].parent
    styles = {path.name: path.read_text() for path in folder.glob("*.css")}
    assert styles
    without_asked = {
        name: re.sub(r"@supports[^{]*\{(?:[^{}]*\{[^{}]*\})*\}", "", text) for name, text in styles.items()
    }
    found = {name: ABOVE_THE_FLOOR.findall(text) for name, text in without_asked.items()}
    assert {name: words for name, words in found.items() if words} == {}
