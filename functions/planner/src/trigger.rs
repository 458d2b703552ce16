//! Why we woke up. A trigger is a hint: it says where to look, never what to do.

/// What an invocation should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Every minute: cheap when nothing moved.
    Sweep,
    /// Every 15 minutes: reads everything again.
    Drift,
    /// An event that may concern these endpoints; empty means any.
    Hint { endpoint_ids: Vec<String> },
    /// A person: show, write nothing.
    Plan { endpoint_id: Option<String> },
    /// A person: do it now.
    Reconcile { endpoint_id: Option<String> },
    /// A person: prove what is there, write nothing.
    Verify { endpoint_id: Option<String> },
}

impl Trigger {
    /// Builds the trigger of a `{"task": …, "endpointId"?: …}` event.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn task(task: &str, endpoint_id: Option<&str>) -> Result<Trigger, String> {
        if let Some(id) = endpoint_id
            && !is_endpoint_id(id)
        {
            return Err(format!("endpointId '{}' is not of the form vpce-0a1b2c3d4e5f60718", shown(id)));
        }
        let endpoint_id = endpoint_id.map(str::to_owned);
        match (task, &endpoint_id) {
            ("sweep", None) => Ok(Trigger::Sweep),
            ("drift", None) => Ok(Trigger::Drift),
            ("sweep" | "drift", Some(_)) => {
                Err(format!("the task {task} looks at every endpoint and takes no endpointId"))
            }
            ("plan", _) => Ok(Trigger::Plan { endpoint_id }),
            ("reconcile", _) => Ok(Trigger::Reconcile { endpoint_id }),
            ("verify", _) => Ok(Trigger::Verify { endpoint_id }),
            _ => Err(format!("task '{}' is none of plan, reconcile, verify, sweep, drift", shown(task))),
        }
    }

    /// The one endpoint that a person asked for.
    pub fn only(&self) -> Option<&str> {
        match self {
            Trigger::Plan { endpoint_id } | Trigger::Reconcile { endpoint_id } | Trigger::Verify { endpoint_id } => {
                endpoint_id.as_deref()
            }
            Trigger::Sweep | Trigger::Drift | Trigger::Hint { .. } => None,
        }
    }

    /// What woke us, in one word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Trigger::Sweep => "sweep",
            Trigger::Drift => "drift",
            Trigger::Hint { .. } => "event",
            Trigger::Plan { .. } => "plan",
            Trigger::Reconcile { .. } => "reconcile",
            Trigger::Verify { .. } => "verify",
        }
    }

    /// Whether the trigger allows writing at all.
    pub fn may_write(&self) -> bool {
        !matches!(self, Trigger::Plan { .. } | Trigger::Verify { .. })
    }
}

/// Text from outside, safe to show: short, escaped.
pub fn shown(text: &str) -> String {
    text.chars().take(60).collect::<String>().escape_default().to_string()
}

const PREFIX: &str = "vpce-";
/// An event names a handful of endpoints; more is noise and would only cost time.
const MOST_IDS: usize = 50;

/// `vpce-` and 8 to 17 hexadecimal digits.
pub fn is_endpoint_id(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|hex| (8..=17).contains(&hex.len()) && hex.bytes().all(is_hex))
}

/// The endpoint ids that stand in a text, each once, in order of appearance, at most 50.
///
/// Works on any text: the body of a connection notification is undocumented, and CloudTrail wraps EC2's
/// parameters in several shapes. `vpce-svc-…` and longer words do not count.
pub fn endpoint_ids(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (start, _) in text.match_indices(PREFIX) {
        let before = text.get(..start).and_then(|t| t.chars().next_back());
        let word: String =
            text.get(start..).unwrap_or("").chars().take(PREFIX.len() + 18).take_while(|c| is_word(*c)).collect();
        if !before.is_some_and(is_word) && is_endpoint_id(&word) && !ids.contains(&word) {
            ids.push(word);
        }
        if ids.len() == MOST_IDS {
            break;
        }
    }
    ids
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}
