"""``lbdoctor completion``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Final

import typer

from lbdoctor.cli import options

COMPLETE_VAR: Final = "_LBDOCTOR_COMPLETE"

KUBECTL_SCRIPT: Final = """\
#!/bin/sh
# Completes `kubectl lbdoctor`: put this file on the PATH as kubectl_complete-lbdoctor.
export _LBDOCTOR_COMPLETE=complete_fish
export _TYPER_COMPLETE_FISH_ACTION=get-args
export _TYPER_COMPLETE_ARGS="lbdoctor $*"
lbdoctor
echo :4
"""


ZSH_FIRST_TAB: Final = """\
# Autoloaded from fpath this file runs at the first Tab, which has to complete already.
if [ "${funcstack[1]}" = _lbdoctor ]; then _lbdoctor_completion; fi
"""


class Shell(StrEnum):
    """Shells that can be completed in."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    KUBECTL = "kubectl"


EPILOG = """\b
Examples:
  source <(lbdoctor completion bash)
  lbdoctor completion zsh > "${fpath[1]}/_lbdoctor"
  lbdoctor completion fish > ~/.config/fish/completions/lbdoctor.fish
  lbdoctor completion kubectl > ~/.local/bin/kubectl_complete-lbdoctor
"""


def completion(
    *,
    shell: Annotated[Shell, typer.Argument(help="The shell, or kubectl for its plugin.")],
    debug: options.Debug = False,
) -> None:
    """Print the completion script of a shell.

    It completes commands, flags and codes.
    """
    sys.stdout.write(script(shell))


def prepare() -> None:
    """Make Typer ready to complete.

    The help beside a word is shown as it is: Typer would load rich to take markup out of it,
    and there is none.
    """
    from typer import _completion_classes
    from typer.completion import completion_init  # type: ignore[attr-defined]

    _completion_classes._sanitize_help_text = lambda text: text
    completion_init()


def script(shell: Shell) -> str:
    """Return the completion script of a shell."""
    if shell is Shell.KUBECTL:
        return KUBECTL_SCRIPT
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    text: str = get_completion_script(
        prog_name="lbdoctor", complete_var=COMPLETE_VAR, shell=shell.value
    )
    return text + "\n" + (ZSH_FIRST_TAB if shell is Shell.ZSH else "")
