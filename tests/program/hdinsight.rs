//! The six operations of the `HDInsight` page, by its own examples, through Basic auth over TLS with
//! a private authority, under `/livy`.
use serde_json::json;

use super::support::tls::Authority;
use super::*;
use crate::run::Job;

const JAR: &str =
    "wasb://<BlobStorageContainerName>@<StorageAccountName>.blob.core.windows.net/helper.jar";
const FILE: &str =
    "wasb://<BlobStorageContainerName>@<StorageAccountName>.blob.core.windows.net/config.xml";
const ELEVEN: &[&str] = &[
    "-k",
    "spark",
    "--proxy-user",
    "bob",
    "--jars",
    JAR,
    "--py-files",
    "wasb:///lib/a.py,wasb:///lib/b.egg",
    "--files",
    FILE,
    "--archives",
    "wasb:///data.zip#data",
    "--driver-memory",
    "1G",
    "--driver-cores",
    "2",
    "--executor-memory",
    "1G",
    "--executor-cores",
    "10",
    "--num-executors",
    "10",
];

fn plan() -> Plan {
    Plan {
        base: "/livy",
        created: 200,
        documented: true,
        login: Some(("admin", "s3cret pass", 401)),
        csrf: true,
        starting: 2,
        interpreter: Box::new(|_, _| Ran::Ends(1, livy::text("res1: Int = 2"))),
        ..Plan::default()
    }
}

struct Cluster {
    livy: Livy,
    authority: Authority,
    home: Home,
}

impl Cluster {
    fn new(plan: Plan) -> Self {
        let authority = Authority::new();
        Self {
            livy: Livy::run(plan, Some(authority.server(&["127.0.0.1"]))),
            authority,
            home: Home::new(),
        }
    }

    /// The program with the right authority and password.
    fn livysh(&self, arguments: &[&str]) -> Job {
        let (url, ca) = (self.livy.url(), self.authority.file());
        let mut all = arguments.to_vec();
        all.extend([
            url.as_str(),
            "--cacert",
            ca.to_str().unwrap(),
            "--user",
            "admin",
        ]);
        self.home.livysh(&all).env("LIVYSH_PASSWORD", "s3cret pass")
    }
}

#[test]
fn the_documented_service_runs_a_statement_and_is_left_clean() {
    let cluster = Cluster::new(plan());
    let ended = cluster
        .livysh(&["-k", "spark", "-e", "1 + 1"])
        .run()
        .exits(0);
    ended.prints("res1: Int = 2\n");
    cluster.livy.assert_clean();
    let code = json!({"code": "1 + 1", "kind": "spark"});
    assert_eq!(
        cluster.livy.bodies("POST /livy/sessions/0/statements"),
        [code]
    );
    assert_eq!(cluster.livy.asked("DELETE /livy/sessions/0"), 1);
    for request in cluster.livy.requests() {
        assert!(
            request.is_from("admin", "s3cret pass"),
            "{}",
            request.line()
        );
        if request.method == "POST" {
            assert_eq!(request.header("content-type"), Some("application/json"));
        }
        if request.method != "GET" {
            assert!(
                request.header("x-requested-by").is_some(),
                "{}",
                request.line()
            );
        }
    }
}

#[test]
fn the_eleven_fields_reach_the_server_and_nothing_else_but_name_and_heartbeat() {
    let cluster = Cluster::new(plan());
    cluster
        .livysh(&[ELEVEN, &["-e", "1 + 1"]].concat())
        .run()
        .exits(0);
    let mut bodies = cluster.livy.bodies("POST /livy/sessions");
    assert_eq!(bodies.len(), 1);
    let body = bodies[0].as_object_mut().unwrap();
    let name = body.remove("name").unwrap();
    assert!(name.as_str().unwrap().starts_with("livysh-"), "{name}");
    assert_eq!(body.remove("heartbeatTimeoutInSecond"), Some(json!(600)));
    // memory in the one spelling that Spark and Java both take
    assert_eq!(
        bodies[0],
        json!({"kind": "spark", "proxyUser": "bob", "jars": [JAR], "pyFiles": ["wasb:///lib/a.py", "wasb:///lib/b.egg"],
            "files": [FILE], "archives": ["wasb:///data.zip#data"], "driverMemory": "1g", "driverCores": 2,
            "executorMemory": "1g", "executorCores": 10, "numExecutors": 10})
    );
}

