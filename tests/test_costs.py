"""The page on costs adds up, and counts what the template and the code really have."""

import json
import math
import re
from typing import Any

import pytest

from tests.template.stack import NEEDED, ROOT, VPC, Stack

PAGE = (ROOT / "docs/costs.md").read_text()
PRICES: dict[str, Any] = json.loads((ROOT / "functions/checks/prices.json").read_text())
HERE = {key: row["value"] for key, row in (PRICES["global"] | PRICES["regions"]["us-east-1"]).items()}
# Those that preflight does not count, and so not in the file.
MONITORING = {"customMetric": 0.3, "alarmMetric": 0.1, "dashboard": 3}
MOST_EXTRA_VPCS = 60


def table(name: str) -> list[list[str]]:
    """The rows of a table, without its heading."""
    found = re.search(rf"<!-- costs: {name} -->\n((?:\|.*\n)+)", PAGE)
    assert found is not None, name
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def computed(arithmetic: str) -> float:
    """What a cell of arithmetic gives. Nothing but numbers and the four operations is taken."""
    text = arithmetic.strip("`").replace("×", "*").replace("÷", "/")
    assert re.fullmatch(r"[\d.+\-*/() ]+", text), arithmetic
    return float(eval(text, {"__builtins__": {}}))


def dollars(cell: str) -> float:
    return float(cell.strip("*").replace(",", ""))


