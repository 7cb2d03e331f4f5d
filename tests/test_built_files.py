"""What webpack wrote: these tests need the browser's side built, which `make test` does first."""

import json


def test_what_webpack_tells_names_no_folder_of_this_machine(settings):
    """It lies among the files that everybody may read."""
    stats = settings.WEBPACK_LOADER["DEFAULT"]["STATS_FILE"]
    assets = json.loads(stats.read_text())["assets"].values()
    assert assets
    assert not [asset["path"] for asset in assets if asset["path"].startswith("/")]
