//! More VPCs for our zones: which associations are ours, what is done about them, and that nothing else is touched.

mod notes;

use std::collections::{BTreeMap, BTreeSet};

use planner::association::{Association, Seen, State, Step, VpcRef, plan, planned};
use proptest::collection::btree_set;
use proptest::prelude::*;

use crate::scene::{OWNER, name};

const OWN: &str = "111122223333";
const ZONE: &str = "Z0123";

/// Ours in our Region, ours in another one, and another account's.
const HERE: &str = "vpc-0000aaaa";
const FAR: &str = "vpc-0000bbbb@111122223333/eu-west-1";
const THEIRS: &str = "vpc-0000cccc@999988887777/us-west-2";

fn vpc(text: &str) -> VpcRef {
    VpcRef::parse(text, "us-east-1", Some(OWN)).expect("a VPC")
}

fn vpcs(texts: &[&str]) -> BTreeSet<VpcRef> {
    texts.iter().map(|text| vpc(text)).collect()
}

/// A zone with its VPCs, as Route 53 and its note have it.
#[derive(Clone, Debug, Default, PartialEq)]
struct World {
    vpcs: BTreeMap<String, String>,
    authorized: BTreeSet<String>,
    noted: BTreeSet<VpcRef>,
}

impl World {
    fn new(associated: &[&str], authorized: &[&str], noted: &[&str]) -> World {
        let mut world = World { noted: vpcs(noted), ..World::default() };
        world.vpcs.insert(OWNER.vpc_id.to_owned(), "us-east-1".to_owned());
        for text in associated {
            world.associate(&vpc(text));
        }
        world.authorized.extend(authorized.iter().map(|text| vpc(text).id));
        world
    }

    fn plan(&self, wanted: &BTreeSet<VpcRef>) -> (Vec<Step>, Vec<Association>) {
        let (zone, keeps) = (name("x.com"), keeps());
        let World { vpcs, authorized, noted } = self;
        plan(
            wanted,
            &Seen { zone: &zone, zone_id: ZONE, own_account: Some(OWN), vpcs, authorized, noted, keeps: &keeps },
        )
    }

    fn associate(&mut self, vpc: &VpcRef) {
        self.vpcs.insert(vpc.id.clone(), vpc.region("us-east-1").to_owned());
    }

    /// What Route 53 does. Panics where a step would break a promise.
    fn apply(&mut self, step: &Step) {
        if let Some(vpc) = step.vpc() {
            assert!(!keeps().contains(&vpc.id), "{vpc} is not to be touched");
            assert!(self.noted.iter().any(|noted| noted.id == vpc.id), "{step:?} is not noted");
        }
        match step {
            Step::Note(vpcs) => self.noted = vpcs.clone(),
            Step::Associate(vpc) => {
                assert!(!vpc.is_of_another(Some(OWN)), "only its own account can associate {vpc}");
                assert!(!self.vpcs.contains_key(&vpc.id), "{vpc} is associated already");
                self.associate(vpc);
            }
            Step::Authorize(vpc) => assert!(self.authorized.insert(vpc.id.clone()), "{vpc} is authorized already"),
            Step::Deauthorize(vpc) => {
                // Twice, when the VPC is noted twice: the edge takes that for done.
                self.authorized.remove(&vpc.id);
            }
            Step::Dissociate(vpc) => assert!(self.vpcs.remove(&vpc.id).is_some(), "{vpc} is not associated"),
        }
    }

    fn after(&self, steps: &[Step]) -> World {
        let mut world = self.clone();
        for step in steps {
            world.apply(step);
        }
        world
    }
}

/// The zone's own VPC, and one that only stages zones.
fn keeps() -> BTreeSet<String> {
    BTreeSet::from([OWNER.vpc_id.to_owned(), "vpc-0000ffff".to_owned()])
}

