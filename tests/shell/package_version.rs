//! Versions, with the real apt and dpkg over a small repository that has several of them.

use std::fs::File;
use std::time::{Duration, SystemTime};

use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::{Root, shown, under_each_shell};

/// Puts further versions of `lvt-other` into the repository, which has 1 of it, and brings the index up to date.
fn offer(root: &Root, versions: &[&str]) {
    versions.iter().for_each(|version| put(root, version));
    root.sh("apt-get update >/dev/null");
}

/// The index is as old as if it had been refreshed then.
fn refreshed(root: &Root, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::open(root.path("/var/lib/apt/lists")).unwrap().set_modified(then).unwrap();
}

/// Puts one further version into the repository.
fn put(root: &Root, version: &str) {
    root.sh(&format!(
            r#"cd /srv/repository
rm -rf /srv/next; cp -r lvt-other /srv/next
sed -i 's/^Version: .*/Version: {version}/' /srv/next/DEBIAN/control
/usr/bin/dpkg-deb --root-owner-group -Znone -b /srv/next lvt-other-{version}.deb >/dev/null
{{ cat /srv/next/DEBIAN/control; echo "Filename: ./lvt-other-{version}.deb"
  echo "Size: $(stat -c %s lvt-other-{version}.deb)"; echo "SHA256: $(sha256sum <lvt-other-{version}.deb | cut -d' ' -f1)"
  echo; }} >>Packages"#
        ));
}

fn under_each_with_versions(versions: &[&str], test: impl Fn(&Root)) {
    under_each_shell(|root| {
        root.repository();
        // so that an index is a copy of what there was
        root.sh("sed -i 's/file:/copy:/' /etc/apt/sources.list; apt-get update >/dev/null");
        offer(root, versions);
        test(root);
    });
}

fn other(more: serde_json::Value) -> Resource {
    let mut args = json!({ "name": "lvt-other" });
    args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    declare("package", args)
}

fn there(root: &Root) -> String {
    root.sh("dpkg-query -W -f '${Version}' lvt-other")
}

#[test]
fn the_declared_version_comes_and_any_other_is_a_difference() {
    under_each_with_versions(&["1.2", "1.10", "2"], |root| {
        assert_eq!(root.settle(&other(json!({ "version": "1.2" }))), ["lvt-other: - -> 1.2"]);
        assert_eq!(there(root), "1.2");
        // of those that begin so the newest comes, which the plan names
        assert_eq!(root.settle(&other(json!({ "version": "1.*" }))), [""; 0], "1.2 begins so");
        assert_eq!(root.settle(&other(json!({ "version": "1.1*" }))), ["lvt-other: 1.2 -> 1.10"]);
        assert_eq!(root.settle(&other(json!({}))), [""; 0], "any version is present");
    });
}

#[test]
fn a_downgrade_is_refused_unless_it_is_asked_for() {
    under_each_with_versions(&["2"], |root| {
        root.settle(&other(json!({})));
        assert_eq!(there(root), "2");
        let refusal = root.plan(&other(json!({ "version": 1 })), &[]).unwrap_err();
        assert_eq!(refusal.reason, "lvt-other 2 is installed, and 1 is older");
        assert!(refusal.remedy.contains("`allow_downgrade: true`"), "{}", refusal.remedy);
        let asked = other(json!({ "version": 1, "allow_downgrade": true }));
        assert_eq!(root.settle(&asked), ["lvt-other: 2 -> 1 (a downgrade)"]);
        assert_eq!(there(root), "1");
    });
}

#[test]
fn a_version_that_nobody_has_fails_with_what_to_do() {
    under_each_with_versions(&[], |root| {
        let error = root.fail(&other(json!({ "version": "7" })));
        let last = error.lines().last().unwrap();
        assert!(last.starts_with("No repository of this host has lvt-other=7. See "), "{error}");
    });
}

#[test]
fn the_latest_is_what_the_index_knows_and_its_age_is_told() {
    under_each_with_versions(&["2"], |root| {
        let latest = other(json!({ "state": "latest" }));
        assert_eq!(root.settle(&latest), ["lvt-other: - -> 2"]);
        offer(root, &["3"]);
        refreshed(root, 48);
        let told = shown(&root.plan(&latest, &[]).unwrap().unwrap());
        assert_eq!(told, ["lvt-other: 2 -> 3 (the newest of an index that is 2 days old)"]);
        root.settle(&latest);
        assert_eq!(there(root), "3");
    });
}

#[test]
fn an_index_that_is_older_than_declared_is_refreshed_in_the_transaction() {
    under_each_with_versions(&["2"], |root| {
        let latest = other(json!({ "state": "latest", "update_cache": 60 }));
        root.settle(&latest);
        // another version comes, of which this host has not heard
        put(root, "3");
        assert_eq!(root.plan(&latest, &[]), Ok(None), "it is not yet an hour old");
        refreshed(root, 3);
        let present = other(json!({ "update_cache": 60 }));
        assert_eq!(root.plan(&present, &[]), Ok(None), "it is there, so that no index matters");
        assert_eq!(
            root.settle(&latest),
            ["package index: 3 hours old -> refreshed, and what is newer by it comes"]
        );
        assert_eq!(there(root), "3");
    });
}

#[test]
fn what_was_there_comes_back_in_its_version() {
    under_each_with_versions(&["2"], |root| {
        root.sh("apt-get -y install lvt-other=1 >/dev/null 2>&1");
        root.deploy(&other(json!({ "state": "latest" })));
        assert_eq!(there(root), "2");
        assert_eq!(root.destroy(), ["lvt-other: 2 -> 1"]);
        assert_eq!(there(root), "1");
    });
}

#[test]
fn a_version_that_is_gone_stays_as_it_is_and_is_named() {
    under_each_with_versions(&["2"], |root| {
        root.sh("apt-get -y install lvt-other=1 >/dev/null 2>&1");
        root.deploy(&other(json!({ "state": "latest" })));
        root.sh("rm /srv/repository/lvt-other.deb; rm -f /var/cache/apt/archives/*.deb");
        let record = root.records().remove(0);
        let (_, said) = root.undo(&record);
        assert_eq!(
            said.lines().next(),
            Some("the package lvt-other stays as it is: 1, which was there, can't be had any more"),
            "{said}"
        );
        assert_eq!(there(root), "2");
    });
}
