//! Reads what older versions stored, as the log hands it over.

use esrs::prelude::*;
use steps_lib::{ParcelSent, RouteTaken};

fn main() {
    let sent = r#"{"sender":"Ann","receiver":"Bob","price":7,"parcels":[{"x":1,"y":2}],"unit":"Lb","number":"10","grade":3,"strap":{}}"#;
    println!("{:?}", ParcelSent::decode(1, sent));
    println!("{:?}", RouteTaken::decode(1, r#"{"from":"Rome","to":"Oslo"}"#));
}
