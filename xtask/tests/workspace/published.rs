//! Each published package has the metadata that Cargo's registry and its documentation show.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Every package but those with `publish = false`.
fn published() -> Vec<Value> {
    packages().into_iter().filter(|package| package["publish"].is_null()).collect()
}

fn folder(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap()
}

#[test]
fn metadata_of_published_packages_is_complete() {
    let published = published();
    assert!(published.len() >= 7, "{}", published.len());
    for package in published {
        let name = package["name"].as_str().unwrap();
        for field in ["description", "license", "readme", "rust_version"] {
            let value = package[field].as_str().unwrap_or_default();
            assert!(!value.is_empty(), "{name} has no {field}");
        }
        let readme = folder(&package).join(package["readme"].as_str().unwrap());
        assert!(readme.exists(), "{name} names {}, which is not there", readme.display());
        for field in ["keywords", "categories"] {
            let count = package[field].as_array().unwrap().len();
            assert!(
                (1..=5).contains(&count),
                "{name} has {count} {field}; the registry takes 1 to 5"
            );
        }
    }
}

/// The code of a derive fits the core of its own version alone.
#[test]
fn published_packages_pin_each_other() {
    let mut pins = 0;
    for package in published() {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["path"].is_null() || dependency["kind"] == "dev" {
                continue;
            }
            pins += 1;
            let pin = format!("={}", package["version"].as_str().unwrap());
            assert_eq!(dependency["req"], *pin, "{}: {}", package["name"], dependency["name"]);
        }
    }
    assert!(pins > 8, "{pins}");
}

/// CI builds the versions of `Cargo.lock` alone, so no lower one is promised.
#[test]
fn the_lowest_version_of_each_dependency_is_the_one_that_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let mut lowest = 0;
    for package in published() {
        for dependency in package["dependencies"].as_array().unwrap() {
            if !dependency["path"].is_null() {
                continue;
            }
            lowest += 1;
            let name = dependency["name"].as_str().unwrap();
            let requirement = dependency["req"].as_str().unwrap();
            let version = requirement.trim_start_matches('^');
            let locked = format!("name = \"{name}\"\nversion = \"{version}\"\n");
            assert!(lock.contains(&locked), "{}: {name} {requirement}", package["name"]);
        }
    }
    assert!(lowest > 30, "{lowest}");
}

#[test]
fn features_of_published_packages_are_shown_by_docs_rs() {
    let mut with_features = 0;
    for package in published() {
        if package["features"].as_object().unwrap().keys().all(|name| name == "default") {
            continue;
        }
        with_features += 1;
        let name = package["name"].as_str().unwrap();
        let docs = &package["metadata"]["docs"]["rs"];
        assert_eq!(docs["all-features"], true, "{name}");
        assert_eq!(docs["rustdoc-args"], serde_json::json!(["--cfg", "docsrs"]), "{name}");
        let lib = std::fs::read_to_string(folder(&package).join("src/lib.rs")).unwrap();
        assert!(lib.contains("#![cfg_attr(docsrs, feature(doc_cfg))]\n"), "{name}");
    }
    assert!(with_features >= 4, "{with_features}");
}

/// CI can test the pinned toolchain alone, so the versions that are promised are that one.
#[test]
fn every_package_promises_the_toolchain_that_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let pinned = std::fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    for package in packages() {
        let promised = package["rust_version"].as_str().unwrap();
        let channel = format!("channel = \"{promised}.0\"\n");
        assert!(pinned.contains(&channel), "{}: {promised}, not in:\n{pinned}", package["name"]);
    }
}
