"""What the shells run to complete a command, and how it is answered."""

from __future__ import annotations

import os
import sys
import warnings
from typing import ClassVar, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

from provena_sdk.cli.completion import VARIABLE

_NAME: Final = "provena"


class _Bash(BashComplete):
    source_template: ClassVar[str] = """\
%(complete_func)s() {
    local IFS=$'\\n' response type value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain)
                [[ $value == */ ]] && compopt -o nospace 2>/dev/null
                printf -v value '%%q' "$value"
                COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
    return 0
}
complete -F %(complete_func)s %(prog_name)s
"""

    def source(self) -> str:
        return ShellComplete.source(self)


class _Zsh(ZshComplete):
    source_template: ClassVar[str] = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local -a response described plain folders
    local type key descr
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) %(complete_var)s=zsh_complete \
%(prog_name)s 2>/dev/null)}")
    for type key descr in ${response}; do
        case $type in
            plain)
                if [[ "$descr" != "_" ]]; then described+=("$key:$descr")
                elif [[ "$key" == */ ]]; then folders+=("$key")
                else plain+=("$key"); fi ;;
            dir) _path_files -/ ;;
            file) _path_files -f ;;
        esac
    done
    [ -n "$described" ] && _describe -V unsorted described -U
    [ -n "$plain" ] && compadd -U -V unsorted -a plain
    [ -n "$folders" ] && compadd -U -V unsorted -S '' -a folders
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


class _Fish(FishComplete):
    # Between tabs, because commas are in help texts and names of files.
    source_template: ClassVar[str] = """\
function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) \
%(prog_name)s 2>/dev/null)
    for completion in $response
        set -l parts (string split --max 2 \\t -- $completion)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                printf '%%s\\t%%s\\n' $parts[2] $parts[3]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

    def format_completion(self, item: CompletionItem) -> str:
        return _between_tabs(item)


class _PowerShell(ShellComplete):
    name = "powershell"
    source_template: ClassVar[str] = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $quote = {
        param($text)
        if ($text -match '^[\\w./:\\\\+-]+$') { $text }
        else { "'" + ($text -replace '[''\\u2018-\\u201b]', '$0$0') + "'" }
    }
    $before = $env:%(complete_var)s, $env:COMP_WORDS, $env:COMP_CWORD
    $env:%(complete_var)s = 'powershell_complete'
    $env:COMP_WORDS = $commandAst.ToString()
    $env:COMP_CWORD = $commandAst.CommandElements.Count - [int][bool]$wordToComplete
    try {
        $response = & %(prog_name)s 2>$null
    } finally {
        $env:%(complete_var)s, $env:COMP_WORDS, $env:COMP_CWORD = $before
    }
    foreach ($line in $response) {
        $type, $value, $help = $line -split "`t", 3
        switch ($type) {
            'plain' {
                if (-not $help) { $help = $value }
                [System.Management.Automation.CompletionResult]::new((& $quote $value), $value, 'ParameterValue', $help)
            }
            { $_ -in 'file', 'dir' } {
                Get-ChildItem -Path "$wordToComplete*" -ErrorAction SilentlyContinue |
                    Where-Object { $type -eq 'file' -or $_.PSIsContainer } |
                    ForEach-Object { & $quote (Resolve-Path -Relative -LiteralPath $_.FullName) }
            }
        }
    }
}
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, place = _words()
        return words[1:place], words[place] if place < len(words) else ""

    def format_completion(self, item: CompletionItem) -> str:
        return _between_tabs(item)


def _between_tabs(item: CompletionItem) -> str:
    text = " ".join((item.help or "").split())
    return f"{item.type}\t{item.value}\t{text}"


def _words() -> tuple[list[str], int]:
    return split_arg_string(os.environ["COMP_WORDS"]), int(os.environ["COMP_CWORD"])


SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": _Bash,
    "zsh": _Zsh,
    "fish": _Fish,
    "powershell": _PowerShell,
}
"""The shells that can complete commands."""


def script(app: click.Command, shell: str) -> str:
    """Return what a shell has to run so that it completes the command."""
    return SHELLS[shell](app, {}, _NAME, VARIABLE).source()


def answer(app: click.Command, instruction: str) -> int:
    """Print what completes a command line that the environment describes; errors print nothing.

    Args:
        app: The command.
        instruction: The shell's name, followed by ``_complete``.

    Returns:
        The exit code.
    """
    shell = instruction.partition("_")[0]
    if shell not in SHELLS:
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            print(SHELLS[shell](app, {}, _NAME, VARIABLE).complete())
        sys.stdout.flush()
    except Exception:
        return 1
    return 0
