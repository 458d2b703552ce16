//! SES: the identity of an e-mail domain.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{DkimAttributes, DkimSigningAttributesOrigin};
use checks::facts::EmailIdentity;

use super::Sdk;
use crate::error::{AwsError, Kind, failed};

const IDENTITY: &str = "ses:GetEmailIdentity";

/// Reads e-mail identities.
#[derive(Clone, Debug)]
pub struct Ses {
    client: Client,
}

impl Ses {
    pub fn new(sdk: &Sdk) -> Ses {
        Ses { client: Client::new(&sdk.config) }
    }

    /// The identity of a domain in this account and Region; `None` when SES says that there is none.
    /// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html>
    ///
    /// # Errors
    /// [`AwsError`] for everything else, also for an answer without the state of DKIM: half an answer is none.
    pub async fn identity(&self, domain: &str) -> Result<Option<EmailIdentity>, AwsError> {
        let answer = match self.client.get_email_identity().email_identity(domain).send().await {
            Ok(answer) => answer,
            Err(error) => match failed(IDENTITY, domain)(error) {
                error if error.kind == Kind::NotFound => return Ok(None),
                error => return Err(error),
            },
        };
        let dkim = answer.dkim_attributes().and_then(|dkim| Some((dkim.status()?, dkim)));
        let (status, dkim) =
            dkim.ok_or_else(|| AwsError::answer(IDENTITY, domain, Kind::Unavailable, "incomplete answer"))?;
        Ok(Some(EmailIdentity {
            is_verified: answer.verified_for_sending_status(),
            dkim_status: status.as_str().to_owned(),
            dkim_records: records(domain, dkim),
        }))
    }
}

/// The records that SES asks for. Where the domain signs with a key of its own, the token is its selector, and there
/// is nothing to publish for SES.
/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html>
fn records(domain: &str, dkim: &DkimAttributes) -> Vec<(String, String)> {
    if dkim.signing_attributes_origin() == Some(&DkimSigningAttributesOrigin::External) {
        return Vec::new();
    }
    // Answers from before SES named the zone mean this one.
    let zone = dkim.signing_hosted_zone().unwrap_or("dkim.amazonses.com");
    let record = |token: &String| (format!("{token}._domainkey.{domain}"), format!("{token}.{zone}"));
    dkim.tokens().iter().map(record).collect()
}
