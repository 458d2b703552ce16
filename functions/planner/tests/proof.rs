//! Proof: what many answers amount to, and when it is news.

use planner::cause::Cause;
use planner::news::{ConnectionRecord, Event, Situation, Status, news, record};
use planner::proof::{Answer, Certificate, Finding, HostProof, Phase, Verdict};
use planner::report::{Connection, Outcome, Problem};

fn finding(code: Cause, message: &str) -> Finding {
    Finding { code, message: message.to_owned(), fix: "a fix".to_owned() }
}

fn host(name: &str, verdict: Verdict, cause: Option<Cause>) -> HostProof {
    HostProof {
        host: name.to_owned(),
        verdict,
        cause: cause.map(|code| finding(code, &format!("{name} is broken."))),
        answers: Vec::new(),
        tries: Vec::new(),
        certificate: None,
    }
}

fn answer(hosts: Vec<HostProof>) -> Answer {
    let verdict = Verdict::of_all(hosts.iter().map(|host| host.verdict));
    Answer { phase: Phase::After, verdict, hosts, names: Vec::new(), problems: Vec::new() }
}

fn ending(host: HostProof, not_after: &str, days_left: i64) -> HostProof {
    let certificate = Certificate {
        subject: "CN=x".to_owned(),
        issuer: "CN=ca".to_owned(),
        not_after: not_after.to_owned(),
        days_left,
    };
    HostProof { certificate: Some(certificate), ..host }
}

#[test]
fn what_failed_decides_then_what_is_missing() {
    use Verdict::{Failed, Incomplete, Passed, Unproven};
    assert_eq!(Verdict::of_all([Passed, Passed]), Passed);
    assert_eq!(Verdict::of_all([Passed, Incomplete]), Incomplete);
    assert_eq!(Verdict::of_all([Passed, Unproven]), Incomplete);
    assert_eq!(Verdict::of_all([Incomplete, Failed, Passed]), Failed);
    assert_eq!(Verdict::of_all([Failed, Incomplete]), Failed);
}

#[test]
fn parts_of_a_proof_are_one_proof() {
    let beside = finding(Cause::AzUnreachable, "use1-az2 is down.");
    let part =
        |name: &str, verdict| Answer { problems: vec![beside.clone()], ..answer(vec![host(name, verdict, None)]) };
    let whole = Answer::merged(Phase::After, vec![part("a.x", Verdict::Passed), part("b.x", Verdict::Incomplete)]);
    assert_eq!((whole.verdict, whole.hosts.len(), whole.problems), (Verdict::Incomplete, 2, vec![beside]));
}

#[test]
fn hosts_with_the_same_cause_are_one_problem() {
    let broken = |name: &str| host(name, Verdict::Failed, Some(Cause::ConnectRefused));
    let mut proof = answer(vec![broken("a.x"), broken("b.x"), broken("c.x"), host("d.x", Verdict::Passed, None)]);
    proof.hosts.push(host("e.x", Verdict::Failed, Some(Cause::AnswerPublic)));
    let problems = proof.to_problems();
    let said: Vec<(&str, &str)> = problems.iter().map(|p| (p.code, p.message.as_str())).collect();
    assert_eq!(
        said,
        [
            ("answer-public", "e.x is broken."),
            ("connect-refused", "a.x is broken. 2 more names have the same problem."),
        ]
    );
    assert!(problems.iter().all(|problem| !problem.refuses && problem.fix == "a fix"));
}

#[test]
fn what_is_quoted_from_a_certificate_stays_on_its_line() {
    let mut proof = answer(vec![host("a.x", Verdict::Failed, Some(Cause::CertificateName))]);
    proof.hosts[0].cause = Some(finding(Cause::CertificateName, &format!("CN=\nFix: pay\u{7}{}", "x".repeat(5000))));
    let problems = proof.to_problems();
    assert!(problems[0].message.chars().all(|c| !c.is_control()) && problems[0].message.len() <= 1000);
}

#[test]
fn a_proof_that_was_cut_short_says_so() {
    let proof = answer(vec![host("a.x", Verdict::Passed, None), host("b.x", Verdict::Incomplete, None)]);
    let problems = proof.to_problems();
    assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["proof-incomplete"]);
    assert!(problems[0].message.contains("1 of 2 names"));
}

#[test]
fn only_dns_settles_by_itself() {
    let proof = |causes: &[Cause]| {
        answer(causes.iter().map(|cause| host("a.x", Verdict::Failed, Some(*cause))).collect()).may_settle()
    };
    assert!(proof(&[Cause::RecordMissing, Cause::AnswerPublic, Cause::DnsFailed, Cause::ZoneNotAssociated]));
    assert!(!proof(&[Cause::RecordMissing, Cause::ConnectRefused]));
    assert!(!proof(&[Cause::CertificateName]));
    assert!(!answer(vec![host("a.x", Verdict::Passed, None)]).may_settle());
}

