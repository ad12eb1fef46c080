//! The packages that are published, as cargo tells of them.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::error::Error;

/// A package that is published.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) name: String,
    /// Without `default`.
    pub(crate) features: Vec<String>,
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

pub(crate) fn packages() -> Result<Vec<Published>, Error> {
    let mut command = Command::new(cargo());
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let output = command.stderr(Stdio::inherit()).output().map_err(Error::program(&command))?;
    if !output.status.success() {
        return Err(Error::Failed { command: "cargo metadata".into(), status: output.status });
    }
    let packages = of_metadata(&output.stdout).map_err(Error::Metadata)?;
    match packages.is_empty() {
        true => Err(Error::NothingPublished),
        false => Ok(packages),
    }
}

fn of_metadata(metadata: &[u8]) -> serde_json::Result<Vec<Published>> {
    let metadata: Value = serde_json::from_slice(metadata)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    // `publish = false` is an empty list of registries.
    let published = packages.filter(|package| package["publish"].is_null());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(published
        .map(|package| {
            let features = package["features"].as_object().into_iter().flatten();
            let features = features.map(|(name, _)| name.clone()).filter(|name| name != "default");
            Published { name: text(&package["name"]), features: features.collect() }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_that_are_not_published_and_default_features_are_left_out() {
        let metadata = r#"{"packages": [
            {"name": "a", "publish": null, "features": {"default": ["x"], "x": [], "y": []}},
            {"name": "b", "publish": [], "features": {}},
            {"name": "c", "publish": null, "features": {}}]}"#;
        let packages = of_metadata(metadata.as_bytes()).expect("it is JSON");
        let shown: Vec<_> = packages.iter().map(|it| (&*it.name, it.features.join(" "))).collect();
        assert_eq!(shown, [("a", "x y".to_owned()), ("c", String::new())]);
    }
}
