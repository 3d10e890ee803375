use std::thread::sleep;
use std::time::{Duration, Instant};

use lvsprov::resource::{Effect, File, Mode, Observed, Resource};
use serde_json::json;

use crate::declare;
use crate::root::under_each_shell;

const PAGE: &str = "/etc/web/index.html";

fn page(content: &str) -> Resource {
    declare("file", json!({ "dest": PAGE, "content": content }))
}

#[test]
fn any_text_arrives_as_it_is() {
    under_each_shell(|root| {
        root.mkdir("/etc/web");
        for text in [
            "plain\n",
            "",
            "no end",
            "it's $HOME `id` \\n %s \\\\\n",
            "\n\n=\n\n",
            "-n",
            "Zeit: 5 µs\n\u{feff}",
        ] {
            root.settle(&page(text));
            assert_eq!(root.read(PAGE), text);
        }
        assert_eq!(root.attributes(PAGE), (0o644, 0, 0));
        assert_eq!(root.names("/etc/web"), ["index.html"]);
    });
}

#[test]
fn reading_a_file_tells_the_time_where_stat_can() {
    under_each_shell(|root| {
        root.write(PAGE, "old\n");
        let page = page("new\n");
        let section = Resource::probe_all(&[&page], &root.facts()).remove(0);
        let told =
            root.sh(&format!("set +eu\n{}\necho \"now ${{lvsprov_now-}} $(date +%s)\"", section.by_itself()));
        let times: Vec<i64> =
            told.lines().last().unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
        match times[..] {
            [_] => assert!(root.has_applets(), "busybox's stat reads no standard input"),
            [seen, now] => assert!((0..5).contains(&(now - seen)), "{told}"),
            _ => panic!("{told}"),
        }
    });
}

#[test]
fn a_file_of_which_nothing_is_told_is_not_taken_for_missing() {
    under_each_shell(|root| {
        root.write(PAGE, "old\n");
        let (page, facts) = (page("new\n"), root.facts());
        let section = Resource::probe_all(&[&page], &facts).remove(0);
        let printed = root.sh(&format!("set +eu\nstat() {{ return 1; }}\n{}", section.by_itself()));
        let error = section.parse(&[&page], &facts, printed.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("`stat`"), "{error}");
    });
}

#[test]
fn odd_paths_are_paths() {
    under_each_shell(|root| {
        let odd = "/etc/it's a \"$dir\"/-f *";
        root.mkdir("/etc/it's a \"$dir\"");
        root.settle(&declare("file", json!({ "dest": odd, "content": "x" })));
        assert_eq!(root.read(odd), "x");
    });
}

#[test]
fn mode_and_owner_stay_unless_declared() {
    under_each_shell(|root| {
        root.write(PAGE, "old\n");
        root.sh(&format!("chown 12:34 {PAGE}; chmod 0600 {PAGE}"));
        assert_eq!(root.settle(&page("new\n")), ["content: old\n -> new\n"]);
        assert_eq!(root.attributes(PAGE), (0o600, 12, 34));
        let declared = json!({ "dest": PAGE, "mode": "0640", "owner": "root", "group": "daemon" });
        let shown = root.settle(&declare("file", declared));
        assert_eq!(shown[0], "mode: 0600 -> 0640");
        assert_eq!(shown.len(), 3);
        assert_eq!(root.attributes(PAGE), (0o640, 0, 1));
        assert_eq!(root.read(PAGE), "new\n");
    });
}

#[test]
fn a_new_file_is_roots_in_a_directory_that_hands_its_group_on() {
    under_each_shell(|root| {
        root.sh("mkdir -p /etc/web; chown 0:34 /etc/web; chmod 2775 /etc/web");
        root.settle(&page("new\n"));
        assert_eq!(root.attributes(PAGE), (0o644, 0, 0));
    });
}

#[test]
fn a_directorys_mode_is_all_of_it() {
    under_each_shell(|root| {
        let directory = |path: &str, mode: &str| {
            declare("file", json!({ "dest": path, "state": "directory", "mode": mode }))
        };
        root.sh("mkdir -p /etc/web; chmod 2775 /etc/web");
        // made below one with the bit, it has the bit as well
        root.settle(&directory("/etc/web/below", "0755"));
        assert_eq!(root.attributes("/etc/web/below").0, 0o755);
        assert_eq!(root.settle(&directory("/etc/web", "0755")), ["mode: 2775 -> 0755"]);
        assert_eq!(root.attributes("/etc/web").0, 0o755);
        root.settle(&directory("/etc/web", "3775"));
        assert_eq!(root.attributes("/etc/web").0, 0o3775);
    });
}