def alarms(stack: Stack) -> list[dict[str, Any]]:
    resources = stack.template["Resources"].values()
    found = [one for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    return [stack.value(one["Properties"]) for one in found if stack.holds({"Condition": one["Condition"]})]


def alarm_metrics(stack: Stack) -> int:
    """An alarm on an expression is paid for each metric in it."""
    looked_at = [one for alarm in alarms(stack) for one in alarm.get("Metrics", [{"MetricStat": alarm}])]
    return len([one for one in looked_at if "MetricStat" in one])


def total() -> dict[str, float]:
    """The sums of the default settings, computed from their lines."""
    lines = [(row[0], computed(row[1])) for row in table("default") if row[1]]
    end = next(index for index, (line, _) in enumerate(lines) if line == "metrics")
    without = sum(usd for _, usd in lines[:end])
    monitoring = {line: usd for line, usd in lines[end:]}
    everything = without + sum(monitoring.values())
    return {"none": without, "full": everything, "alarms": everything - monitoring["dashboard"]}


@pytest.mark.parametrize("name", ["default", "settings", "yours"])
def test_every_line_is_what_its_arithmetic_gives(name: str) -> None:
    lines = [row for row in table(name) if row[1]]
    assert len(lines) > 2
    given = {row[0]: (dollars(row[2]), computed(row[1])) for row in lines}
    assert {line: both for line, both in given.items() if not math.isclose(*both, abs_tol=5e-5)} == {}


def test_the_sums_are_those_of_the_lines() -> None:
    sums = {row[0].strip("*"): dollars(row[2]) for row in table("default") if not row[1]}
    assert sums == {"without monitoring": round(total()["none"], 4), "all": round(total()["full"], 4)}
    short = re.search(r"\*\*In short.*?\n\n", PAGE, re.DOTALL)
    assert short is not None
    monitoring = total()["full"] - total()["none"]
    endpoint = computed(table("yours")[0][1])
    for figure in (total()["full"], monitoring, total()["none"], endpoint):
        assert f" {figure:.2f}" in short[0], figure
    readme = (ROOT / "README.md").read_text()
    assert f"about {total()['full']:.0f} USD a month" in readme
    assert f"with `Monitoring=none` {total()['none']:.2f}." in readme
    assert f"{monitoring:.2f} USD a month for a stack without a verifier" in (ROOT / "CHANGELOG.md").read_text()


def test_the_prices_are_the_reviewed_ones() -> None:
    row = r"^\| `(\w+)` \| ([\d.]+) \| [^|]+ \| ([\d-]+) \| \[[\w ]+\]\((https://\S+)\) \|$"
    rows = re.findall(row, PAGE, re.MULTILINE)
    found = {key: float(value) for key, value, _, _ in rows}
    assert found == {key: (HERE | MONITORING)[key] for key in found}
    assert set(MONITORING) < set(found) and len(found) == 15
    assert {date for _, _, date, _ in rows} == {PRICES["reviewed"]}
    assert {source for _, _, _, source in rows} <= set(PRICES["sources"].values())


def test_each_line_takes_prices_of_the_table_and_no_others() -> None:
    """What is multiplied last, in the line or in a bracket, is a price."""
    known = set((HERE | MONITORING).values())
    cells = [row[1].strip("`") for name in ("default", "yours") for row in table(name) if row[1]]
    last = [float(cell.rsplit("×", 1)[1]) for cell in cells]
    assert [price for price in last if price not in known] == []


def test_the_page_counts_the_metrics_alarms_and_the_dashboard_that_there_are() -> None:
    source = (ROOT / "functions/planner/src/metrics.rs").read_text()
    metrics = set(re.findall(r'\("(\w+)", "(?:Count|Seconds|Milliseconds)"', source))
    assert '"Dimensions": [["OwnerId"]]' in source, "another dimension is another metric for each of its values"
    plain, proved = Stack(**NEEDED), Stack(**NEEDED, VpcId=VPC, VerifySubnetIds="subnet-0a1b2c3d")
    lines = {row[0]: row[1] for row in table("default")}
    assert lines["metrics"] == f"`{len(metrics)} × 0.3`"
    assert lines[f"alarms: {len(alarms(plain))}, which look at {alarm_metrics(plain)} metrics"] == "`9 × 0.1`"
    assert len(alarms(proved)) == len(alarms(plain)) + 1
    settings = {row[0]: row[1] for row in table("settings")}
    more = f"`VerifySubnetIds`: one alarm more, and one metric more in another: {alarm_metrics(proved)}"
    assert settings[more] == f"`({alarm_metrics(proved)} - {alarm_metrics(plain)}) × 0.1`"
    dashboards = [one for one in plain.template["Resources"].values() if one["Type"] == "AWS::CloudWatch::Dashboard"]
    assert lines["dashboard"] == f"`{len(dashboards)} × 3`"
    assert f"1,000\nstacks have {1000 * len(metrics):,} metrics" in PAGE


def test_the_page_counts_the_runs_that_the_schedules_make_with_the_memory_that_they_get() -> None:
    resources = Stack(**NEEDED).template["Resources"]
    events = resources["Reconcile"]["Properties"]["Events"].values()
    schedules = [one["Properties"]["ScheduleExpression"] for one in events if one["Type"] == "ScheduleV2"]
    minutes = sorted(int(re.findall(r"\d+", one)[0]) for one in schedules)
    assert [60 // one for one in minutes] == [60, 4]
    assert PRICES["hoursPerMonth"] == 730
    assert {resources[name]["Properties"]["MemorySize"] for name in ("Reconcile", "Verify")} == {256}
    estimate = (ROOT / "functions/checks/src/costs.rs").read_text()
    assumed = {"SWEEP_SECONDS": "0.2", "DRIFT_SECONDS": "3.0", "LOG_KB": "3.0", "MESSAGES": "30.0"}
    for name, value in assumed.items():
        assert f"const {name}: f64 = {value};" in estimate, "preflight and the page assume the same"


def test_many_accounts_cost_as_many_times_as_much() -> None:
    endpoint = computed(table("yours")[0][1])
    sums = total()
    for row in table("accounts"):
        accounts = int(dollars(row[0]))
        expected = [accounts * usd for usd in (sums["full"], sums["alarms"], sums["none"], endpoint)]
        assert row[1:] == [f"{usd:,.2f}" for usd in expected]
    assert [row[0] for row in table("accounts")] == ["1", "10", "100", "1,000"]


def test_a_hub_serves_its_vpc_and_as_many_more_as_the_parameter_takes() -> None:
    stack = Stack(**NEEDED)
    assert f"At most {MOST_EXTRA_VPCS} more VPCs" in stack.template["Parameters"]["ExtraVpcIds"]["Description"]
    endpoint = computed(table("yours")[0][1])
    for row in table("hubs"):
        stacks = math.ceil(dollars(row[0]) / (1 + MOST_EXTRA_VPCS))
        expected = [stacks * usd for usd in (total()["full"], total()["none"], endpoint)]
        assert row[1:] == [str(stacks), *(f"{usd:,.2f}" for usd in expected)]
