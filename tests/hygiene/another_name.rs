//! esrs by another name: of a crate, and of a module.

/// Each derive, by one path.
macro_rules! derived {
    ($module:ident, $($path:tt)*) => {
        mod $module {
            use std::convert::Infallible;

            // The derives alone come by their own name, because a derive is found before `crate = …` is.
            use $($path)*::{
                Aggregate, Apply, Context, Create, Event, Events, Handle, Id, Projection, Recorded, Schema,
            };
            use serde::{Deserialize, Serialize};

            use crate::book::{executed, rows};

            #[derive(Id, Clone, Debug, PartialEq)]
            #[id(crate = $($path)*)]
            struct TaskId(u64);

            #[derive(Schema, Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[schema(crate = $($path)*)]
            enum Priority {
                Low,
                High { by: String },
            }

            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event("task_added", crate = $($path)*)]
            struct TaskAdded {
                priority: Priority,
            }

            #[derive(Schema, Serialize, Deserialize)]
            #[schema(version = 2, crate = $($path)*)]
            struct Due {
                #[schema(renamed(from = "date", in = 2))]
                day: u32,
            }

            #[derive(Event, Serialize, Deserialize)]
            #[event("task_due", version = 2, crate = $($path)*)]
            struct TaskDue {
                #[event(updated(in = 2, from = 1))]
                due: Due,
                #[event(added(in = 2))]
                again: bool,
            }

            #[test]
            fn a_declared_history_finds_esrs_by_the_path_it_is_told() {
                let due = TaskDue::decode(1, r#"{"due": {"date": 3}}"#);
                assert!(due.is_ok_and(|due| due.due.day == 3 && !due.again));
            }

            #[derive(Aggregate, Default)]
            #[aggregate("task", id = TaskId, events(TaskAdded), crate = $($path)*)]
            struct Task {
                priority: Option<Priority>,
            }

            impl Apply<TaskAdded> for Task {
                fn apply(&mut self, event: TaskAdded) {
                    self.priority = Some(event.priority);
                }
            }

            impl Handle<TaskAdded> for Task {
                type Error = Infallible;

                fn handle(&self, command: &TaskAdded, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
                    Ok(command.clone().into())
                }
            }

            #[derive(Projection, Debug, PartialEq)]
            #[projection(table = "tasks", of = Task, creates(TaskAdded), crate = $($path)*)]
            struct Row {
                #[projection(key)]
                task: TaskId,
                #[projection(json)]
                priority: Priority,
            }

            impl Create<TaskAdded> for Row {
                fn create(task: TaskId, event: &Recorded<TaskAdded>) -> Self {
                    Self { task, priority: event.priority.clone() }
                }
            }

            #[tokio::test]
            async fn each_derive_finds_esrs_by_the_path_it_is_told() {
                for priority in [Priority::Low, Priority::High { by: "Alice".to_owned() }] {
                    let added = TaskAdded { priority: priority.clone() };
                    let (store, task) = executed::<Task, _>(TaskId(3), added).await;
                    assert_eq!(task.priority.as_ref(), Some(&priority));
                    assert_eq!(rows::<Row>(&store).await, [Row { task: TaskId(3), priority }]);
                }
            }
        }
    };
}

/// A module that passes esrs on.
pub(crate) mod passed_on {
    pub(crate) use esrs as sourcing;
}

derived!(by_a_crate, ::renamed);
derived!(by_a_module, crate::another_name::passed_on::sourcing);
