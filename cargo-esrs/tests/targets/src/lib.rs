pub mod deep {
    pub mod deeper {
        use esrs::prelude::*;

        #[derive(Event, Serialize, Deserialize)]
        #[event("placed")]
        pub struct Placed {
            pub number: u32,
        }
    }
}

pub fn in_a_function() -> &'static str {
    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("hidden")]
    struct Hidden {
        number: u32,
    }

    Hidden::NAME
}
