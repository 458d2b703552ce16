//! Text from outside: right values that somebody or something spoilt, and text without any sense.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What breaks out of a line, a quote, a label or a list.
const NASTY: [&str; 36] = [
    "\0",
    "\n",
    "\r\n",
    "\t",
    "\u{7f}",
    "\u{1b}[31m",
    "\u{9b}2J",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "\"",
    "\" \"",
    "'",
    "\\",
    "\\052",
    "\\000",
    "\\377",
    "\\",
    "*",
    "*.",
    ".",
    "..",
    ",",
    "=",
    "+",
    "/",
    "@",
    "-",
    " ",
    "$(id)",
    "\u{130}",
    "\u{df}",
    "\u{1f600}",
    "heritage=tdp-privatelink,",
    "\nINJECTED: run this",
];

/// One thing that is done to a text, at a place.
#[derive(Clone, Debug)]
enum Spoil {
    Insert(&'static str),
    Remove,
    Cut,
    Upper,
    Repeat(usize),
    Quote,
    Swap,
}

fn spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        4 => select(NASTY.to_vec()).prop_map(Spoil::Insert),
        2 => Just(Spoil::Remove),
        1 => Just(Spoil::Cut),
        1 => Just(Spoil::Upper),
        1 => (2..300_usize).prop_map(Spoil::Repeat),
        1 => Just(Spoil::Quote),
        1 => Just(Spoil::Swap),
    ]
}

fn apply(text: &str, spoil: &Spoil, at: &Index) -> String {
    let chars: Vec<char> = text.chars().collect();
    let place = at.index(chars.len() + 1);
    let (before, after) = chars.split_at(place);
    let (before, after): (String, String) = (before.iter().collect(), after.iter().collect());
    match spoil {
        Spoil::Insert(nasty) => format!("{before}{nasty}{after}"),
        Spoil::Remove => before + after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
        Spoil::Cut => before,
        Spoil::Upper => before.to_uppercase() + &after,
        Spoil::Repeat(times) => {
            let piece: String = after.chars().take(14).collect();
            before + &piece.repeat(*times) + &after
        }
        Spoil::Quote => format!("\"{before}\"{after}\""),
        Spoil::Swap => after + &before,
    }
}

/// Right values, most of them spoilt a few times, and raw text.
pub(super) fn hostile(right: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    let spoilt = (right, vec((spoil(), any::<Index>()), 0..4))
        .prop_map(|(text, spoils)| spoils.iter().fold(text, |text, (spoil, at)| apply(&text, spoil, at)));
    let pieces = vec(select(NASTY.to_vec()), 0..12).prop_map(|pieces| pieces.concat());
    let raw = vec(any::<char>(), 0..24).prop_map(|chars| chars.into_iter().collect::<String>());
    let long = ("[ -~]{0,12}", 1..30_usize).prop_map(|(piece, times)| piece.repeat(times));
    prop_oneof![12 => spoilt, 2 => pieces, 1 => raw, 1 => long].boxed()
}

/// Right values of one kind.
pub(super) fn one_of(right: &'static [&'static str]) -> BoxedStrategy<String> {
    select(right.to_vec()).prop_map(str::to_owned).boxed()
}

/// Nothing in it can end a line, move a cursor or turn the direction of text.
pub(super) fn stays_in_its_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}'))
}
