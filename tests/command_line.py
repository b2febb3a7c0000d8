"""Commands run as users run them, in the process of the tests."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner

from convgraph.cli import main

__all__ = ["answered", "refused", "run"]


def run(*arguments: Any, status: int = 0, **options: Any) -> tuple[str, str]:
    """What a command that ends with a status prints: (stdout, stderr)."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], **options)
    assert result.exit_code == status, result.output
    assert not isinstance(result.exception, Exception), result.exception
    return result.stdout, result.stderr


def answered(*arguments: Any) -> str:
    """What a command that succeeds prints."""
    return run(*arguments)[0]


def refused(*arguments: Any) -> str:
    """The one line that a refused command prints."""
    out, err = run(*arguments, status=2)
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err.rstrip("\n")
