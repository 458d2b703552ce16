//! What differs between the partitions of AWS: the domain of its services, and how these are called.
//! <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>

/// The domain of AWS services in the partition of a Region, as AWS's SDKs have it; GovCloud's is the usual one.
/// <https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html>
pub fn dns_suffix(region: &str) -> &'static str {
    if is_china(region) { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The names that an AWS service may have as an endpoint service in a Region. In China most start with `cn.`, and a few
/// (Amazon S3 among them) do not. <https://docs.amazonaws.cn/en_us/vpc/latest/privatelink/aws-services-privatelink-support.html>
pub fn service_names(region: &str, service: &str) -> Vec<String> {
    let name = format!("com.amazonaws.{region}.{service}");
    if is_china(region) { vec![format!("cn.{name}"), name] } else { vec![name] }
}

fn is_china(region: &str) -> bool {
    region.starts_with("cn-")
}
