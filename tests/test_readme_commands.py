"""Every command of the README is run here, or listed with the reason why it cannot be; and the documents name nothing
that is not there. That they leave nothing out is checked in test_docs.py.
"""

import importlib
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import xform_name
from samcli.cli.types import CfnParameterOverridesType
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.template.stack import NEEDED
from tests.test_docs import anchors, rust_sources

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "events/README.md"])
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
LONGEST_DEMO = 900

# Each command of the README, and how it is covered. A test that is named here has to exist.
COVERED = {
    "make demo": "Run: tests/test_readme_commands.py::test_the_demo_plays_to_its_end.",
    "make test": "This is what runs these tests; in a test it would run itself.",
    "make deploy": (
        "Needs an AWS account. What it would run is looked at by "
        "tests/test_readme_commands.py::test_deploying_builds_first_and_takes_the_saved_settings; "
        "`make validate`, a part of `make test`, has SAM read the template."
    ),
    "make chaos": (
        "Takes hours. A sample of each part runs here: tests/chaos/test_matrix.py, tests/chaos/test_races.py, "
        "tests/chaos/test_life.py, tests/chaos/test_hostile.py."
    ),
    "make evidence": "Runs several hundred of these tests once more. The report itself: tests/evidence/test_report.py.",
    "make bench": "Measures for a long time, and wants the machine for itself; while tests run it would measure them.",
    "sam remote invoke Preflight --stack-name tdp-privatelink --event-file events/preflight.json": (
        "Needs a stack in AWS. The file is tried with the real binary by "
        "tests/preflight/test_events.py::test_the_file_for_a_person_works."
    ),
}

# Words in capitals that are no variables of the functions.
NO_VARIABLES = {
    "SSL_CERT_DIR": "of the system",
    "SSL_CERT_FILE": "of the system",
    "CAPABILITY_AUTO_EXPAND": "CloudFormation",
    "CAPABILITY_IAM": "CloudFormation",
    "TDP_COMMIT": "read by make and the build",
    "VERIFY_FUNCTION": "of a shell, in an example",
}
# Words before an equals sign that are no parameters of the template.
NO_PARAMETERS = {"FailureToleranceCount": "StackSets"}
# What every command of the AWS CLI takes.
GLOBAL_OPTIONS = {"cli-binary-format", "cli-read-timeout", "output", "query", "region"}


