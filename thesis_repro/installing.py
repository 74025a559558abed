"""The commands that install what is missing; `pyproject.toml` has the extras."""


def install_command(extra: str = "") -> str:
    """What installs this package and all that it needs, with an extra's packages where one is."""
    return f"pip install -e '.[{extra}]'" if extra else "pip install -e ."


def command_for(module: str | None) -> str:
    """What brings the package that a module is of."""
    package = (module or "").partition(".")[0]
    return install_command("jax" if package in ("jax", "jaxlib") else "")
