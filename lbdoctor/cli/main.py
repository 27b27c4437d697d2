"""The program: its commands, and the one place where failures become exit codes."""

from __future__ import annotations

import atexit
import contextlib
import errno
import io
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from lbdoctor import __version__
from lbdoctor.cli import (
    collect,
    completion,
    demo,
    explain,
    history,
    preflight,
    release,
    repair,
    scan,
    schema,
    undo,
)
from lbdoctor.cli.exit_codes import ExitCode, for_error
from lbdoctor.cli.signals import Terminated, terminate
from lbdoctor.domain.errors import LbdoctorError
from lbdoctor.output.text import visible

USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""What Typer raises for a wrong command line; it has no public name of its own."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What an output answers that takes no more."""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=scan.EPILOG)(scan.scan)
app.command(epilog=release.EPILOG)(release.release)
app.command(epilog=repair.EPILOG)(repair.repair)
app.command(epilog=undo.EPILOG)(undo.undo)
app.command(epilog=history.EPILOG)(history.history)
app.command(epilog=preflight.EPILOG)(preflight.preflight)
app.command(epilog=explain.EPILOG)(explain.explain)
app.command(epilog=collect.EPILOG)(collect.collect)
app.command(epilog=demo.EPILOG)(demo.demo)
app.command(epilog=schema.EPILOG)(schema.schema)
app.command(epilog=completion.EPILOG)(completion.completion)


def _print_version(value: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if value:
        typer.echo(f"lbdoctor {__version__}")
        raise typer.Exit


@app.callback()
def lbdoctor(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Find out why load balancers of Harvester are stuck, and free them.

    Reads IPPools and LoadBalancers, says what is wrong and why, and repairs it.
    """


def run() -> None:
    """Run the program and leave with its exit code."""
    signal.signal(signal.SIGTERM, terminate)
    if sys.stdout is None:  # closed before the start: nobody reads
        sys.exit(ExitCode.CLOSED_OUTPUT)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its escape, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    _leave(main())


def _leave(code: int) -> NoReturn:
    """Exit, and do not take down around a thread what it is still using.

    A request that was given up is left to itself: where it sits in TLS, the interpreter that
    is dismantled around it crashes.
    """
    if threading.active_count() == 1:
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if completion.COMPLETE_VAR in os.environ:
        completion.prepare()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except LbdoctorError as error:
        return _failed(error, arguments)
    except BrokenPipeError:
        return _output_closed()
    except OSError as error:
        return _unwritable(error) if error.errno in FULL else _bug(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Terminated:
        return ExitCode.TERMINATED
    except Exception as error:  # noqa: BLE001 - the one boundary
        return _bug(error)
    return code


def _run(arguments: list[str]) -> int:
    """Return the exit code of a command."""
    try:
        code = app(
            arguments,
            prog_name=_prog_name(),
            complete_var=completion.COMPLETE_VAR,
            standalone_mode=False,
        )
    except USAGE_ERROR as error:
        return _misused(error)
    except SystemExit as leaving:
        # Typer and rich both turn a closed pipe into 1 by themselves.
        if isinstance(leaving.__context__, BrokenPipeError):
            raise BrokenPipeError from leaving
        code = leaving.code
    return code if isinstance(code, int) else ExitCode.OK


def _misused(error: Exception) -> int:
    """Say in one line what is wrong with the command line."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "lbdoctor"
    text = getattr(error, "format_message", lambda: str(error))()
    text = text.replace("Value error, ", "")
    if text.startswith("Usage:"):  # no command at all: the message is the help
        typer.echo(text, err=True)
    else:
        line = f"{' '.join(text.split()).rstrip('.')}; try: {command} --help"
        typer.echo(f"error: {visible(line)}", err=True)
    return ExitCode.USAGE


def _failed(error: LbdoctorError, arguments: list[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exception(error)
    hint = f"; try: {error.hint}" if error.hint else ""
    typer.echo(f"error: {visible(f'{error}{hint}')}", err=True)
    return for_error(error)


def _bug(error: Exception) -> int:
    traceback.print_exception(error)
    typer.echo("error: this is a bug in lbdoctor; please report it with the lines above", err=True)
    return ExitCode.INTERNAL


def _output_closed() -> int:
    """Keep the interpreter from complaining about a stdout nobody reads."""
    with contextlib.suppress(OSError):  # it may be no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.CLOSED_OUTPUT


def _unwritable(error: OSError) -> int:
    """Say that the output could not be written."""
    typer.echo(f"error: the output cannot be written: {error.strerror}", err=True)
    _output_closed()
    return ExitCode.UNREADABLE


def _prog_name() -> str:
    name = Path(sys.argv[0]).name
    return "kubectl lbdoctor" if name.startswith("kubectl-") else "lbdoctor"