#[test]
fn a_link_stays_a_link() {
    under_each_shell(|root| {
        root.write("/etc/web/real", "old\n");
        root.link(PAGE, "real");
        root.settle(&page("new\n"));
        assert_eq!(root.read("/etc/web/real"), "new\n");
        assert!(root.path(PAGE).is_symlink());
        root.settle(&declare("file", json!({ "dest": PAGE, "state": "absent" })));
        assert_eq!(root.names("/etc/web"), ["real"]);
        root.link(PAGE, "nothing");
        assert!(root.plan(&page("new\n"), &[]).unwrap_err().reason.contains("link to nothing"));
    });
}

#[test]
fn a_missing_directory_is_named() {
    under_each_shell(|root| {
        assert!(root.fail(&page("x")).contains("there is no directory /etc/web for /etc/web/index.html"));
        root.settle(&declare("file", json!({ "dest": "/etc/web", "state": "directory", "mode": "0750" })));
        assert_eq!(root.attributes("/etc/web").0, 0o750);
        root.settle(&page("x"));
        let absent = declare("file", json!({ "dest": "/etc/web", "state": "absent" }));
        assert!(root.fail(&absent).contains("only an empty directory is removed"));
        root.sh(&format!("rm {PAGE}"));
        root.settle(&absent);
        assert!(!root.exists("/etc/web"));
    });
}

#[test]
fn large_and_binary_files_are_compared_whole() {
    under_each_shell(|root| {
        root.mkdir("/etc/web");
        let large = "0123456789abcde\n".repeat(20_000);
        root.settle(&page(&large));
        assert_eq!(root.read(PAGE), large);
        let almost = large.replacen('0', "1", 1);
        assert_eq!(root.settle(&page(&almost)), ["content: 320000 bytes -> 320000 bytes"]);
        root.write(PAGE, [0xff, 0, b'\n']);
        assert_eq!(root.settle(&page("text\n")), ["content: binary, 3 bytes -> 5 bytes"]);
    });
}

#[test]
fn many_files_are_read_at_once_each_as_its_own() {
    under_each_shell(|root| {
        root.mkdir("/etc/web");
        let file = |i: usize| {
            declare("file", json!({ "dest": format!("/etc/web/{i}"), "content": "=\n".repeat(i) }))
        };
        let files: Vec<Resource> = (0..9).map(file).collect();
        files.iter().filter(|f| f.subject() != "/etc/web/4").for_each(|f| drop(root.settle(f)));
        let observed = root.observe(&files.iter().collect::<Vec<_>>());
        let facts = root.facts();
        let changing = Default::default();
        let context = lvsprov::resource::Context { facts: &facts, changing: &changing };
        let differs = |(file, seen): &(&Resource, &Observed)| file.differ(seen, context).unwrap().is_some();
        let wrong: Vec<_> = files.iter().zip(&observed).filter(differs).map(|(f, _)| f.subject()).collect();
        assert_eq!(wrong, ["/etc/web/4"]);
    });
}

#[test]
fn what_a_killed_run_left_is_overwritten() {
    under_each_shell(|root| {
        root.write(PAGE, "old\n");
        root.write("/etc/web/.lvsprov.index.html.new", "ha");
        root.settle(&page("new\n"));
        assert_eq!(root.names("/etc/web"), ["index.html"]);
    });
}

#[test]
fn ended_in_the_middle_it_leaves_the_old_file_and_nothing_else() {
    under_each_shell(|root| {
        root.write(PAGE, "old\n");
        // its own `chmod` would be taken before a stand-in by busybox: a pipe that nobody reads holds them all
        root.sh("mkfifo /etc/hold");
        let change = root.plan(&page("new\n"), &[]).unwrap().unwrap();
        let held = change.unguarded().replace("sync \"$t\"", "cat /etc/hold; sync \"$t\"");
        let mut child = root.start(&held);
        let since = Instant::now();
        while root.names("/etc/web").len() < 2 {
            assert!(since.elapsed() < Duration::from_secs(5), "the script reaches its middle");
            sleep(Duration::from_millis(5));
        }
        sleep(Duration::from_millis(50));
        let group = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
        rustix::process::kill_process_group(group, rustix::process::Signal::TERM).unwrap();
        assert!(!child.wait().unwrap().success());
        let since = Instant::now();
        while root.names("/etc/web") != ["index.html"] {
            assert!(since.elapsed() < Duration::from_secs(2), "{:?} stayed", root.names("/etc/web"));
            sleep(Duration::from_millis(5));
        }
        assert_eq!(root.read(PAGE), "old\n");
    });
}

#[test]
fn the_units_that_depend_on_it_are_marked() {
    under_each_shell(|root| {
        root.mkdir("/etc/web");
        let notifies = vec![("apache2".into(), Effect::Reload), ("cron.service".into(), Effect::Restart)];
        let mode = Mode::new("0600").ok();
        root.settle(&File { notifies, mode, ..File::new(PAGE, "x") }.into());
        assert_eq!(root.names("/run/lvsprov/stale"), ["apache2.service.reload", "cron.service.restart"]);
    });
}

