//! Reports that are too long for where they go.

use crate::report::{Connection, Problem, Report};

/// What stays of each list, first and if that is still too long.
const SHORT_LISTS: [usize; 2] = [20, 0];

impl Report {
    /// The report with at most `most` bytes of JSON as `bytes` counts them, as far as shorter lists do that: each connection
    /// keeps its outcome, and says so when it lost something.
    pub fn shortened(self, most: usize, bytes: impl Fn(&Report) -> usize) -> Report {
        let mut report = self;
        for list in SHORT_LISTS {
            if bytes(&report) <= most {
                break;
            }
            report.connections.iter_mut().for_each(|connection| connection.shorten(list));
        }
        report
    }

    /// A report for each connection, and one for what concerns none of them.
    pub fn by_connection(&self) -> Vec<Report> {
        let part = |connections, problems| Report { mode: self.mode, connections, problems };
        let whole = (!self.problems.is_empty()).then(|| part(Vec::new(), self.problems.clone()));
        whole.into_iter().chain(self.connections.iter().map(|one| part(vec![one.clone()], Vec::new()))).collect()
    }
}

impl Connection {
    fn shorten(&mut self, list: usize) {
        let counts = format!("{} zones and {} changes", self.zones.len(), self.changes.len());
        let is_told = self.problems.iter().any(|problem| problem.code == "report-shortened");
        self.zones.truncate(list);
        self.zone_changes.truncate(list);
        self.changes.truncate(list);
        self.change_ids.truncate(list);
        for zone in &mut self.zones {
            zone.hides.truncate(list);
        }
        self.proof.hosts.truncate(list);
        self.proof.names.truncate(list);
        self.coverage.truncate(list);
        self.associations.truncate(list);
        // Half of what undoes a change is worse than nothing.
        self.undo.clear();
        self.problems.truncate(list.max(1));
        if !is_told {
            self.problems.insert(
                0,
                Problem::note(
                    "report-shortened",
                    "",
                    format!("The report is too long to be shown whole: it has {counts}."),
                    "The whole is in the function's log: as a report or, in parts, as a change document. What is only planned, {\"task\":\"plan\"} answers.",
                ),
            );
        }
    }
}