fn states(associations: &[Association]) -> Vec<(&str, State)> {
    associations.iter().map(|association| (association.vpc.as_str(), association.state)).collect()
}

#[test]
fn a_vpc_of_this_account_is_noted_and_then_associated_in_any_region() {
    let world = World::new(&[], &[], &[]);
    let wanted = vpcs(&[HERE, FAR]);
    let (steps, associations) = world.plan(&wanted);
    assert_eq!(steps, [Step::Note(wanted.clone()), Step::Associate(vpc(HERE)), Step::Associate(vpc(FAR))]);
    assert_eq!(states(&associations), [(HERE, State::Associated), (FAR, State::Associated)]);
    assert_eq!(world.after(&steps).plan(&wanted).0, []);
}

#[test]
fn a_vpc_of_another_account_is_noted_and_authorized_and_a_person_there_gets_the_command() {
    let world = World::new(&[], &[], &[]);
    let wanted = vpcs(&[THEIRS]);
    let (steps, associations) = world.plan(&wanted);
    assert_eq!(steps, [Step::Note(wanted.clone()), Step::Authorize(vpc(THEIRS))]);
    let command = "aws route53 associate-vpc-with-hosted-zone --hosted-zone-id Z0123 --vpc VPCRegion=us-west-2,VPCId=vpc-0000cccc";
    let expected = Association {
        zone: name("x.com"),
        zone_id: ZONE.to_owned(),
        vpc: THEIRS.to_owned(),
        state: State::Authorized,
        becomes: None,
        command: Some(command.to_owned()),
    };
    assert_eq!(associations, std::slice::from_ref(&expected));
    let (again, associations) = world.after(&steps).plan(&wanted);
    assert_eq!((again, associations), (vec![], vec![expected]), "it waits, and says so every time");
}

#[test]
fn an_authorization_goes_when_the_other_account_has_associated_its_vpc() {
    let wanted = vpcs(&[THEIRS]);
    let (steps, associations) = World::new(&[THEIRS], &[THEIRS], &[THEIRS]).plan(&wanted);
    assert_eq!(steps, [Step::Deauthorize(vpc(THEIRS))]);
    assert_eq!(states(&associations), [(THEIRS, State::Associated)]);
    assert_eq!(associations[0].command, None);
}

#[test]
fn an_association_that_somebody_else_made_is_not_noted_and_not_dropped() {
    let world = World::new(&[HERE, THEIRS], &[THEIRS], &[]);
    let (steps, associations) = world.plan(&vpcs(&[HERE, THEIRS]));
    assert_eq!(steps, []);
    assert_eq!(states(&associations), [(HERE, State::Associated), (THEIRS, State::Associated)]);
    assert_eq!(world.plan(&BTreeSet::new()), (vec![], vec![]), "nobody asked for it: it is not reported");
}

#[test]
fn what_is_noted_and_not_wanted_any_more_goes_and_is_forgotten_last() {
    let world = World::new(&[HERE, FAR], &[THEIRS], &[HERE, FAR, THEIRS]);
    let (steps, associations) = world.plan(&vpcs(&[FAR]));
    let expected = [Step::Dissociate(vpc(HERE)), Step::Deauthorize(vpc(THEIRS)), Step::Note(vpcs(&[FAR]))];
    assert_eq!(steps, expected);
    let expected = [(HERE, State::Removed), (FAR, State::Associated), (THEIRS, State::Removed)];
    assert_eq!(states(&associations), expected);
}

#[test]
fn a_vpc_of_another_account_that_was_associated_is_dissociated_by_us() {
    let world = World::new(&[THEIRS], &[], &[THEIRS]);
    assert_eq!(world.plan(&BTreeSet::new()).0, [Step::Dissociate(vpc(THEIRS)), Step::Note(BTreeSet::new())]);
}

