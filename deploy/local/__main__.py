"""The commands of ./sikpro: reads the words of the command line and calls the module that does it."""

import argparse
import os
import sys

from deploy.local import operate
from deploy.local.say import CannotGoOnError, give_up, line


def main(arguments: list[str]) -> int:
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command not in {"test", "bench"}:
        _parser().error(f"unknown: {' '.join(rest)}")
    try:
        return _do(options, rest)
    except CannotGoOnError as trouble:
        line(str(trouble), stream="err")
        return 1
    except OSError as trouble:  # a full disk, a folder that belongs to someone else
        line(f"./sikpro cannot go on: {trouble}", stream="err")
        return 1
    except KeyboardInterrupt:
        return 130


def _do(options: argparse.Namespace, rest: list[str]) -> int:
    # imported where needed: ps and stop answer in a fifth of a second because they load nothing else
    match options.command:
        case "up":
            from deploy.local.up import up

            return up(operate.data_folder(options.data), _port(options.port), seed=not options.no_seed)
        case "ps":
            return operate.ps(operate.running_folder(options.data), as_json=options.json)
        case "restart":
            return operate.restart(operate.running_folder(options.data), options.name)
        case "stop":
            return operate.stop(operate.running_folder(options.data))
        case "check":
            from deploy.local.checks import check

            return check()
        case "test":
            from deploy.local.trial import test

            return test(rest, full=options.full)
        case "bench":
            from deploy.local.trial import bench

            return bench(rest)
        case "migrate":
            from deploy.local.upkeep import migrate

            return migrate(operate.running_folder(options.data))
        case _:
            from deploy.local.upkeep import seed

            return seed(operate.running_folder(options.data))


def _port(given: int | None) -> int:
    if given is not None:
        return given
    named = os.environ.get("SIKPRO_PORT") or "8080"
    if not named.isdecimal():
        give_up(f"SIKPRO_PORT is '{named}', which is no port number.")
    return int(named)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./sikpro", description="SIKPRO on one machine: start it, look at it, stop it, test it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, does: str, *, data: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=does, description=does)
        if data:
            made.add_argument("--data", metavar="DIR", help="data folder (default var/data, as root /var/lib/sikpro)")
        return made

    up = command("up", "start everything and stay; Ctrl-C stops it")
    up.add_argument("--port", type=int, metavar="N", help="web port (SIKPRO_PORT; 8080)")
    up.add_argument("--no-seed", action="store_true", help="leave an empty database empty")
    command("ps", "every process with its state").add_argument("--json", action="store_true", help="for programs")
    command("restart", "restart one process").add_argument("name", metavar="NAME", help="as ps names it")
    command("stop", "stop what `up` started")
    command("test", "check, then every test", data=False).add_argument(
        "--full", action="store_true", help="fault runs at full size too"
    )
    command("check", "lint, format, types, import contracts, migrations", data=False)
    command("bench", "measure; see tests/bench", data=False)
    command("migrate", "bring the database to the newest schema")
    command("seed", "fill an empty database with the demo town (while `up` runs)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
