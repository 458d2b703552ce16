//! One connection: TCP, TLS with the host's name, and what was seen on the way.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use planner::cause::Cause;
use planner::name::Name;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, RootCertStore, SignatureScheme,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant as Deadline, timeout_at};
use tokio_rustls::TlsConnector;

/// For one try: connection and handshake together.
pub(crate) const TRY: Duration = Duration::from_secs(5);

/// What came of one try.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub connect: Option<Duration>,
    pub handshake: Option<Duration>,
    pub version: Option<&'static str>,
    /// The certificate that the server showed, also when it was not accepted.
    pub certificate: Option<CertificateDer<'static>>,
    pub failure: Option<Failure>,
}

/// Why a try failed, with what the network or TLS said.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub cause: Cause,
    pub detail: String,
}

/// Opens connections.
#[derive(Debug)]
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
    port: u16,
}

impl Tls {
    /// # Errors
    /// Without a trusted root nothing can be verified.
    pub(crate) fn new(roots: RootCertStore, port: u16) -> Result<Tls, VerifierBuilderError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
        Ok(Tls { provider, verifier, port })
    }

    /// Connects to an address, completes TLS with `host` as the server's name, checks chain and name, and closes.
    pub(crate) async fn connect(&self, host: &Name, ip: IpAddr) -> Seen {
        let mut seen = Seen::default();
        let recorder = Arc::new(Recorder { verifier: Arc::clone(&self.verifier), leaf: Mutex::default() });
        let result = self.try_to_connect(host, ip, &recorder, &mut seen).await;
        seen.certificate = recorder.leaf.lock().unwrap_or_else(PoisonError::into_inner).take();
        seen.failure = result.err();
        seen
    }

    async fn try_to_connect(
        &self,
        host: &Name,
        ip: IpAddr,
        recorder: &Arc<Recorder>,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        let end = Deadline::now() + TRY;
        let name = ServerName::try_from(host.as_str().to_owned()).map_err(|e| failure(Cause::TlsFailed, &e))?;
        let config = self.config(recorder).map_err(|e| failure(Cause::TlsFailed, &e))?;

        let started = Instant::now();
        let connecting = timeout_at(end, TcpStream::connect(SocketAddr::new(ip, self.port))).await;
        let stream = connecting.map_err(|_| timed_out(Cause::ConnectTimedOut))?.map_err(|e| of_connect(&e))?;
        seen.connect = Some(started.elapsed());

        let started = Instant::now();
        let shaking = timeout_at(end, TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
        let mut stream = shaking.map_err(|_| timed_out(Cause::TlsTimedOut))?.map_err(|e| of_handshake(&e))?;
        seen.handshake = Some(started.elapsed());
        seen.version = stream.get_ref().1.protocol_version().map(version);
        // The proof is complete; whether the goodbye arrives does not matter.
        let _ = timeout_at(end, stream.shutdown()).await;
        Ok(())
    }

    fn config(&self, recorder: &Arc<Recorder>) -> Result<ClientConfig, Error> {
        let verifier: Arc<dyn ServerCertVerifier> = Arc::<Recorder>::clone(recorder);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        // A resumed session would prove an earlier certificate.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// Keeps the server's certificate, so that a refused one can be shown too. Every decision is the verifier's.
#[derive(Debug)]
struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    leaf: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.leaf.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaf.clone().into_owned());
        self.verifier.verify_server_cert(leaf, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn failure(cause: Cause, error: &dyn std::error::Error) -> Failure {
    Failure { cause, detail: error.to_string() }
}

fn timed_out(cause: Cause) -> Failure {
    Failure { cause, detail: format!("no answer within {} s", TRY.as_secs()) }
}

fn of_connect(error: &io::Error) -> Failure {
    let cause = match error.kind() {
        io::ErrorKind::ConnectionRefused => Cause::ConnectRefused,
        io::ErrorKind::TimedOut => Cause::ConnectTimedOut,
        _ => Cause::ConnectFailed,
    };
    failure(cause, error)
}

fn of_handshake(error: &io::Error) -> Failure {
    let cause = match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => of_certificate(why),
        Some(_) => Cause::TlsFailed,
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Cause::TlsClosed
            }
            io::ErrorKind::TimedOut => Cause::TlsTimedOut,
            _ => Cause::TlsFailed,
        },
    };
    failure(cause, error)
}

fn of_certificate(why: &CertificateError) -> Cause {
    match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Cause::CertificateExpired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Cause::CertificateName,
        _ => Cause::CertificateUntrusted,
    }
}

fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => "unknown",
    }
}
