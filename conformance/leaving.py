"""What a run leaves in the folder it was started in: it belongs to the run and not into a repository."""

from __future__ import annotations

from pathlib import Path

__all__ = ["LEFT", "made"]

LEFT = Path(".lti-conformance")


def made(folder: Path) -> Path:
    """The folder, made if it is not there; one of a run's own is kept out of version control.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = next((path for path in (folder, *folder.parents) if path.name == LEFT.name), None)
    if own is not None and not (own / ".gitignore").exists():
        (own / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder
