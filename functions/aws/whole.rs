//! Refuses XML answers that end too early.

use aws_sdk_route53::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_route53::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_route53::error::BoxError;

/// The SDK's XML reader takes a cut-off answer for a shorter one: a list that lost its end would look like a
/// list with fewer entries, and records would be taken for missing. An answer that does not end with the
/// closing tag of its root element is refused here.
#[derive(Debug)]
pub(super) struct WholeXml;

impl Intercept for WholeXml {
    fn name(&self) -> &'static str {
        "WholeXml"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match context.response().body().bytes() {
            Some(body) if !is_whole(body) => Err("the answer ends before its XML does".into()),
            _ => Ok(()),
        }
    }
}

fn is_whole(body: &[u8]) -> bool {
    let text = body.trim_ascii();
    if text.is_empty() {
        return true;
    }
    let root = text.rsplit(|byte| *byte == b'<').next().unwrap_or_default();
    let closing = root.strip_prefix(b"/").and_then(|name| name.strip_suffix(b">"));
    closing.is_some_and(|name| opens_with(text, name))
}

/// Whether the first element of the document has this name.
fn opens_with(text: &[u8], name: &[u8]) -> bool {
    let is_element = |tag: &&[u8]| tag.first().is_some_and(u8::is_ascii_alphabetic);
    let mut tags = text.split(|byte| *byte == b'<');
    let root = tags.find(is_element).and_then(|tag| tag.split(|byte| b" \t\r\n/>".contains(byte)).next());
    root == Some(name.trim_ascii())
}
