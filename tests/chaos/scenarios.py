"""What a run may be about when something goes wrong: a world each, what is to come of it, and what may end."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.story import Broken, Story
from tests.e2e.checks import assert_live, assert_only_ours, assert_public
from tests.harness import HOSTS, Scene
from tests.harness.world import a_record, marker_name

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
FILES = "files.example.com"


@dataclass(frozen=True)
class Scenario:
    """`arrange` makes the world and begins the story; `goal` asserts how it has to be in the end; `news` must be told.
    After a run that failed and was told to have, it is part of the message that all is well again.
    """

    name: str
    arrange: Callable[[Scene], Story]
    goal: Callable[[Scene], None]
    news: str

    def check_end(self, story: Story) -> None:
        try:
            self.goal(story.scene)
            story.scene.assert_planning_again_gives_nothing()
        except AssertionError as error:
            raise Broken(f"the end is not as it should be: {error}") from None
        ends = [["failed", "connection-recovered"]]
        if self.news == "connection-moved":
            # The list hid the new endpoint while the old one was proved to be gone.
            ends.append(["connection-lost", "connection-recovered"])
        if self.news not in story.told and story.told[-2:] not in ends:
            raise Broken(f"nobody was told: {self.news} is not in {story.told}")


def live(scene: Scene) -> None:
    assert_live(scene)
    assert_only_ours(scene)


def first_cut_over(scene: Scene) -> Story:
    scene.request("available")
    return Story(scene)


def drift_repair(scene: Scene) -> Story:
    """One address record is gone, one leads elsewhere, one marker is missing."""
    scene.go_live()
    zone = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone, PLATFORM, "A")
    scene.aws.put_records(zone, a_record(PLATFORM, "192.0.2.99"))
    scene.aws.delete_record(zone, marker_name(API), "TXT")
    scene.aws.delete_record(scene.zones()[OTHER_API], OTHER_API, "A")
    return Story(scene)


def drift_where_losses_withdraw(scene: Scene) -> Story:
    """An endpoint that is in no list for a moment is not lost: its names stay."""
    scene.configure(ON_LOSS="withdraw")
    return drift_repair(scene)


def host_removed(scene: Scene) -> Story:
    scene.configure(EXTRA_HOSTS=f"{FILES},files.{PLATFORM}")
    scene.go_live()
    scene.configure(EXTRA_HOSTS=None)
    return Story(scene, hosts=[*HOSTS, FILES, f"files.{PLATFORM}"], ends=[FILES, f"files.{PLATFORM}"])


def replaced(scene: Scene) -> Story:
    first = scene.go_live()
    scene.request("available")
    scene.aws.set_endpoint_state(first, "rejected")
    return Story(scene)


def lost_and_kept(scene: Scene) -> Story:
    scene.go_live()
    scene.enter("rejected")
    return Story(scene)


def lost_and_withdrawn(scene: Scene) -> Story:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.aws.remove_endpoint(scene.endpoint_id)
    return Story(scene, ends=HOSTS)


def withdrawn(scene: Scene) -> Story:
    scene.go_live()
    scene.plant_zone("printers.example.com", a_record("printers.example.com", "10.0.9.9"))
    scene.configure(MODE="withdraw")
    return Story(scene, ends=HOSTS)


def adopted(scene: Scene) -> Story:
    """A person made the zone, and a record in it that is taken over; another one stays."""
    scene.request("available")
    zone = scene.plant_zone(PLATFORM, a_record(f"printer.{PLATFORM}", "10.0.9.9"), comment="of the network team")
    scene.aws.put_records(zone, a_record(API, "192.0.2.1"))
    scene.configure(EXISTING_ZONES="adopt")
    return Story(scene)


def staged(scene: Scene) -> Story:
    """With a staging VPC, no name is ever without an answer, also before it leads to the endpoint."""
    scene.configure(STAGING_VPC_ID=scene.add_vpc("10.50.0.0/16", azs=0).id)
    return first_cut_over(scene)


def unstaged(scene: Scene) -> Story:
    scene.configure(STAGING_VPC_ID=scene.add_vpc("10.50.0.0/16", azs=0).id)
    scene.go_live()
    scene.configure(MODE="withdraw")
    return Story(scene, ends=HOSTS)


def shared(scene: Scene) -> Story:
    extra = scene.add_vpc("10.60.0.0/16", azs=0)
    scene.configure(VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account, EXTRA_VPC_IDS=extra.id)
    scene.request("available")
    return Story(scene, vpcs=[extra])


def let_go(scene: Scene) -> Story:
    extra = scene.add_vpc("10.60.0.0/16", azs=0)
    scene.configure(VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account, EXTRA_VPC_IDS=extra.id)
    scene.go_live()
    scene.configure(EXTRA_VPC_IDS=None)
    return Story(scene)


def handed_over(scene: Scene) -> Story:
    scene.configure(OWNER_ID="tdp-old")
    scene.go_live()
    scene.configure(OWNER_ID="tdp-test", ADOPT_OWNER="tdp-old")
    return Story(scene)


def own_endpoint(scene: Scene) -> Story:
    """S3 and SQS at the VPC's own endpoints, the platform at TDP's."""
    scene.configure(AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="data-hub")
    scene.add_service("sqs")
    scene.add_service("s3")
    scene.request("available")
    return Story(scene)


def _withdrawn(scene: Scene) -> None:
    for host in HOSTS:
        assert scene.resolve(host) == ["203.0.113.1"], host
    assert [zone for zone in scene.aws.zones() if "tdp-privatelink" in zone["comment"]] == []


SCENARIOS = [
    Scenario("first cut-over", first_cut_over, live, "connection-live"),
    Scenario("drift repaired", drift_repair, live, "drift-repaired"),
    Scenario("drift, ON_LOSS=withdraw", drift_where_losses_withdraw, live, "drift-repaired"),
    Scenario("host removed", host_removed, live, "connection-live"),
    Scenario("endpoint replaced", replaced, live, "connection-moved"),
    Scenario("loss, records kept", lost_and_kept, assert_live, "connection-lost"),
    Scenario("loss, withdrawn", lost_and_withdrawn, assert_public, "withdrawn"),
    Scenario("withdraw mode", withdrawn, _withdrawn, "withdrawn"),
    Scenario("adoption", adopted, assert_live, "connection-live"),
    Scenario("staging VPC, there", staged, live, "connection-live"),
    Scenario("staging VPC, back", unstaged, _withdrawn, "withdrawn"),
    Scenario("extra VPC, added", shared, assert_live, "connection-live"),
    Scenario("extra VPC, let go", let_go, live, "associations-changed"),
    Scenario("another owner", handed_over, live, "connection-live"),
    Scenario("own endpoints", own_endpoint, assert_live, "connection-live"),
]
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

# Of one zone: two runs have so few orders that all can be played.
ONE_ZONE = {PLATFORM: PLATFORM, API: PLATFORM}


def _one_zone(scene: Scene) -> None:
    scene.configure(HOLD_HOSTS=OTHER_API)


def one_zone_cut_over(scene: Scene) -> Story:
    _one_zone(scene)
    scene.request("available")
    return Story(scene, hosts=list(ONE_ZONE))


def one_zone_withdrawn(scene: Scene) -> Story:
    _one_zone(scene)
    scene.go_live()
    scene.configure(MODE="withdraw")
    return Story(scene, hosts=list(ONE_ZONE), ends=ONE_ZONE)


def _one_zone_live(scene: Scene) -> None:
    assert_live(scene, ONE_ZONE)
    assert_only_ours(scene, ONE_ZONE)


SMALL = [
    Scenario("cut-over of one zone", one_zone_cut_over, _one_zone_live, "connection-live"),
    Scenario("withdrawal of one zone", one_zone_withdrawn, _withdrawn, "withdrawn"),
]
