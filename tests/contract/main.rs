//! The contract: sentences of Livy's protocol, asked of the genuine server, of ours, and of the one that
//! `LIVYSH_TEST_SERVER` names. `cargo test --test contract` runs all; arguments choose by parts of names, or by
//! groups' names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::exit,
    clippy::format_push_string,
    reason = "a check fails as a test does, and the table is what this program prints"
)]

mod arguments;
mod check;
mod checks;
#[path = "../support/genuine.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod genuine;
mod given;
mod http;
mod lane;
mod ours;
#[path = "../program/run.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod run;
mod server;
#[path = "../support/spark.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod spark;
mod table;

use std::time::Instant;

use arguments::{Arguments, Wanted};
use check::{Check, Group, Setting};
use genuine::Genuine;
use http::Place;
use lane::{Lane, Verdict, Verdicts};
use ours::Ours;
use table::{Column, Differences};

fn main() {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => {
            println!("{why}");
            std::process::exit(2);
        }
    };
    let all: Vec<&Check> = checks::GROUPS
        .iter()
        .flat_map(|group| group.all())
        .collect();
    let names: Vec<String> = all.iter().map(|check| check.title()).collect();
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "two checks are called {name}");
    }
    let chosen: Vec<&Check> = checks::GROUPS
        .iter()
        .flat_map(|group| group.all().map(|check| (group.name, check)))
        .filter(|(group, check)| arguments.choose(group, &check.title()))
        .map(|(_, check)| check)
        .collect();
    if arguments.wanted == Wanted::List {
        for check in chosen {
            println!("{}: test", check.title());
        }
        return;
    }
    let differences = Differences::read(&names).unwrap_or_else(|why| panic!("{why}"));
    if chosen.is_empty() {
        println!("no check of the contract is called so");
        return;
    }
    if !judge(&chosen, &arguments, &differences) {
        std::process::exit(1);
    }
}

/// Runs the checks on all servers, and prints what came out.
fn judge(chosen: &[&Check], arguments: &Arguments, differences: &Differences) -> bool {
    // what this run holds, no other test does: one Spark for each side
    let _slots = spark::slots(2);
    let began = Instant::now();
    let wanted = |check: &Check| chosen.iter().any(|it| it.name == check.name);
    let groups: Vec<&'static Group> = checks::GROUPS
        .iter()
        .copied()
        .filter(|group| group.all().any(wanted))
        .collect();
    lane::keep_panics();
    let mut columns = run(&groups, arguments, &wanted);
    if arguments.asks("given") {
        columns.extend(given::column(&groups, &wanted));
    }
    let _ = std::panic::take_hook();
    let report = table::report(chosen, &columns, differences);
    println!("{}", report.table);
    for fault in &report.faults {
        println!("{fault}\n");
    }
    let (count, faults) = (chosen.len(), report.faults.len());
    let (servers, seconds) = (columns.len(), began.elapsed().as_secs());
    println!("{count} checks on {servers} servers, {faults} faults, {seconds} s");
    faults == 0
}

/// The genuine server and ours, side by side.
fn run(
    groups: &[&'static Group],
    arguments: &Arguments,
    wanted: &(dyn Fn(&Check) -> bool + Sync),
) -> Vec<Column> {
    let (genuine, ours) = (Verdicts::default(), Verdicts::default());
    let of = |settings: &[Setting]| -> Vec<&'static Group> {
        let is = |group: &&&Group| settings.contains(&group.setting);
        groups.iter().filter(is).copied().collect()
    };
    let on_all_genuine = |settings: &[Setting]| {
        for (setting, groups) in by_instance(&of(settings)) {
            on_genuine(setting, &groups, wanted, &genuine);
        }
    };
    std::thread::scope(|scope| {
        if arguments.asks("genuine") {
            // the minute of the genuine server's collector passes beside all else
            scope.spawn(|| on_all_genuine(&[Setting::Short]));
            scope.spawn(|| {
                on_all_genuine(&[
                    Setting::Plain,
                    Setting::Faithful,
                    Setting::Closed,
                    Setting::Users,
                ]);
            });
        }
        if arguments.asks("ours") {
            scope.spawn(|| {
                for setting in Setting::ALL {
                    let groups = of(&[setting]);
                    if !groups.is_empty() {
                        on_ours(setting, &groups, wanted, &ours);
                    }
                }
            });
        }
    });
    [("genuine", genuine), ("ours", ours)]
        .into_iter()
        .filter(|(server, _)| arguments.asks(server))
        .map(|(server, verdicts)| Column::new(server, verdicts))
        .collect()
}

