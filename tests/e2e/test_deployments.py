"""Each deployment that TetraScience publishes: https://developers.tetrascience.com/reference"""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours
from tests.harness import Scene

# The platform host, and the API hosts that pages of TetraScience name for it.
DEPLOYMENTS = {
    "platform.tetrascience.com": ["api.platform.tetrascience.com", "api.tetrascience.com"],
    "platform-us.tetrascience.com": ["api.platform-us.tetrascience.com"],
    "gxp.tetrascience.com": ["api.gxp.tetrascience.com"],
    "platform-eu.tetrascience.com": ["api.platform-eu.tetrascience.com"],
    "platform-eu2.tetrascience.com": ["api.platform-eu2.tetrascience.com"],
    "gxp-eu-val.tetrascience.com": ["api.gxp-eu-val.tetrascience.com"],
    "gxp-eu.tetrascience.com": ["api.gxp-eu.tetrascience.com"],
}


@pytest.mark.parametrize("platform", DEPLOYMENTS)
def test_each_published_deployment_gets_its_platform_and_api_hosts(scene: Scene, platform: str) -> None:
    hosts = {host: platform if host.endswith(platform) else host for host in [platform, *DEPLOYMENTS[platform]]}
    scene.configure(TDP_PLATFORM_HOST=platform)
    scene.go_live()
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)
