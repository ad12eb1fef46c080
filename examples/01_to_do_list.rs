//! A to-do list: the first aggregate.
//!
//! Nothing here says "set the list to …". A command says what a user wants, the list answers with
//! what happened, and what happened is stored. The list itself follows from its events.

use std::collections::BTreeMap;
use std::error::Error;

use esrs::prelude::*;

// What happened, in the past tense, each under a name that is stored and never follows a Rust rename.

#[derive(Event, Serialize, Deserialize)]
#[event("task_added")]
struct TaskAdded {
    task: u32,
    title: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("task_completed")]
struct TaskCompleted {
    task: u32,
}

// What the events add up to. `Default` is the list before anything happened.

#[derive(Aggregate, Default)]
#[aggregate("to_do_list", id = String, events(TaskAdded, TaskCompleted))]
struct ToDoList {
    open: BTreeMap<u32, String>,
    added: u32,
}

impl Apply<TaskAdded> for ToDoList {
    fn apply(&mut self, event: TaskAdded) {
        self.added = event.task;
        self.open.insert(event.task, event.title);
    }
}

impl Apply<TaskCompleted> for ToDoList {
    fn apply(&mut self, event: TaskCompleted) {
        self.open.remove(&event.task);
    }
}

// What somebody may want, and how the list answers: with events, or with an error of its own.

struct AddTask {
    title: String,
}

struct CompleteTask {
    task: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no open task {0}")]
struct NoOpenTask(u32);

impl Handle<AddTask> for ToDoList {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &AddTask, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        let title = command.title.clone();
        Ok(TaskAdded { task: self.added + 1, title }.into())
    }
}

impl Handle<CompleteTask> for ToDoList {
    type Error = NoOpenTask;

    fn handle(
        &self,
        command: &CompleteTask,
        _: &Context<Self>,
    ) -> Result<Events<Self>, NoOpenTask> {
        let task = command.task;
        if !self.open.contains_key(&task) {
            return Err(NoOpenTask(task));
        }
        Ok(TaskCompleted { task }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let lists = Repository::<ToDoList>::new(MemoryStore::new());
    let home = "home".to_owned();

    for title in ["water the plants", "call grandmother", "fix the bicycle"] {
        lists.execute(&home, AddTask { title: title.to_owned() }).await?;
    }
    lists.execute(&home, CompleteTask { task: 2 }).await?;

    // A second completion is against the rules of the list, and leaves no trace in its history.
    let refused = lists.execute(&home, CompleteTask { task: 2 }).await;
    if let Err(error) = refused {
        println!("{error}");
    }

    let list = lists.load(&home).await?;
    println!("after {} events there is left to do:", Loaded::version(&list));
    for (task, title) in &list.open {
        println!("  {task}. {title}");
    }
    Ok(())
}
