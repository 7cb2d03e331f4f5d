"""The image of the Dockerfile, built and run without a container engine: for deploy/rehearse.

buildah builds it in a chroot, as root; the base images that the Dockerfile names are this Debian's own, made by
debootstrap. Its processes run in a chroot too: read-only, as the image's user, with the rights that docker-compose.yml
leaves them. What is not there is a network of their own and the limits of memory and processes.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parent.parent
NAME: Final = "wardlight"
OF_BASE: Final = "ca-certificates,python3,python3-venv,python-is-python3"
PATH_OF_BASE: Final = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
TRUSTED: Final = "/etc/ssl/certs/ca-certificates.crt"

ENTER: Final = """
set -e
root=$1 tmp=$2; shift 2
mount --bind "$root" "$root"
for one in dev proc; do mount --rbind "/$one" "$root/$one"; done
touch "$root/etc/hosts"
mount --bind /etc/hosts "$root/etc/hosts"
mount -t tmpfs -o "$tmp,mode=1777,nosuid,nodev,noexec" tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec "$@"
"""
"""Run in mounts of its own, which go with the process."""


class Image:
    """The image, laid open.

    Attributes:
        root: the folder with its files.
        settings: of the image: `Env`, `User`, `WorkingDir`, `Cmd`.
        sizes: MB by what takes them.
    """

    def __init__(self, root: Path, settings: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self.root = root
        self.settings = settings
        self.sizes = sizes

    def command(
        self, command: list[str], *, environment: Mapping[str, str], service: Mapping[str, Any]
    ) -> list[str]:
        """What runs this command within the image, as this service of docker-compose.yml would."""
        assert service["read_only"], "docker-compose.yml lets the service write to its root"
        assert service["cap_drop"] == ["ALL"], "docker-compose.yml leaves the service capabilities"
        (temporary,) = service["tmpfs"]
        folder, _, options = temporary.partition(":")
        assert folder == "/tmp", f"docker-compose.yml puts {folder} into memory"
        user = self.settings["User"]
        variables = dict(variable.split("=", 1) for variable in self.settings["Env"]) | dict(environment)
        return [
            *("unshare", "--mount", "--propagation", "private"),
            *("sh", "-c", ENTER, "enter", str(self.root), options),
            *("chroot", str(self.root), "/usr/bin/env", "--ignore-environment"),
            f"--chdir={self.settings['WorkingDir']}",
            *(f"{name}={value}" for name, value in variables.items()),
            *("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"),
            *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
            *command,
        ]

    def put_secret(self, name: str, value: str) -> None:
        """As an engine mounts it: at /run/secrets, for this user alone."""
        path = self.root / "run" / "secrets" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(value)
        path.chmod(0o400)
        user = int(self.settings["User"])
        os.chown(path, user, user)


@contextmanager
def built_image(folder: Path) -> Iterator[Image]:
    """The image, built in this folder, from which it is gone afterwards."""
    store = folder / "store"
    buildah = ("buildah", "--root", str(store), "--runroot", str(folder / "run"), "--storage-driver", "vfs")

    def run(*words: str) -> str:
        # What it says goes to the screen: a build takes minutes.
        done = subprocess.run((*buildah, *words), stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    with ExitStack() as resources:
        # Files of other users, and read-only folders: root's rmtree takes them all.
        resources.callback(shutil.rmtree, folder, ignore_errors=True)
        base = make_base(folder / "base")
        for name in base_names():
            container = run("from", "scratch")
            run("add", "--quiet", container, str(base), "/")
            run("config", "--env", f"PATH={PATH_OF_BASE}", container)
            run("commit", "--quiet", container, f"docker.io/library/{name}")
            run("rm", container)
        home = write_registry_configuration(folder / "home")
        run(
            *("bud", "--isolation", "chroot", "--format", "docker", "--pull-never", "--layers=false"),
            *("--volume", f"{home}:/root", "--volume", f"{trusted_authorities()}:{TRUSTED}:ro"),
            *("--tag", NAME, str(PROJECT)),
        )
        settings = json.loads(run("inspect", "--type", "image", NAME))["Docker"]["config"]
        root = Path(run("mount", run("from", "--pull-never", NAME)))
        check_that_nothing_is_left_of_the_build(root, base)
        yield Image(root, settings, measure(root, base))


def base_names() -> list[str]:
    """The images that the Dockerfile builds on."""
    lines = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    stages = {stage for _, stage in lines}
    return sorted({name for name, _ in lines if name not in stages})


def make_base(folder: Path) -> Path:
    """A stand-in for python:…-slim: the Debian of this machine with its Python."""
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)$", release, re.MULTILINE)
    assert found is not None, "This Debian has no name, by which debootstrap could make another"
    command = ("debootstrap", "--variant=minbase", f"--include={OF_BASE}", found[1], str(folder))
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    for left in ("var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(folder / left)
        (folder / left / "partial").mkdir(parents=True)
    return folder


def write_registry_configuration(home: Path) -> Path:
    """What this machine's pip and npm are told of their registries, as root's home of the build alone."""
    home.mkdir()
    listed = subprocess.run(
        (sys.executable, "-m", "pip", "config", "list"), stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    lines = ["[global]", f"cert = {TRUSTED}"]
    for name, value in re.findall(r"^(?:global|:env:)\.(.+?)='(.*)'$", listed, re.MULTILINE):
        # Files and folders of this machine are not there.
        if name in ("index-url", "extra-index-url", "proxy", "trusted-host") and "file:" not in value:
            lines.append(f"{name} = {value}")
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text("\n".join(lines) + "\n")
    own = Path.home() / ".npmrc"
    npm = [line for line in own.read_text().splitlines() if "//" in line] if own.exists() else []
    (home / ".npmrc").write_text("\n".join([*npm, f"cafile={TRUSTED}"]) + "\n")
    return home


def trusted_authorities() -> str:
    """The file with the authorities that this machine trusts: a registry of its own may have one of its own."""
    path = ssl.get_default_verify_paths().cafile or TRUSTED
    return str(Path(path).resolve())


def check_that_nothing_is_left_of_the_build(root: Path, base: Path) -> None:
    """Beside Wardlight's folder the image has what its base has, and in it nothing that only builds."""
    added = {path for path in _files(root) - _files(base) if not path.startswith("srv/wardlight/")}
    # useradd keeps what was before it, and buildah makes a place for this machine's names.
    assert all(re.fullmatch(r"etc/(\w+-|hosts)", path) for path in added), f"left behind: {sorted(added)}"
    own = root / "srv" / "wardlight"
    held = {path.name for path in own.iterdir()}
    assert held == {
        *(".venv", "LICENSE", "config", "manage.py", "patients", "requirements.txt", "static"),
        *("staticfiles", "templates"),
    }, f"in the image's folder: {sorted(held)}"
    venv = own / ".venv"
    found = [*venv.glob("bin/*"), *venv.glob("lib/*/site-packages/*")]
    builders = [path.name for path in found if re.match(r"pip|setuptools|wheel|node|npm|npx", path.name)]
    assert not builders, f"only builds: {builders}"


def _files(root: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
    }


def measure(root: Path, base: Path) -> dict[str, int]:
    """What the image's files take, MB (10⁶ bytes)."""
    own = root / "srv" / "wardlight"
    parts = {"base": base, "Python packages": own / ".venv", "static files": own / "staticfiles"}
    sizes = {name: _bytes_of(path) for name, path in parts.items()}
    sizes["the rest"] = _bytes_of(root) - sum(sizes.values())
    return {name: round(size / 1e6) for name, size in sizes.items()}


def _bytes_of(folder: Path) -> int:
    return sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(folder) for name in names)
