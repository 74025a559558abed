"""What made a result: package, versions, processor."""

import hashlib
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("thesis-repro", "keras", "tensorflow", "jax", "numpy", "scipy", "scikit-learn")


# How variables of the libraries that compute begin. No shorter: TF_VAR_, NVIDIA_API_ are others',
# and may hold secrets.
_SETTINGS = (
    *("CUBLAS_", "CUDA_VISIBLE_", "CUDNN_", "DNNL_", "JAX_", "MKL_", "OMP_", "ONEDNN_", "XLA_"),
    *("TF_CUDNN_", "TF_DETERMINISTIC_", "TF_DISABLE_", "TF_ENABLE_", "TF_GPU_", "TF_NUM_"),
    *("TF_USE_", "TF_XLA_"),
)


def settings() -> dict[str, str]:
    """The environment of the libraries that compute, which can change last digits."""
    return {name: os.environ[name] for name in sorted(os.environ) if name.startswith(_SETTINGS)}


def constraints() -> dict[str, Any] | None:
    """How this environment differs from ``constraints.txt``; None if there is none.

    It lies beside the package. "sha256" is its own (hex), "otherwise" has the packages of another
    version than it names, each as in "1.2, not 1.3". A package that is not installed changes no
    number.
    """
    path = Path(__file__).resolve().parent.parent / "constraints.txt"
    if not path.is_file():
        return None
    from packaging.requirements import Requirement

    content = path.read_bytes()
    lines = [line.rstrip(" \\") for line in content.decode().splitlines()]
    pins = [Requirement(line) for line in lines if line and line[0] not in " #"]
    otherwise = {}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate():
            try:
                installed = version(pin.name)
            except PackageNotFoundError:
                continue
            if not pin.specifier.contains(installed, prereleases=True):
                wanted = str(pin.specifier).removeprefix("==")
                otherwise[pin.name] = f"{installed}, not {wanted}"
    return {"sha256": hashlib.sha256(content).hexdigest(), "otherwise": otherwise}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    installed = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def processor() -> str:
    """The name of this machine's CPU, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine()


def commit() -> str | None:
    """The git commit of the source tree, ``-dirty`` where it was changed; None if installed.

    Also None where the repository that the package lies in does not track it: its commit would say
    nothing of this code.
    """
    root, here = Path(__file__).resolve().parent.parent, Path(__file__).resolve()
    if not (root / ".git").exists():
        return None
    try:
        _git(root, "ls-files", "--error-unmatch", "--", str(here))
        return _git(root, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")  # no tag
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    """What git says of the repository at a place, and of no other.

    In a hook, variables name the user's repository and index; and where ``.git`` is damaged, git
    would go on to the folders above.
    """
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    environment["GIT_OPTIONAL_LOCKS"] = "0"  # whoever commits just now has the index
    place = (f"--git-dir={root / '.git'}", f"--work-tree={root}")
    command = ["git", "-C", str(root), *place, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=10, check=True, env=environment
    )
    return done.stdout.strip()


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