/// The genuine server is the same one for what needs no settings.
fn by_instance(groups: &[&'static Group]) -> Vec<(Setting, Vec<&'static Group>)> {
    let mut instances: Vec<(Setting, Vec<&'static Group>)> = Vec::new();
    for group in groups {
        let setting = match group.setting {
            Setting::Faithful => Setting::Plain,
            other => other,
        };
        match instances.iter_mut().find(|(it, _)| *it == setting) {
            Some((_, groups)) => groups.push(group),
            None => instances.push((setting, vec![group])),
        }
    }
    instances
}

fn on_genuine(
    setting: Setting,
    groups: &[&'static Group],
    wanted: &dyn Fn(&Check) -> bool,
    verdicts: &Verdicts,
) {
    let settings: &[&str] = match setting {
        Setting::Plain | Setting::Faithful => &[],
        Setting::Short => &[
            "livy.server.session.timeout = 15s",
            "livy.server.session.state-retain.sec = 2s",
            "livy.server.heartbeat-watchdog.interval = 200ms",
            // LARGEST_UPLOAD
            "livy.file.upload.max.size = 2000",
        ],
        Setting::Closed => &[
            "livy.server.csrf-protection.enabled = true",
            "livy.server.session.max-creation = 0",
        ],
        Setting::Users => &[
            "livy.server.auth.type = basic",
            "livy.server.auth.basic.class = org.apache.livy.test.BasicUsers",
            "livy.server.auth.basic.param.users = ann:a,bob:b,carl:c,mona:m,eve:e,root:r",
            "livy.server.access-control.enabled = true",
            "livy.server.access-control.allowed-users = ann,bob",
            "livy.server.access-control.view-users = carl",
            "livy.server.access-control.modify-users = mona",
            "livy.superusers = root",
            "livy.impersonation.enabled = true",
        ],
    };
    with("genuine", groups, wanted, verdicts, || {
        let server = Genuine::start(settings);
        let mut place = given::place(&server.url).unwrap();
        if setting == Setting::Users {
            // who asks without saying who he is, is the superuser
            place.authorization = Some("Basic cm9vdDpy".to_owned());
        }
        let folder = server.folder().to_owned();
        (server, place, folder)
    });
}

fn on_ours(
    setting: Setting,
    groups: &[&'static Group],
    wanted: &dyn Fn(&Check) -> bool,
    verdicts: &Verdicts,
) {
    with("ours", groups, wanted, verdicts, || {
        let server = Ours::start(setting);
        let folder = tempfile::tempdir().unwrap();
        let (place, path) = (server.place(), folder.path().to_owned());
        ((server, folder), place, path)
    });
}

/// Starts a server, and takes it through its groups.
fn with<S>(
    name: &'static str,
    groups: &[&'static Group],
    wanted: &dyn Fn(&Check) -> bool,
    verdicts: &Verdicts,
    start: impl FnOnce() -> (S, Place, std::path::PathBuf),
) {
    let ended = lane::caught(|| {
        let (server, place, folder) = start();
        let lane = Lane {
            server: name,
            place,
            folder: &folder,
            wanted,
            verdicts,
        };
        lane.run(groups);
        drop(server);
    });
    if let Err(why) = ended {
        let mut verdicts = verdicts.lock().unwrap();
        for check in groups.iter().flat_map(|group| group.all()) {
            let fails = Verdict::Fails(format!("the server: {why}"));
            verdicts.of.insert(check.name, fails);
        }
    }
}