def commands(page: str) -> list[str]:
    """The commands in the blocks of shell, without comments, a continued line as one."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [re.sub(r"\s+#.*$|^#.*$", "", line.strip()) for line in lines]
    return [re.sub(r"\s+", " ", line) for line in found if line]


def joined(page: Path) -> str:
    """A page, with lines that a backslash continues as one."""
    return page.read_text().replace("\\\n", " ")


def run(*words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    # Not those of the make that may have started these tests.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    env["PATH"] = f"{ROOT / '.venv/bin'}:{env['PATH']}"
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, **options)


def would_run(target: str) -> list[str]:
    """The lines that make would run, without running them."""
    done = run("make", "--dry-run", "--no-print-directory", target)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# Asking each command of SAM for its help starts SAM anew each time, which takes seconds.
SAM = {
    "build": "samcli.commands.build.command",
    "delete": "samcli.commands.delete.command",
    "deploy": "samcli.commands.deploy.command",
    "logs": "samcli.commands.logs.command",
    "remote invoke": "samcli.commands.remote.invoke.cli",
}


def sam_options(verb: str) -> set[str]:
    parameters = importlib.import_module(SAM[verb]).cli.params
    return {option for one in parameters for option in [*one.opts, *one.secondary_opts]}


def test_every_command_of_the_readme_is_covered_and_every_covered_one_is_there() -> None:
    found = commands(README)
    assert set(found) == set(COVERED)
    assert len(found) == len(set(found)), "said once"


def test_every_test_that_covers_a_command_exists() -> None:
    for how in COVERED.values():
        for path, name in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", how):
            assert (ROOT / path).is_file(), path
            assert f"def {name or 'test_'}" in (ROOT / path).read_text(), name


@pytest.mark.parametrize("command", [one for one in COVERED if one.startswith("make ")])
def test_make_knows_what_the_readme_asks_of_it(command: str) -> None:
    assert would_run(command.removeprefix("make "))


def test_the_demo_plays_to_its_end() -> None:
    """As make runs it. `make prepare` has built what it needs: a source that changed since makes it build first, and
    then its first step may not answer in time."""
    *_, line = would_run("demo")
    assert line.split() == [".venv/bin/python", "-m", "tests.demo"]
    done = run(*line.split(), timeout=LONGEST_DEMO)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    assert "TDP PrivateLink is live" in done.stdout


def test_deploying_builds_first_and_takes_the_saved_settings() -> None:
    assert [line.split()[-2:] for line in would_run("deploy")][-2:] == [
        [".venv/bin/sam", "build"],
        [".venv/bin/sam", "deploy"],
    ]
    saved = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
    assert saved["global"]["parameters"]["stack_name"] == "tdp-privatelink"
    assert saved["deploy"]["parameters"]["confirm_changeset"] is True, "it asks"
    assert saved["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"
    named = re.findall(r'^#\s+"(\w+)=', (ROOT / "samconfig.toml").read_text(), re.MULTILINE)
    assert len(named) > 5 and set(named) <= set(TEMPLATE["Parameters"])


def test_sam_reads_the_saved_settings_as_the_documents_say() -> None:
    shown = re.findall(r'^#\s+"(\w+=.+)",$', (ROOT / "samconfig.toml").read_text(), re.MULTILINE)
    saved = CfnParameterOverridesType().convert(tuple(shown), None, None)
    assert saved["Contacts"] == "Jo Doe, network, jo@example.com; Kim Roe, lab IT, kim@example.com"
    assert saved["TdpComponents"] == "hub,agent" and len(saved) == len(shown)
    empty = {one for page in PAGES for one in re.findall(r"`\"(\w+=[^\w`]*)\"`", page.read_text())}
    assert len(empty) > 2
    for one in empty:
        assert CfnParameterOverridesType().convert((one,), None, None) == {one.partition("=")[0]: ""}


def test_help_shows_on_one_screen_what_a_person_can_do() -> None:
    done = run("make", "--no-print-directory", "help")
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines) <= 24) == (0, True)
    shown = {line.split()[1] for line in lines}
    assert shown >= {"demo", "test", "bench", "chaos", "evidence", "build", "deploy"}


def test_sam_knows_every_command_and_option_of_the_documents() -> None:
    said = {command for page in PAGES for command in commands(page.read_text()) if command.startswith("sam ")}
    assert len(said) > 8
    for command in said:
        words = command.split()[1:]
        verb = " ".join(words[:2] if words[0] == "remote" else words[:1])
        assert set(re.findall(r"(?<=\s)--[a-z0-9-]+", command)) <= sam_options(verb), command


def test_aws_knows_every_command_and_option_of_the_documents() -> None:
    """By the models of the AWS SDK, from which the AWS CLI makes its commands; `aws s3` alone is made by hand."""
    session = botocore.session.get_session()
    said = {found for page in PAGES for found in re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)([^`\n]*)", joined(page))}
    found = 0
    for service, verb, rest in said:
        if service in session.get_available_services() and service != "s3":
            found += 1
            model = session.get_service_model(service)
            operations = {xform_name(name, "-"): name for name in model.operation_names}
            assert verb in operations, f"aws {service} {verb}"
            shape = model.operation_model(operations[verb]).input_shape
            known = {xform_name(name, "-") for name in (shape.members if shape else {})} | GLOBAL_OPTIONS
            assert set(re.findall(r"(?<=\s)--([a-z0-9-]+)", rest)) <= known, f"aws {service} {verb}"
    assert found > 10


def test_every_function_and_event_file_of_a_command_exists_and_the_file_is_a_test_input() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    functions = set(re.findall(r"sam remote invoke (\w+)", text))
    assert functions == {"Reconcile", "Preflight"}
    assert {TEMPLATE["Resources"][name]["Type"] for name in functions} == {"AWS::Serverless::Function"}
    files = set(re.findall(r"events/([\w-]+\.json)", text))
    assert len(files) >= 5
    assert [name for name in sorted(files) if not (ROOT / "events" / name).is_file()] == []
    # Those of reconcile are found by their folder: tests/e2e/test_triggers.py.
    own = [name for name in files if name.startswith(("preflight", "verifier"))]
    paths = [path for folder in ("preflight", "verify") for path in (ROOT / "tests" / folder).glob("*.py")]
    tests = "".join(path.read_text() for path in paths)
    assert [name for name in own if name not in tests and name.split("-")[0] not in tests] == []


def test_every_link_of_the_documents_at_the_top_leads_somewhere() -> None:
    links = 0
    for document in ROOT.glob("*.md"):
        for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", document.read_text()):
            links += 1
            target = (document.parent / path).resolve() if path else document
            assert target.exists(), f"{document.name}: {path}"
            assert not anchor or anchor in anchors(target), f"{document.name}: {path}#{anchor}"
    assert links > 70


def test_every_file_that_a_document_names_in_backticks_exists() -> None:
    for document in (ROOT / "CONTRIBUTING.md", ROOT / "docs/deploy.md", ROOT / "docs/costs.md"):
        for path in re.findall(r"`((?:tests|functions|docs|events)/[\w./-]+)`", document.read_text()):
            assert (ROOT / path).exists(), f"{document.name}: {path}"


def variables() -> set[str]:
    files = ("settings.rs", "routes.rs", "reconcile/config.rs", "verify/src/config.rs", "preflight/config.rs")
    config = "".join((ROOT / "functions" / path).read_text() for path in files)
    return set(re.findall(r'"([A-Z][A-Z_]+)"', config)) - {"AWS_REGION"}


def settings() -> list[str]:
    """The first cells of the table of settings."""
    table = re.search(r"^\| Parameter \(variable\) .*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None
    return [line.split("|")[1] for line in table[1].splitlines()]


def test_every_variable_that_a_document_names_exists() -> None:
    for page in PAGES:
        named = set(re.findall(r"`([A-Z]+_[A-Z_]*[A-Z])(?:=[^`]*)?`", page.read_text()))
        assert named - variables() - set(NO_VARIABLES) == set(), page.name
    in_table = {name for cell in settings() for name in re.findall(r"`([A-Z][A-Z_]+)`", cell)}
    assert in_table == variables(), "the table of settings has all, and no other"


def test_every_parameter_that_a_document_names_exists() -> None:
    for page in PAGES:
        named = set(re.findall(r"`\"?([A-Z][a-zA-Z]*[a-z][a-zA-Z]*)=", page.read_text()))
        assert named - set(TEMPLATE["Parameters"]) - set(NO_PARAMETERS) == set(), page.name
    in_table = {name for cell in settings() for name in re.findall(r"`([A-Z][a-zA-Z]*[a-z][a-zA-Z]*)`", cell)}
    assert len(in_table) > 25
    assert in_table - set(TEMPLATE["Parameters"]) == set()


def test_every_output_of_the_stack_that_a_document_names_exists() -> None:
    named = {name for page in PAGES for name in re.findall(r"\boutputs? `(\w+)`", page.read_text())}
    assert len(named) > 4
    assert named - set(TEMPLATE["Outputs"]) == set()


def test_every_default_and_value_in_the_table_of_settings_is_that_of_the_template() -> None:
    rows = re.findall(r"^\| `(\w+)` \(`\w+`\) \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    for name, values, default in rows:
        parameter = TEMPLATE["Parameters"][name]
        given = str(parameter.get("Default", "required"))
        said = re.match(r"`([^`]*)`|(\w+)", default)
        assert said is not None, name
        if given == "":
            assert said[1] is None, f"{name} has no default: the row says what that means"
        elif not default.startswith("RFC 1918"):
            assert (said[1] or said[2]) == given, name
        for value in filter(None, parameter.get("AllowedValues", [])):
            assert f"`{value}`" in values, f"{name}: {value}"


def test_the_readme_has_every_outcome_and_event_and_no_other() -> None:
    report = (ROOT / "functions/planner/src/report.rs").read_text()
    news = (ROOT / "functions/planner/src/news.rs").read_text()
    outcomes = set(re.findall(r'Outcome::\w+ => \{?\s*"([a-z-]+)"', report))
    table = re.search(r"^\| `outcome` .*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None
    assert set(re.findall(r"^\| `([a-z-]+)`", table[1], re.MULTILINE)) == outcomes
    events = set(re.findall(r'Event::\w+ => \{?\s*"([a-z-]+)"', news)) - {"info", "warning", "error"}
    listed = re.search(r"attributes `event` \((.*?)\),\s*`severity`", README, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`([a-z-]+)`", listed[1])) == events


def test_every_code_that_a_new_page_names_exists() -> None:
    """Codes of problems and outcomes, which the pages for operators send people to."""
    sources = rust_sources()
    for name in ("deploy.md", "troubleshooting.md", "costs.md"):
        page = (ROOT / "docs" / name).read_text()
        for code in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page):
            assert f'"{code}"' in sources or code == "tdp-privatelink", f"{name}: {code}"


def test_the_processed_template_fits_every_account() -> None:
    """docs/deploy.md gives it to StackSets: the transform is gone, and what differs between accounts is still open."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    values = {name: one.get("Default", "") for name, one in template["Parameters"].items()} | NEEDED
    before = json.dumps(template)
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    processed: dict[str, Any] = translator.translate(sam_template=template, parameter_values=values)
    after = json.dumps(processed)
    assert "Transform" not in processed
    assert [one["Type"] for one in processed["Resources"].values() if "Serverless" in one["Type"]] == []
    for name in [*template["Parameters"], "AWS::AccountId", "AWS::StackName"]:
        asked = re.compile(rf'"Ref": "{name}"|\$\{{{name}\}}')
        assert len(asked.findall(after)) >= len(asked.findall(before)) > 0, name
    assert 51_200 < len(after.encode()) < 1_000_000, "what the page says of its size"
    assert processed["Parameters"] == TEMPLATE["Parameters"]


def test_the_costs_of_many_accounts_are_those_of_the_page_on_costs() -> None:
    def rows(page: str, name: str) -> dict[str, list[str]]:
        text = (ROOT / "docs" / page).read_text()
        found = re.search(rf"<!-- costs: {name} -->\n((?:\|.*\n)+)", text)
        assert found is not None
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]
        return {first: rest for first, *rest in cells}

    accounts, hubs = rows("costs.md", "accounts"), rows("costs.md", "hubs")
    for many, cells in rows("deploy.md", "summary").items():
        full, _, none, endpoints = accounts[many]
        _, hub, _, hub_endpoints = hubs[many]
        assert cells == [full, none, endpoints, hub, hub_endpoints]