const OTHER: &str = "/etc/web/other";

#[test]
fn a_file_is_as_before_again() {
    under_each_shell(|root| {
        let file = |dest: &str, content: &str| {
            declare("file", json!({ "dest": dest, "content": content, "secret": true }))
        };
        root.write(PAGE, "what was there\n");
        root.sh(&format!("chown 12:34 {PAGE}; chmod 4711 {PAGE}; touch -d '2020-02-02 02:02:02' {PAGE}"));
        let open = declare("file", json!({ "dest": PAGE, "mode": "0644", "owner": "root", "group": 0 }));
        let shown = root.there_and_back(&[&file(PAGE, "the password\n"), &open, &file(OTHER, "new\n")]);
        assert_eq!(
            shown,
            [
                "type: file -> -",
                "content: changed -> as before",
                "mode: 0644 -> 4711",
                "owner: 0 -> 12",
                "group: 0 -> 34"
            ]
        );
    });
}

#[test]
fn the_record_holds_the_old_content_for_root_alone_and_no_new_one() {
    under_each_shell(|root| {
        root.write(PAGE, "the old password\n");
        root.deploy(&declare("file", json!({ "dest": PAGE, "content": "the new password\n" })));
        let stored = root.records().remove(0);
        assert!(!format!("{:?}", stored.record).contains("password"));
        assert_eq!(root.read(&format!("{}/content", stored.folder())), "the old password\n");
        assert_eq!(root.attributes(lvsprov::resource::RECORDS).0, 0o700);
        // a later change does not touch the record
        root.deploy(&page("the newest password\n"));
        assert_eq!(root.records(), [stored]);
        root.destroy();
        assert_eq!(root.read(PAGE), "the old password\n");
    });
}

#[test]
fn directories_go_with_those_that_were_made_above_them() {
    under_each_shell(|root| {
        root.mkdir("/srv");
        let directory =
            |path: &str| declare("file", json!({ "dest": path, "state": "directory", "mode": "0700" }));
        let page = declare("file", json!({ "dest": "/srv/a/b c/d/page", "content": "x" }));
        assert_eq!(
            root.there_and_back(&[&directory("/srv/a/b c/d"), &page, &directory("/srv")]),
            ["mode: 0700 -> 0755", "type: file -> -", "type: directory -> -"]
        );
        // killed when the directory had gone, but not those above it
        root.deploy(&directory("/srv/a/b/d"));
        root.sh("rmdir /srv/a/b/d");
        assert_eq!(root.destroy(), ["/srv/a/b: empty directory -> -"]);
        assert!(root.names("/srv").is_empty());
    });
}

#[test]
fn a_directory_in_which_others_put_something_stays() {
    under_each_shell(|root| {
        root.deploy(&declare("file", json!({ "dest": "/srv/a/b", "state": "directory" })));
        root.write("/srv/a/b/theirs", "");
        let (_, said) = root.undo(&root.records()[0]);
        assert_eq!(said, "/srv/a/b stays: there is something in it\n");
        assert_eq!(root.names("/srv/a/b"), ["theirs"]);
    });
}

#[test]
fn links_and_what_was_removed_come_back() {
    under_each_shell(|root| {
        root.write("/etc/web/real", "old\n");
        root.link(PAGE, "real");
        let absent = |path: &str| declare("file", json!({ "dest": path, "state": "absent" }));
        assert_eq!(root.there_and_back(&[&page("new\n")]), ["content: changed -> as before"]);
        assert_eq!(root.there_and_back(&[&absent(PAGE)]), ["type: - -> link"]);
        assert_eq!(root.there_and_back(&[&page("new\n"), &absent(PAGE)]).len(), 2);
        assert_eq!(root.there_and_back(&[&absent("/etc/web/real")]), ["type: - -> file"]);
        root.sh("mkdir -m 1770 /etc/web/empty; chown 12:34 /etc/web/empty; mkfifo -m 640 /etc/web/pipe");
        assert_eq!(root.there_and_back(&[&absent("/etc/web/empty")]), ["type: - -> directory"]);
        assert_eq!(root.there_and_back(&[&absent("/etc/web/pipe")]), ["type: - -> pipe"]);
    });
}

#[test]
fn another_kind_of_thing_in_its_place_is_left_alone() {
    under_each_shell(|root| {
        root.write(PAGE, "old\n");
        root.deploy(&page("new\n"));
        root.sh(&format!("rm {PAGE}; mkdir {PAGE}"));
        let refusal = root.reverse(&root.records()[0]).unwrap_err();
        assert_eq!(refusal.reason, format!("{PAGE} was a file, but is a directory now"));
    });
}