#[test]
fn sessions_are_listed_although_the_totals_are_texts() {
    let cluster = Cluster::new(plan());
    cluster.livy.make(json!({"kind": "spark"}));
    cluster.livy.make(json!({"kind": "pyspark"}));
    let mut job = vec!["sessions", "list"];
    job.extend(["-o", "csv"]);
    let ended = cluster.livysh(&job).run().exits(0);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(
        lines[0].starts_with("id,name,kind,state,owner,proxy user,application"),
        "{}",
        lines[0]
    );
    assert_eq!(
        lines[1..],
        [
            "0,,spark,starting,,,,,,,,,,",
            "1,,pyspark,starting,,,,,,,,,,"
        ]
    );
}

#[test]
fn a_session_its_statements_and_its_end_are_within_reach() {
    let cluster = Cluster::new(plan());
    let id = cluster.livy.make(json!({"kind": "spark"}));
    cluster
        .livysh(&["sessions", "show", &id])
        .run()
        .exits(0)
        .out
        .find("starting")
        .unwrap();
    cluster
        .livysh(&["sessions", "statements", &id, "-o", "csv"])
        .run()
        .exits(0)
        .prints("id,state,status,seconds,code\n");
    let (url, ca) = (cluster.livy.url(), cluster.authority.file());
    let kill = [
        "sessions",
        "kill",
        &id,
        &url,
        "--user",
        "admin",
        "--cacert",
        ca.to_str().unwrap(),
    ];
    cluster
        .home
        .livysh(&kill)
        .env("LIVYSH_PASSWORD", "s3cret pass")
        .run()
        .exits(0);
    assert_eq!(cluster.livy.counts(), (0, 1, 0));
}

#[test]
fn without_the_authority_the_message_names_cacert() {
    let cluster = Cluster::new(plan());
    let url = cluster.livy.url();
    let ended = cluster
        .home
        .livysh(&["-e", "1", &url, "--user", "admin"])
        .env("LIVYSH_PASSWORD", "s3cret pass")
        .run();
    ended
        .exits(3)
        .says(&["certificate", "--cacert FILE"])
        .hides("s3cret pass");
    cluster.livy.assert_untouched();
}

#[test]
fn insecure_takes_any_certificate() {
    let cluster = Cluster::new(plan());
    let url = cluster.livy.url();
    let job = cluster
        .home
        .livysh(&["-e", "1", &url, "--user", "admin", "--insecure"]);
    job.env("LIVYSH_PASSWORD", "s3cret pass").run().exits(0);
    cluster.livy.assert_clean();
}

#[test]
fn a_wrong_password_is_told_for_401_and_for_ldaps_403() {
    for status in [401, 403] {
        let cluster = Cluster::new(Plan {
            login: Some(("admin", "another", status)),
            ..plan()
        });
        let ended = cluster.livysh(&["-e", "1"]).run().exits(3);
        ended
            .says(&["password", "missing or wrong", "--password-file"])
            .hides("s3cret pass");
        cluster.livy.assert_untouched();
        assert_eq!(
            cluster.livy.requests().len(),
            1,
            "a wrong password is not tried again"
        );
    }
}

#[test]
fn a_header_that_a_proxy_took_away_is_named() {
    let cluster = Cluster::new(Plan {
        fault: Box::new(|_| {
            Fault::Instead(support::Reply::html(
                400,
                "<title>Missing Required Header for CSRF protection.</title>",
            ))
        }),
        ..plan()
    });
    cluster
        .livysh(&["-e", "1"])
        .run()
        .exits(3)
        .says(&["X-Requested-By"]);
}

#[test]
fn an_unknown_session_is_told_by_every_look_at_it() {
    let cluster = Cluster::new(plan());
    for verb in ["show", "statements", "logs"] {
        let ended = cluster.livysh(&["sessions", verb, "77"]).run().exits(3);
        ended.says(&["Session '77' not found", "livysh sessions"]);
    }
}

#[test]
fn a_dead_session_is_told_with_its_state_and_deleted() {
    let cluster = Cluster::new(Plan {
        started: "dead",
        starting: 0,
        ..plan()
    });
    let ended = cluster.livysh(&["-e", "1"]).run().exits(3);
    ended.says(&["session 0", "dead"]).prints("");
    cluster.livy.assert_clean();
}