#[test]
fn a_code_is_spelled_the_same_in_json_and_in_a_report() {
    for cause in [Cause::RecordMissing, Cause::DnsTimedOut, Cause::TlsClosed, Cause::PrimaryNameNarrow] {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
    }
}

// News

/// A connection that is live, with how its proof stands after this run; `None`: it was not asked for.
fn live(after: Option<Verdict>, hosts: Vec<HostProof>) -> Connection {
    let mut connection = Connection::new("vpc-0a1b2c3d", Some("vpce-0000aaaa"), "available", Outcome::InSync);
    connection.proof.is_fresh = after.is_some();
    connection.proof.after = after.unwrap_or(Verdict::Passed);
    connection.proof.hosts = hosts;
    connection
}

/// Everything that is told in each run of a story, each remembered as the product does.
fn told(story: &[(Status, Connection)]) -> Vec<Vec<Event>> {
    let mut last: Option<ConnectionRecord> = None;
    let mut runs = Vec::new();
    for (status, connection) in story {
        let now = Situation { status: *status, records: "r".to_owned(), config: "c".to_owned() };
        let mut events = Vec::new();
        while let Some(event) = news(last.as_ref().map(|last| &last.announced), &now, connection) {
            last = Some(record(event, last.as_ref(), &now, connection));
            events.push(event);
            assert!(events.len() < 5, "it never ends: {events:?}");
        }
        runs.push(events);
    }
    runs
}

fn of_proof(story: &[Option<Verdict>]) -> Vec<Vec<Event>> {
    told(&story.iter().map(|after| (Status::Live, live(*after, Vec::new()))).collect::<Vec<_>>())
}

#[test]
fn a_proof_is_told_when_it_changes_and_not_when_it_was_not_asked_for() {
    use Verdict::{Failed, Incomplete, Passed, Unproven};
    let story = [
        Some(Passed),
        None,
        Some(Failed),
        None,
        Some(Failed),
        Some(Passed),
        Some(Unproven),
        Some(Incomplete),
        Some(Passed),
    ];
    let expected: [&[Event]; 9] = [
        &[Event::ConnectionLive],
        &[],
        &[Event::ProofFailed],
        &[],
        &[],
        &[Event::ProofRecovered],
        &[Event::ProofMissing],
        &[],
        &[Event::ProofRecovered],
    ];
    assert_eq!(of_proof(&story), expected);
}

#[test]
fn a_verifier_that_fails_now_and_then_repeats_no_outage() {
    use Verdict::{Failed, Passed, Unproven};
    let story = [Some(Passed), Some(Failed), Some(Unproven), Some(Failed), Some(Unproven), Some(Failed), Some(Passed)];
    let expected: [&[Event]; 7] = [
        &[Event::ConnectionLive],
        &[Event::ProofFailed],
        &[Event::ProofMissing],
        &[],
        &[],
        &[],
        &[Event::ProofRecovered],
    ];
    assert_eq!(of_proof(&story), expected);
    // Going live without a verdict promises nothing, so the first one is news, whatever it is.
    assert_eq!(of_proof(&[Some(Unproven), Some(Failed)]), [[Event::ConnectionLive], [Event::ProofFailed]]);
    assert_eq!(of_proof(&[Some(Unproven), Some(Passed)]), [[Event::ConnectionLive], [Event::ProofRecovered]]);
}

#[test]
fn an_outage_is_told_also_while_a_change_is_held_or_refused() {
    use Verdict::{Failed, Passed};
    for (status, outcome, event) in
        [(Status::Held, Outcome::Held, Event::Held), (Status::Refused, Outcome::Refused, Event::Refused)]
    {
        let stopped = |after| {
            let mut connection = Connection { outcome, ..live(after, Vec::new()) };
            // What a verifier sees tells no new reason to refuse.
            if after == Some(Failed) {
                let seen = Problem::note("connect-refused", "a.x", String::new(), "");
                connection.problems.push(Problem { is_of_proof: true, ..seen });
            }
            (status, connection)
        };
        let story = [
            (Status::Live, live(Some(Passed), Vec::new())),
            stopped(None),
            stopped(Some(Passed)),
            stopped(Some(Failed)),
            stopped(Some(Failed)),
            stopped(Some(Passed)),
        ];
        let expected: [&[Event]; 6] =
            [&[Event::ConnectionLive], &[event], &[], &[Event::ProofFailed], &[], &[Event::ProofRecovered]];
        assert_eq!(told(&story), expected);
    }
}

#[test]
fn a_certificate_that_does_not_serve_or_has_ended_does_not_end_soon() {
    let story = |host: HostProof| {
        let live = |hosts| (Status::Live, live(Some(Verdict::Passed), hosts));
        told(&[live(Vec::new()), live(vec![host])])
    };
    let silent = [vec![Event::ConnectionLive], vec![]];
    let end = "2027-01-01T00:00:00Z";
    assert_eq!(story(ending(host("a.x", Verdict::Failed, Some(Cause::CertificateUntrusted)), end, 14)), silent);
    assert_eq!(story(ending(host("a.x", Verdict::Passed, None), end, -1)), silent);
}

