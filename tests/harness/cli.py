"""The commands of a report, run as a shell and the AWS CLI would run them, with neither of them there.

It knows exactly the forms that the function writes, and stops at everything else: a text that works here means the same
to a shell. How the CLI spells operations and options follows from the service's model:
https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters.html
"""

import json
import re
from typing import Any

import jmespath
from botocore import xform_name
from botocore.model import Shape

from tests.aws import EmbeddedAws

ASSIGNMENT = re.compile(r"(?P<variable>[A-Z_][A-Z0-9_]*)=\$\((?P<command>.*)\)", re.DOTALL)
# The parts of a word: quoted text, a variable, an escaped quote, plain text that means nothing else to a shell.
PART = re.compile(
    r"""'(?P<quoted>[^']*)'|"\$(?P<variable>[A-Z_][A-Z0-9_]*)"|\\(?P<escaped>')|(?P<plain>[\w./:,=@+-]+)""", re.ASCII
)

Variables = dict[str, str]


class UnknownCommand(ValueError):
    """Something that the function never writes, or that a shell or the CLI would take for something else."""


def run(aws: EmbeddedAws, commands: list[str], account: str | None = None) -> None:
    """Run the lines in their order, as the account that owns everything or as another one; stops at the first error."""
    variables: Variables = {}
    for line in commands:
        if line.startswith("#"):
            continue
        assignment = ASSIGNMENT.fullmatch(line)
        words = _words(assignment["command"] if assignment else line, variables)
        options = _options(words[3:])
        if not assignment:
            _call(aws, words[:3], options, account)
            continue
        if options.pop("output", None) != "text" or "query" not in options:
            raise UnknownCommand(f"a variable takes one text, by --query and --output text: {line}")
        query = options.pop("query")
        found = jmespath.search(query, _call(aws, words[:3], options, account))
        if not isinstance(found, str):
            raise UnknownCommand(f"the answer has no text {query}")
        variables[assignment["variable"]] = found


def _words(line: str, variables: Variables) -> list[str]:
    """The words that a POSIX shell makes of a line."""
    words: list[str] = []
    at, is_open = 0, False
    while at < len(line):
        if line[at] == " ":
            at, is_open = at + 1, False
            continue
        part = PART.match(line, at)
        if part is None:
            raise UnknownCommand(f"a shell takes this for something else: {line[at : at + 40]}")
        if not is_open:
            words.append("")
        words[-1] += _text(part, variables)
        at, is_open = part.end(), True
    return words


def _text(part: re.Match[str], variables: Variables) -> str:
    if (name := part["variable"]) is None:
        return next(text for text in part.group("quoted", "escaped", "plain") if text is not None)
    if name not in variables:
        raise UnknownCommand(f"${name} has no value")
    return variables[name]


def _options(words: list[str]) -> dict[str, str]:
    """`--name value` pairs."""
    names, values = words[::2], words[1::2]
    options = {name.removeprefix("--"): value for name, value in zip(names, values, strict=False)}
    if len(names) != len(values) or len(options) != len(names) or not all(name.startswith("--") for name in names):
        raise UnknownCommand(f"not pairs of an option and its value: {words}")
    return options


def _call(aws: EmbeddedAws, command: list[str], options: dict[str, str], account: str | None) -> dict[str, Any]:
    if command[:2] != ["aws", "route53"]:
        raise UnknownCommand(f"not a command for Route 53: {' '.join(command)}")
    client = aws.client("route53", account=account) if account else aws.client("route53")
    model = client.meta.service_model
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    name = operations.get(command[-1])
    if name is None:
        raise UnknownCommand(f"Route 53 has no operation {command[-1]}")
    members = model.operation_model(name).input_shape.members
    spelled = {xform_name(member, "-"): member for member in members}
    if unknown := options.keys() - spelled.keys():
        raise UnknownCommand(f"{name} has no option {', '.join(sorted(unknown))}")
    params = {spelled[option]: _value(members[spelled[option]], text) for option, text in options.items()}
    # boto3 checks what is in them: required members, names and types.
    return getattr(client, xform_name(name))(**params)


def _value(shape: Shape, text: str) -> Any:
    """An option's value: JSON, or for a flat structure the shorthand `Key=value,Key=value`."""
    if text.startswith(("file://", "fileb://")):
        raise UnknownCommand(f"the CLI reads a file: {text}")
    match shape.type_name:
        case "string":
            return text
        case "structure" | "list" if text.startswith(("{", "[")):
            return json.loads(text)
        case "structure":
            pairs = dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)
            if len(pairs) != text.count(",") + 1:
                raise UnknownCommand(f"not the shorthand of a structure: {text}")
            return {key: _scalar(shape.members.get(key), value) for key, value in pairs.items()}
    return _scalar(shape, text)


def _scalar(shape: Shape | None, text: str) -> Any:
    match shape.type_name if shape else None:
        case "string":
            return text
        case "integer" | "long":
            return int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
    raise UnknownCommand(f"no shorthand for {shape.name if shape else 'this key'}: {text}")
