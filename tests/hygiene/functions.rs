//! Types that are declared in the body of a function, where no path leads to them.

use crate::book::{executed, rows};

#[tokio::test]
async fn types_of_a_function_go_there_and_back() {
    use std::convert::Infallible;

    use esrs::prelude::*;

    #[derive(Id, Clone, Debug, PartialEq)]
    struct LampId(String);

    #[derive(Schema, Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
    enum Light {
        Off,
        On,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("switched")]
    struct SwitchedV1 {
        on: bool,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("switched", version = 2, from = SwitchedV1)]
    struct Switched {
        light: Light,
    }

    impl Upcast<SwitchedV1> for Switched {
        fn upcast(old: SwitchedV1) -> Self {
            Self { light: if old.on { Light::On } else { Light::Off } }
        }
    }

    #[derive(Aggregate, Default)]
    #[aggregate("lamp", id = LampId, events(Switched))]
    struct Lamp {
        light: Option<Light>,
    }

    impl Apply<Switched> for Lamp {
        fn apply(&mut self, event: Switched) {
            self.light = Some(event.light);
        }
    }

    impl Handle<Light> for Lamp {
        type Error = Infallible;

        fn handle(&self, light: &Light, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
            Ok([Switched { light: Light::Off }, Switched { light: *light }].into())
        }
    }

    #[derive(Projection, Debug, PartialEq)]
    #[projection(table = "lamps", of = Lamp, creates(Switched), events(Switched))]
    struct Row {
        #[projection(key)]
        lamp: LampId,
        #[projection(json)]
        light: Light,
    }

    impl Create<Switched> for Row {
        fn create(lamp: LampId, event: &Recorded<Switched>) -> Self {
            Self { lamp, light: event.light }
        }
    }

    impl Project<Switched> for Row {
        fn project(&mut self, event: &Recorded<Switched>) {
            self.light = event.light;
        }
    }

    let id = LampId("hall".to_owned());
    let (store, lamp) = executed::<Lamp, _>(id.clone(), Light::On).await;
    assert_eq!(lamp.light, Some(Light::On));
    assert_eq!(rows::<Row>(&store).await, [Row { lamp: id, light: Light::On }]);
    assert_eq!(Switched::decode(1, r#"{"on":true}"#).unwrap().light, Light::On);
}
