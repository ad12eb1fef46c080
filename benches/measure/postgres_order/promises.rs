//! The promises of a group of commands, by whichever function; a broken one is an error.

use tokio_postgres::Config;

use crate::Tried;
use crate::commands::prepare;
use crate::group::{Answer, Group, Part};
use crate::layout::Layout;
use crate::session::{Session, Way};

/// A group, and what its parts have to be answered.
struct Case {
    sentence: &'static str,
    commands: &'static [&'static [Part]],
    answers: &'static [Answer],
}

const fn part(stream: i64, expected: Option<i64>, events: i32) -> Part {
    Part { stream, expected, events }
}

const fn stored(position: i64, version: i64) -> Answer {
    Answer::Stored { position, version }
}

const fn refused(version: i64) -> Answer {
    Answer::Refused { version }
}

/// In this order, on new tables.
const CASES: [Case; 8] = [
    Case {
        sentence: "the first event is at position 1, and version 1 of its stream",
        commands: &[&[part(1, Some(0), 1)]],
        answers: &[stored(1, 1)],
    },
    Case {
        sentence: "a command that expects another version is told the one that is there",
        commands: &[&[part(1, Some(0), 1)]],
        answers: &[refused(1)],
    },
    Case {
        sentence: "a refused command takes no position, and does not keep the others from theirs",
        commands: &[&[part(1, Some(1), 1)], &[part(2, Some(7), 1)], &[part(3, None, 1)]],
        answers: &[stored(2, 2), refused(0), stored(3, 1)],
    },
    Case {
        sentence: "a command sees what those before it in the group have stored",
        commands: &[&[part(4, Some(0), 2)], &[part(4, Some(2), 3)], &[part(4, Some(2), 1)]],
        answers: &[stored(4, 1), stored(6, 3), refused(5)],
    },
    Case {
        sentence: "a command of several streams is stored as one",
        commands: &[&[part(5, Some(0), 2), part(1, None, 1)], &[part(5, Some(2), 1)]],
        answers: &[stored(9, 1), stored(11, 3), stored(12, 3)],
    },
    Case {
        sentence: "a command of several streams is refused as one",
        commands: &[&[part(6, Some(0), 1), part(1, Some(9), 1)], &[part(6, Some(0), 1)]],
        answers: &[refused(0), refused(3), stored(13, 1)],
    },
    Case {
        sentence: "a group of which everything is refused stores nothing",
        commands: &[&[part(6, Some(0), 1)], &[part(1, Some(0), 2)]],
        answers: &[refused(1), refused(3)],
    },
    Case {
        sentence: "the next event follows the last position",
        commands: &[&[part(1, None, 1)]],
        answers: &[stored(14, 4)],
    },
];

/// Fails with the sentence that does not hold.
pub(crate) async fn promises(config: &Config, layout: Layout) -> Tried<()> {
    prepare(config, &layout).await?;
    let session = Session::open(config, layout, Way::OneStatement).await?;
    for case in CASES {
        let mut group = Group::default();
        case.commands.iter().for_each(|command| group.push(command));
        let answers = session.append(&group).await?;
        if !is(&answers, case.answers, layout) {
            let Case { sentence, answers: expected, .. } = case;
            let name = layout.name;
            return Err(format!("{name}: {sentence}: {answers:?}, not {expected:?}").into());
        }
    }
    let stored = "SELECT count(*), max(position) FROM esrs_events";
    let row = session.client.query_one(stored, &[]).await?;
    let (count, last): (i64, i64) = (row.get(0), row.get(1));
    if count != 14 || layout.order.is_serial() && last != 14 {
        let name = layout.name;
        return Err(format!("{name}: {count} events up to {last}, where there should be 14").into());
    }
    println!("{}: a group keeps its {} promises", layout.name, CASES.len());
    Ok(())
}

/// A sequence may hand out other positions, as they are taken when all is decided.
fn is(answers: &[Answer], expected: &[Answer], layout: Layout) -> bool {
    let without_position = |answer: &Answer| match *answer {
        Answer::Stored { version, .. } => (true, version),
        Answer::Refused { version } => (false, version),
    };
    if layout.order.is_serial() {
        return answers == expected;
    }
    answers.iter().map(without_position).eq(expected.iter().map(without_position))
}