#[test]
fn one_swap_writes_the_note_once() {
    let world = World::new(&[HERE], &[], &[HERE]);
    let (steps, _) = world.plan(&vpcs(&[FAR]));
    let expected = [Step::Dissociate(vpc(HERE)), Step::Note(vpcs(&[FAR])), Step::Associate(vpc(FAR))];
    assert_eq!(steps, expected);
}

#[test]
fn what_is_noted_and_gone_is_made_again_or_forgotten() {
    let world = World::new(&[], &[], &[HERE, THEIRS]);
    let wanted = vpcs(&[HERE, THEIRS]);
    assert_eq!(world.plan(&wanted).0, [Step::Associate(vpc(HERE)), Step::Authorize(vpc(THEIRS))]);
    assert_eq!(world.plan(&BTreeSet::new()).0, [Step::Note(BTreeSet::new())]);
}

#[test]
fn the_vpcs_that_the_zone_is_there_for_are_never_touched() {
    let staging = "vpc-0000ffff";
    let world = World::new(&[staging], &[], &[OWNER.vpc_id, staging]);
    assert_eq!(world.plan(&vpcs(&[OWNER.vpc_id])), (vec![Step::Note(BTreeSet::new())], vec![]));
    let unnoted = World::new(&[], &[], &[]);
    assert_eq!(unnoted.plan(&vpcs(&[OWNER.vpc_id, staging])), (vec![], vec![]));
}

#[test]
fn a_corrected_region_or_account_is_authorized_anew_and_drops_no_association() {
    let (old, new) = ("vpc-0000cccc@999988887777/us-west-1", THEIRS);
    let (steps, associations) = World::new(&[], &[old], &[old]).plan(&vpcs(&[new]));
    let expected = [Step::Deauthorize(vpc(old)), Step::Note(vpcs(&[new])), Step::Authorize(vpc(new))];
    assert_eq!(steps, expected);
    assert_eq!(states(&associations), [(new, State::Authorized)]);

    let own = "vpc-0000cccc";
    let (steps, _) = World::new(&[], &[old], &[old]).plan(&vpcs(&[own]));
    assert_eq!(steps, [Step::Deauthorize(vpc(old)), Step::Note(vpcs(&[own])), Step::Associate(vpc(own))]);
    let (steps, _) = World::new(&[old], &[], &[old]).plan(&vpcs(&[new]));
    assert_eq!(steps, [Step::Note(vpcs(&[new]))]);
}

#[test]
fn before_its_steps_a_plan_says_what_each_vpc_becomes() {
    let world = World::new(&[HERE], &[], &[HERE]);
    let (steps, associations) = world.plan(&vpcs(&[FAR, THEIRS]));
    let planned = planned(&steps, associations);
    let becomes: Vec<(&str, State, Option<State>)> =
        planned.iter().map(|one| (one.vpc.as_str(), one.state, one.becomes)).collect();
    let expected = [
        (HERE, State::Planned, Some(State::Removed)),
        (FAR, State::Planned, Some(State::Associated)),
        (THEIRS, State::Planned, Some(State::Authorized)),
    ];
    assert_eq!(becomes, expected);
    assert!(planned.iter().all(|one| one.command.is_none()), "nobody can run it yet");
}

#[test]
fn what_is_as_it_should_be_is_no_plan() {
    let world = World::new(&[HERE, THEIRS], &[THEIRS], &[HERE, THEIRS]);
    let (steps, associations) = world.plan(&vpcs(&[HERE, THEIRS]));
    assert_eq!(steps, [Step::Deauthorize(vpc(THEIRS))]);
    assert_eq!(planned(&steps, associations.clone()), associations);
}

#[test]
fn the_report_has_the_names_of_the_contract() {
    let (_, associations) = World::new(&[], &[], &[]).plan(&vpcs(&[HERE]));
    let expected = r#"[{"zone":"x.com","zoneId":"Z0123","vpc":"vpc-0000aaaa","state":"associated","command":null}]"#;
    assert_eq!(serde_json::to_string(&associations).unwrap(), expected);
    assert!(State::Authorized.is_open() && !State::Associated.is_open() && !State::Removed.is_open());
    for state in [State::Associated, State::Authorized, State::Planned, State::Removed, State::Failed] {
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.as_str()));
    }
}

