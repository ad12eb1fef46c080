//! A row of the table.

/// The results of a library, a value per round.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) one_client: Vec<f64>,
    pub(crate) many_tasks: Vec<f64>,
    pub(crate) tries: Vec<f64>,
    /// This and what follows in seconds.
    pub(crate) load: Vec<f64>,
    pub(crate) after_long: Vec<f64>,
    pub(crate) after_short: Vec<f64>,
    /// Why there is nothing more to measure.
    pub(crate) failed: Option<String>,
    /// Where an account did not have what was deposited, each once.
    pub(crate) wrong: Vec<String>,
}

impl Row {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            one_client: Vec::new(),
            many_tasks: Vec::new(),
            tries: Vec::new(),
            load: Vec::new(),
            after_long: Vec::new(),
            after_short: Vec::new(),
            failed: None,
            wrong: Vec::new(),
        }
    }

    /// Notes whether what is there is what was acknowledged. The time it took counts all the same.
    pub(crate) fn check(&mut self, place: &str, deposited: i64, there: i64) {
        if deposited != there {
            self.note(format!("{place}: {deposited} cents were deposited, and {there} are there"));
        }
    }

    pub(crate) fn note(&mut self, what: String) {
        eprintln!("{}: {what}", self.name);
        if !self.wrong.contains(&what) {
            self.wrong.push(what);
        }
    }

    /// The measurements, by the names under which a program of its own prints them.
    pub(crate) fn measured(&mut self) -> [(&'static str, &mut Vec<f64>); 6] {
        [
            ("one_client", &mut self.one_client),
            ("many_tasks", &mut self.many_tasks),
            ("tries", &mut self.tries),
            ("load", &mut self.load),
            ("after_long", &mut self.after_long),
            ("after_short", &mut self.after_short),
        ]
    }
}