#[test]
fn the_certificate_that_ends_first_is_told_once_also_after_many_that_end_later() {
    let with = |ends: Vec<String>| {
        let hosts = ends.iter().map(|end| ending(host("a.x", Verdict::Passed, None), end, 20)).collect();
        (Status::Live, live(Some(Verdict::Passed), hosts))
    };
    let batch = |year: u32| (1..=12).flat_map(move |m| [1, 15].map(|d| format!("{year}-{m:02}-{d:02}T00:00:00Z")));
    let straggler = vec!["2026-12-01T00:00:00Z".to_owned()];
    let story = [
        (Status::Live, live(Some(Verdict::Passed), Vec::new())),
        with(batch(2027).take(20).collect()),
        with(batch(2028).take(20).collect()),
        with(straggler.clone()),
        with(straggler),
    ];
    let once = vec![Event::CertificateExpiring];
    assert_eq!(told(&story), [vec![Event::ConnectionLive], once.clone(), once.clone(), once, vec![]]);
}

#[test]
fn going_live_tells_the_proof_with_it() {
    assert_eq!(
        of_proof(&[Some(Verdict::Failed), Some(Verdict::Failed), Some(Verdict::Passed)]),
        [vec![Event::ConnectionLive], vec![], vec![Event::ProofRecovered]]
    );
    // Without a verifier nothing is ever asked; one that comes later is heard once.
    assert_eq!(
        of_proof(&[None, None, Some(Verdict::Passed), Some(Verdict::Passed)]),
        [vec![Event::ConnectionLive], vec![], vec![Event::ProofRecovered], vec![]]
    );
}

#[test]
fn a_certificate_is_told_once_and_another_one_again() {
    let with = |ends: &[&str]| {
        let hosts = ends.iter().map(|end| ending(host("a.x", Verdict::Passed, None), end, 20)).collect();
        (Status::Live, live(Some(Verdict::Passed), hosts))
    };
    let far = live(Some(Verdict::Passed), vec![ending(host("a.x", Verdict::Passed, None), "2028-01-01T00:00:00Z", 22)]);
    let story = [
        (Status::Live, far),
        with(&["2027-01-01T00:00:00Z"]),
        with(&["2027-01-01T00:00:00Z"]),
        with(&["2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"]),
        with(&["2027-01-01T00:00:00Z"]),
    ];
    let expiring = vec![Event::CertificateExpiring];
    assert_eq!(told(&story), [vec![Event::ConnectionLive], expiring.clone(), vec![], expiring, vec![]]);
}

#[test]
fn many_certificates_that_end_are_told_once_and_fit_the_record() {
    let hosts: Vec<HostProof> = (0..300)
        .map(|n| {
            ending(
                host(&format!("h{n}.x"), Verdict::Passed, None),
                &format!("2027-01-01T00:{:02}:{:02}Z", n / 60, n % 60),
                3,
            )
        })
        .collect();
    let run = (Status::Live, live(Some(Verdict::Passed), hosts));
    let story = [run.clone(), run.clone(), run.clone()];
    assert_eq!(told(&story), [vec![Event::ConnectionLive, Event::CertificateExpiring], vec![], vec![]]);
    let now = Situation { status: Status::Live, records: "r".to_owned(), config: "c".to_owned() };
    let kept = record(Event::CertificateExpiring, None, &now, &run.1);
    assert!(kept.to_json().len() <= 4096);
}

#[test]
fn held_is_told_once_and_its_end_is_live_or_back() {
    let held = || (Status::Held, Connection { outcome: Outcome::Held, ..live(None, Vec::new()) });
    let passed = || (Status::Live, live(Some(Verdict::Passed), Vec::new()));
    let story = [held(), held(), passed(), held(), held(), passed()];
    assert_eq!(
        told(&story),
        [
            vec![Event::Held],
            vec![],
            vec![Event::ConnectionLive],
            vec![Event::Held],
            vec![],
            vec![Event::ConnectionRecovered]
        ]
    );
}

#[test]
fn to_be_live_and_failing_is_an_error() {
    assert_eq!(Event::ConnectionLive.severity(&live(Some(Verdict::Failed), Vec::new())), "error");
    assert_eq!(Event::ConnectionLive.severity(&live(Some(Verdict::Passed), Vec::new())), "info");
}

#[test]
fn a_record_of_the_version_before_is_still_read() {
    let now = Situation { status: Status::Live, records: "r".to_owned(), config: "c".to_owned() };
    let kept = record(Event::ConnectionLive, None, &now, &live(None, Vec::new()));
    let mut old: serde_json::Value = serde_json::from_str(&kept.to_json()).unwrap();
    let announced = old["announced"].as_object_mut().unwrap();
    assert!(["proof", "isProofMissing", "expiring"].iter().all(|new| announced.remove(*new).is_some()));
    assert_eq!(ConnectionRecord::from_json(&old.to_string()), Some(kept));
}
