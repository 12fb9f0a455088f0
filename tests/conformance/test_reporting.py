from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conformance.reporting import write_whole
from mockplatform.errors import UsageError
from tests.patience import ended


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file that the link leads to is written, and the link stays a link."""
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write_whole(link, "told")
    assert link.is_symlink()
    assert target.read_text() == "told"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """Who reads from a named pipe gets the report, and the pipe is still one."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(pipe, "told")
    ended([reader], "the report in the pipe")
    assert read == ["told"]
    assert pipe.is_fifo()


def test_an_earlier_report_stays_whole_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A folder that has gone is one line that names the path."""
    with pytest.raises(UsageError, match=r"gone/report\.json: cannot be written"):
        write_whole(tmp_path / "gone" / "report.json", "told")


def test_a_reader_who_has_gone_costs_neither_the_report_nor_the_verdict(tmp_path: Path) -> None:
    """`run | head` leaves the file and the exit code of the run."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "conformance", "run", "--demo", "--only", "nonce/absent"]
    with subprocess.Popen([*command, "--report", f"json:{report}"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    assert report.exists()


def test_a_terminal_of_another_encoding_gets_what_it_can_show(tmp_path: Path) -> None:
    """A mark that the screen cannot show is replaced, and the report is there."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-c", "from conformance.cli import entry; entry()", "run", "--demo"]
    done = subprocess.run(
        [*command, "--only", "nonce/absent", "--report", f"json:{report}"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert report.exists()


def test_a_new_file_has_the_rights_that_others_get_here(tmp_path: Path) -> None:
    """The mask of the process holds for reports and recipes as well; a file that is there keeps its rights."""
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "new", "told")
    finally:
        os.umask(before)
    (tmp_path / "old").touch(mode=0o600)
    (tmp_path / "old").chmod(0o640)
    write_whole(tmp_path / "old", "told")

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o640


def test_a_link_in_a_circle_leads_to_no_file_and_gives_way(tmp_path: Path) -> None:
    """And nothing is left beside it."""
    (tmp_path / "circle").symlink_to("circle")
    write_whole(tmp_path / "circle", "told")

    assert (tmp_path / "circle").read_text() == "told"
    assert [path.name for path in tmp_path.iterdir()] == ["circle"]
