"""The registry of container images, which is in us-east-1 wherever the customer is."""

from tests.preflight.site import Site, vpc_in


def test_the_bucket_of_the_layers_is_named_beside_the_registry(site: Site) -> None:
    """Allowing the registry alone lets a pull begin and not end.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    vpc = vpc_in(site, "eu-west-1")
    site.configure(TDP_COMPONENTS="hub")
    fix = site.ask(vpcId=vpc).of("ecr-us-east-1")["fix"]
    assert "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com" in fix
