//! One server's way through the groups: each gets its session, and each check its verdict.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use serde_json::json;

use super::check::{Check, Group, Scene, Setting};
use super::http::{Answer, Place};
use super::server::{Server, number, wait};

/// How a check went on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    /// It is no rule of this server's release, or the server cannot be set up for it.
    None(&'static str),
    Fails(String),
}

/// What came out on one server.
#[derive(Debug, Default)]
pub struct Found {
    /// The 9 of 0.9; 0 while it has told none.
    pub release: u32,
    /// Verdicts by the name of the check.
    pub of: BTreeMap<&'static str, Verdict>,
}

/// Filled by all lanes of one server.
pub type Verdicts = Mutex<Found>;

thread_local! {
    /// What the panic of this thread said, and where.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics of checks are verdicts: they are kept, not shown.
pub fn keep_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|at| format!(" [{}:{}]", at.file(), at.line()));
        let text = info.payload_as_str().unwrap_or("a panic without words");
        SAID.with_borrow_mut(|said| *said = format!("{text}{}", place.unwrap_or_default()));
    }));
}

/// Runs something that may fail as a check does.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| SAID.take())
}

/// A server and where its checks may put files.
pub struct Lane<'a> {
    /// The name in the table.
    pub server: &'static str,
    pub place: Place,
    pub folder: &'a Path,
    pub wanted: &'a dyn Fn(&Check) -> bool,
    pub verdicts: &'a Verdicts,
}

impl Lane<'_> {
    /// Runs the groups, in order.
    pub fn run(&self, groups: &[&'static Group]) {
        // files that the checks of resources before the start add
        std::fs::write(self.folder.join("added.txt"), "added").unwrap();
        match caught(|| Server::at(self.place.clone())) {
            Ok(server) => {
                self.verdicts.lock().unwrap().release = server.release;
                for group in groups {
                    let began = Instant::now();
                    self.group(&server, group);
                    let spent = began.elapsed().as_secs();
                    // told at once: it shows how far a run is that takes minutes
                    println!("{}: {} {spent} s", self.server, group.name);
                }
            }
            Err(why) => groups.iter().for_each(|group| self.all(group, &why)),
        }
    }

    fn set(&self, check: &Check, verdict: Verdict) {
        self.verdicts.lock().unwrap().of.insert(check.name, verdict);
    }

    fn all(&self, group: &Group, why: &str) {
        for check in group.all().filter(|check| (self.wanted)(check)) {
            self.set(check, Verdict::Fails(why.to_owned()));
        }
    }

    fn group(&self, server: &Server, group: &'static Group) {
        let due = |check: &&Check| {
            let holds = check.holds_for(server.release);
            if (self.wanted)(check) && !holds {
                self.set(check, Verdict::None("other releases"));
            }
            (self.wanted)(check) && holds
        };
        let opening: Vec<_> = group.opening.iter().filter(due).collect();
        let checks: Vec<_> = group.all().skip(group.opening.len()).filter(due).collect();
        if opening.is_empty() && checks.is_empty() {
            return;
        }
        let mut scene = match caught(|| self.scene(server, group)) {
            Ok(scene) => scene,
            Err(why) => return self.all(group, &format!("no session: {why}")),
        };
        for check in opening {
            self.check(&scene, check);
        }
        if group.session.is_some()
            && let Err(why) = caught(|| open(&mut scene, group.setting))
        {
            for check in checks {
                self.set(check, Verdict::Fails(why.clone()));
            }
        } else {
            for check in checks {
                self.check(&scene, check);
            }
        }
        if group.session.is_some() {
            // a check may have deleted it
            let _ = caught(|| server.delete(&scene.path("")));
        }
    }

    fn scene<'s>(&self, server: &'s Server, group: &Group) -> Scene<'s> {
        let created: Option<Answer> = group.session.map(|body| server.post("/sessions", &body()));
        let session = created
            .as_ref()
            .map_or(9999, |it| number(&it.is(201)["id"]));
        Scene {
            server,
            session,
            created,
            states: Vec::new(),
            folder: self.folder.to_owned(),
        }
    }

    fn check(&self, scene: &Scene, check: &Check) {
        let verdict = match caught(|| (check.run)(scene)) {
            Ok(()) => Verdict::Holds,
            Err(why) => Verdict::Fails(why),
        };
        self.set(check, verdict);
    }
}

/// Waits until the group's session is idle; where idle times are short, the start must not count as one.
fn open(scene: &mut Scene, setting: Setting) {
    let mut seen: Vec<String> = Vec::new();
    wait("an idle session", || {
        if setting == Setting::Short {
            scene.post("/connect", &json!({})).is(200);
        }
        let now = scene.server.state(scene.session);
        if seen.last() != Some(&now) {
            seen.push(now.clone());
        }
        let over = matches!(now.as_str(), "dead" | "404" | "killed" | "error");
        assert!(!over, "the session did not start: {seen:?}");
        (now == "idle").then_some(()).ok_or(now)
    });
    scene.states = seen;
}