/// Few VPCs in few spellings, so that they collide.
const SPELLINGS: [&str; 9] = [
    HERE,
    FAR,
    THEIRS,
    "vpc-0000bbbb",
    "vpc-0000cccc",
    "vpc-0000cccc@999988887777/us-west-1",
    "vpc-0000aaaa@999988887777/us-east-1",
    "vpc-0000ffff",
    "vpc-0a1b2c3d",
];

fn some() -> impl Strategy<Value = BTreeSet<VpcRef>> {
    btree_set(prop::sample::select(SPELLINGS.to_vec()).prop_map(vpc), 0..7)
}

/// Each VPC once, as a configuration has it.
fn some_wanted() -> impl Strategy<Value = BTreeSet<VpcRef>> {
    some().prop_map(|vpcs| {
        let mut ids = BTreeSet::new();
        vpcs.into_iter().filter(|vpc| ids.insert(vpc.id.clone())).collect()
    })
}

fn world() -> impl Strategy<Value = World> {
    (some(), some(), some()).prop_map(|(associated, authorized, noted)| {
        let mut world = World { noted, ..World::new(&[], &[], &[]) };
        for vpc in &associated {
            world.associate(vpc);
        }
        world.authorized = authorized.into_iter().map(|vpc| vpc.id).collect();
        world
    })
}

fn ids(vpcs: &BTreeSet<VpcRef>) -> BTreeSet<&str> {
    vpcs.iter().map(|vpc| vpc.id.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn planning_on_what_a_plan_made_gives_nothing(world in world(), wanted in some_wanted()) {
        let (steps, associations) = world.plan(&wanted);
        let after = world.after(&steps);
        let (again, then) = after.plan(&wanted);
        prop_assert_eq!(again, vec![], "after {:?}", steps);
        let stays = associations.into_iter().filter(|one| one.state != State::Removed).collect::<Vec<_>>();
        prop_assert_eq!(then, stays, "the states are those that the steps lead to");
    }

    #[test]
    fn an_interrupted_plan_is_completed_by_the_next(world in world(), wanted in some_wanted(), most in 0..12usize) {
        let whole = world.after(&world.plan(&wanted).0);
        let steps = world.plan(&wanted).0;
        let part = world.after(steps.get(..most).unwrap_or(&steps));
        prop_assert_eq!(part.after(&part.plan(&wanted).0), whole);
    }

    #[test]
    fn what_nobody_noted_survives_every_plan(world in world(), wanted in some_wanted()) {
        let after = world.after(&world.plan(&wanted).0);
        let noted = ids(&world.noted);
        let is_foreign = |id: &&String| !noted.contains(id.as_str()) || keeps().contains(*id);
        for id in world.vpcs.keys().filter(is_foreign) {
            prop_assert!(after.vpcs.contains_key(id), "{} was dissociated", id);
            prop_assert!(!ids(&after.noted).contains(id.as_str()), "{} was claimed", id);
        }
        for id in world.authorized.iter().filter(is_foreign) {
            prop_assert!(after.authorized.contains(id), "{} lost its authorization", id);
        }
    }

    #[test]
    fn what_is_wanted_is_there_and_the_note_names_nothing_else(world in world(), wanted in some_wanted()) {
        let after = world.after(&world.plan(&wanted).0);
        for vpc in wanted.iter().filter(|vpc| !keeps().contains(&vpc.id)) {
            let may = vpc.is_of_another(Some(OWN)) && after.authorized.contains(&vpc.id);
            prop_assert!(after.vpcs.contains_key(&vpc.id) || may, "{} is neither", vpc);
        }
        prop_assert!(after.noted.is_subset(&wanted));
    }
}
