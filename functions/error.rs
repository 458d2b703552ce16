//! What can go wrong with a call to AWS, told apart by what helps.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use checks::facts::Unread;

/// What sort of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Too many requests, after all retries.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// No connection, a 5xx, or an answer that does not parse.
    Unavailable,
    /// The identity lacks a permission.
    Denied,
    /// The world changed between reading and writing.
    Stale,
    /// The thing is not there.
    NotFound,
    /// Refused for good.
    Refused,
}

/// How the code of an error begins that `STAGING_VPC_ID` is the cause of.
pub const STAGING: &str = "STAGING_VPC_ID";

/// A failed call: what we were doing, to what, and why it failed (the `source`).
#[derive(Clone, Debug)]
pub struct AwsError {
    /// The IAM action, for example `route53:ListHostedZones`.
    pub action: &'static str,
    /// What it was about: an id or a name.
    pub subject: String,
    pub kind: Kind,
    /// AWS's error code, or our own word for a failure without one.
    pub code: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl AwsError {
    /// An error of our own making about an answer that AWS gave.
    pub fn answer(action: &'static str, subject: &str, kind: Kind, code: &str) -> AwsError {
        AwsError { action, subject: subject.to_owned(), kind, code: code.to_owned(), source: None }
    }

    /// Whether the same event deserves another delivery. A missing permission does: policies take a while to
    /// arrive, and the failure queue is where somebody looks.
    pub fn deserves_retry(&self) -> bool {
        !matches!(self.kind, Kind::Refused | Kind::NotFound)
    }

    /// What a person should do about it.
    pub fn fix(&self) -> String {
        match self.kind {
            Kind::Denied => format!("Allow {} in the function's role, and in every policy above it.", self.action),
            Kind::Throttled => "Nothing: it is tried again. If it stays, look for another caller of this AWS API in the account.".to_owned(),
            Kind::TimedOut | Kind::Unavailable => {
                "Nothing: it is tried again. If it stays, check that the function reaches the AWS API (a function in a VPC needs a way out).".to_owned()
            }
            Kind::Stale => "Nothing: it is planned again. If it stays, something else keeps editing the zone.".to_owned(),
            Kind::NotFound | Kind::Refused if self.code.starts_with(STAGING) => {
                "Take another VPC of this account and Region for STAGING_VPC_ID, one without private zones, or none. A zone \
                 of this product on it goes when its own VPC is withdrawn."
                    .to_owned()
            }
            Kind::NotFound | Kind::Refused => "See the error code in the AWS documentation of this action.".to_owned(),
        }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, subject, code, .. } = self;
        match self.kind {
            Kind::Denied => write!(f, "{action} for {subject} was denied ({code}): the permission {action} is missing"),
            Kind::Throttled => write!(f, "{action} for {subject} was throttled ({code})"),
            Kind::TimedOut => write!(f, "{action} for {subject} timed out"),
            Kind::Unavailable | Kind::Stale | Kind::NotFound | Kind::Refused => {
                write!(f, "{action} for {subject} failed ({code})")
            }
        }
    }
}

impl Error for AwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

/// Makes an [`AwsError`] of what an SDK call returned.
pub fn failed<E, R>(action: &'static str, subject: &str) -> impl FnOnce(SdkError<E, R>) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    let subject = subject.to_owned();
    move |error| {
        let (kind, code) = classify(&error);
        AwsError { action, subject, kind, code, source: Some(Arc::new(error)) }
    }
}

/// A failed call as a fact that is not known.
pub fn unread(error: &AwsError) -> Unread {
    Unread { action: error.action, is_denied: error.kind == Kind::Denied, message: error.to_string() }
}

fn classify<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> (Kind, String) {
    let ours = |kind, word: &str| (kind, word.to_owned());
    match error {
        SdkError::TimeoutError(_) => ours(Kind::TimedOut, "timeout"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ours(Kind::TimedOut, "timeout"),
        SdkError::DispatchFailure(_) => ours(Kind::Unavailable, "no connection"),
        SdkError::ResponseError(_) => ours(Kind::Unavailable, "answer not understood"),
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => (kind_of(code), code.to_owned()),
            None => ours(Kind::Unavailable, "error without a code"),
        },
        _ => ours(Kind::Refused, "request not sent"),
    }
}

/// Error codes by what they mean here. Each service has its own words for the same thing.
fn kind_of(code: &str) -> Kind {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "Throttled"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "PriorRequestNotComplete"
        | "ConcurrentModification"
        | "TooManyUpdates" => Kind::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "NotAuthorizedException"
        | "KMSAccessDenied" => Kind::Denied,
        "InvalidChangeBatch"
        | "HostedZoneAlreadyExists"
        | "ConflictingDomainExists"
        | "HostedZoneNotEmpty"
        | "NoSuchHostedZone" => Kind::Stale,
        "InternalFailure"
        | "InternalError"
        | "InternalServerError"
        | "ServiceException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "Unavailable"
        | "RequestTimeout"
        | "RequestTimeoutException" => Kind::Unavailable,
        // EC2 spells it InvalidVpcEndpointId.NotFound; other code bases saw InvalidVpcEndpoint.NotFound.
        _ if code.starts_with("InvalidVpcEndpoint") && code.ends_with(".NotFound") => Kind::NotFound,
        // EC2 spells VPC both ways.
        "InvalidVpcID.NotFound" | "InvalidVpcId.NotFound" | "InvalidVpcID.Malformed" | "InvalidVpcId.Malformed" => {
            Kind::NotFound
        }
        "ParameterNotFound"
        | "ResourceNotFoundException"
        | "InvalidServiceName"
        | "NotFoundException"
        | "NoSuchResourceException"
        | "VPCAssociationNotFound"
        | "VPCAssociationAuthorizationNotFound" => Kind::NotFound,
        _ => Kind::Refused,
    }
}
