use esrs::prelude::*;
use std::collections::BTreeMap;

#[derive(Schema, Serialize, Deserialize, Clone)]
enum Condition {
    Above(i64),
    All(Group),
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(from = "Rules", into = "Rules")]
#[derive(Clone)]
struct Group(Rules);

#[derive(Schema, Serialize, Deserialize, Clone)]
struct Rules {
    named: BTreeMap<String, Condition>,
}

impl From<Rules> for Group {
    fn from(rules: Rules) -> Self {
        Self(rules)
    }
}

impl From<Group> for Rules {
    fn from(group: Group) -> Self {
        group.0
    }
}

fn main() {}
