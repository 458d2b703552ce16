//! What differs between the partitions of AWS: the domain of its services, and how these are called.
//! <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>

use crate::name::Name;

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

/// Below these, AWS has a name for each Region.
const OF_REGIONS: [&str; 4] = ["amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn"];

/// Whether a name is that of all AWS services of a Region, in whichever partition: `eu-central-1.amazonaws.com`.
pub fn is_of_whole_region(name: &Name) -> bool {
    name.as_str().split_once('.').is_some_and(|(label, rest)| OF_REGIONS.contains(&rest) && is_region(label))
}

/// Whether a label has the shape of a Region's name, such as `us-gov-west-1`. `s3-us-west-2` is none.
fn is_region(label: &str) -> bool {
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut parts = label.split('-');
    let has_area = parts.next().is_some_and(|area| area.len() == 2 && is_word(area));
    let has_number = parts.next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let mut words = parts.peekable();
    has_area && has_number && words.peek().is_some() && words.all(is_word)
}

fn is_china(region: &str) -> bool {
    region.starts_with("cn-")
}
