//! Jars and files: by address and by upload (section 2).
use serde_json::json;

use crate::check::{Check, Scene, checks};
use crate::http::Answer;

pub const CHECKS: &[Check] = checks![
    "2": an_added_file_reaches_the_code,
    "2": an_added_python_file_is_imported,
    "2": an_added_jar_answers_empty,
    "2": an_added_relative_path_is_refused,
    "2": an_added_path_that_is_not_allowed_is_refused,
    "2": an_added_file_that_is_not_there_is_500,
    "2": add_without_a_uri_is_500,
    "1": add_with_an_unknown_field_is_refused,
    "2": an_uploaded_file_reaches_the_code,
    "2": an_uploaded_python_file_is_imported,
    "2": an_uploaded_jar_answers_empty,
    "1.1": an_upload_in_another_field_is_refused,
];

/// One file as a form sends it.
#[track_caller]
pub fn upload(s: &Scene, what: &str, field: &str, file: &str, bytes: &[u8]) -> Answer {
    let mut body = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    let headers = [
        ("Content-Type", "multipart/form-data; boundary=cut"),
        ("X-Requested-By", "contract"),
    ];
    s.server
        .send("POST", &s.path(&format!("/upload-{what}")), &headers, &body)
}

/// A new file that may be added: its address.
fn file(s: &Scene, name: &str, text: &str) -> String {
    let path = s.folder.join(name);
    std::fs::write(&path, text).unwrap();
    format!("file:{}", path.display())
}

/// An empty archive of Java.
const JAR: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const READ: &str = "from pyspark import SparkFiles; open(SparkFiles.get('NAME')).read()";

fn an_added_file_reaches_the_code(s: &Scene) {
    let uri = file(s, "by_address.txt", "of an address");
    s.post("/add-file", &json!({"uri": uri})).is_empty(200);
    let read = READ.replace("NAME", "by_address.txt");
    assert_eq!(s.answer(&read, None), "'of an address'");
}

fn an_added_python_file_is_imported(s: &Scene) {
    let uri = file(s, "module_by_address.py", "answer = 42\n");
    s.post("/add-pyfile", &json!({"uri": uri})).is_empty(200);
    let code = "import module_by_address; module_by_address.answer";
    assert_eq!(s.answer(code, None), "42");
}

fn an_added_jar_answers_empty(s: &Scene) {
    let path = s.folder.join("by_address.jar");
    std::fs::write(&path, JAR).unwrap();
    let uri = format!("file:{}", path.display());
    s.post("/add-jar", &json!({"uri": uri})).is_empty(200);
}

fn an_added_relative_path_is_refused(s: &Scene) {
    for what in ["jar", "file", "pyfile"] {
        let answer = s.post(&format!("/add-{what}"), &json!({"uri": "x.jar"}));
        answer.says(400, "requirement failed: Path 'x.jar' is not absolute.");
    }
}

fn an_added_path_that_is_not_allowed_is_refused(s: &Scene) {
    let answer = s.post("/add-file", &json!({"uri": "file:/nowhere/x"}));
    answer.says(
        400,
        "requirement failed: Local path /nowhere/x cannot be added to user sessions.",
    );
}

fn an_added_file_that_is_not_there_is_500(s: &Scene) {
    let uri = format!("file:{}", s.folder.join("not-there").display());
    let answer = s.post("/add-file", &json!({ "uri": uri }));
    answer.tells(500, "java.io.FileNotFoundException");
}

fn add_without_a_uri_is_500(s: &Scene) {
    s.post("/add-file", &json!({}))
        .tells(500, "java.lang.NullPointerException");
}

fn add_with_an_unknown_field_is_refused(s: &Scene) {
    let answer = s.post("/add-file", &json!({"uri": "file:/x", "foo": 1}));
    answer.tells(400, "Unrecognized field \"foo\"");
}

fn an_uploaded_file_reaches_the_code(s: &Scene) {
    upload(s, "file", "file", "sent.txt", b"of an upload").is_empty(200);
    assert_eq!(
        s.answer(&READ.replace("NAME", "sent.txt"), None),
        "'of an upload'"
    );
}

fn an_uploaded_python_file_is_imported(s: &Scene) {
    upload(s, "pyfile", "file", "module_sent.py", b"answer = 43\n").is_empty(200);
    assert_eq!(
        s.answer("import module_sent; module_sent.answer", None),
        "43"
    );
}

fn an_uploaded_jar_answers_empty(s: &Scene) {
    upload(s, "jar", "jar", "sent.jar", JAR).is_empty(200);
}

fn an_upload_in_another_field_is_refused(s: &Scene) {
    let answer = upload(s, "file", "other", "x.txt", b"x");
    answer.tells(400, "No file sent!");
}
