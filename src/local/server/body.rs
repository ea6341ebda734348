//! Reading request bodies as strictly as Livy's JSON reader, with its words where clients may look at them.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Refusal;

/// One JSON object. Text after it is not looked at, as in Livy.
pub(super) fn object(bytes: &[u8], class: &str) -> Result<Map<String, Value>, Refusal> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::bad_json(format!(
            "No content to map due to end-of-input{}",
            at(1, 0)
        )));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Value::deserialize(&mut reader).map_err(|error| malformed(&error))?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Array(_) => Err(Refusal::bad_json(format!(
            "Cannot deserialize value of type `{class}` from Array value (token `JsonToken.START_ARRAY`){}",
            at(1, 1)
        ))),
        Value::Null => Err(Refusal::exception("java.lang.NullPointerException")),
        other => Err(Refusal::bad_json(format!(
            "{}{}",
            cannot_construct(class, &other),
            at(1, 1)
        ))),
    }
}

fn malformed(error: &serde_json::Error) -> Refusal {
    let what = if error.is_eof() {
        "Unexpected end-of-input within/between Object entries".to_owned()
    } else {
        format!("Unexpected character: {error}")
    };
    Refusal::bad_json(format!("{what}{}", at(error.line(), error.column())))
}

/// Where, as Jackson says it.
fn at(line: usize, column: usize) -> String {
    format!(
        "\n at [Source: (org.eclipse.jetty.server.HttpInputOverHTTP); line: {line}, column: {column}]"
    )
}

fn cannot_construct(class: &str, value: &Value) -> String {
    let (java, shown) = match value {
        Value::String(text) => ("String", format!("'{text}'")),
        Value::Bool(flag) => ("boolean", flag.to_string()),
        other => ("int", other.to_string()),
    };
    format!(
        "Cannot construct instance of `{class}` (although at least one Creator exists): no {java}-argument \
         constructor/factory method to deserialize from {java} value ({shown})"
    )
}

/// The fields of one request class.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    class: &'static str,
}

impl<'a> Fields<'a> {
    /// Refuses a field that the class does not have.
    pub(super) fn new(
        object: &'a Map<String, Value>,
        class: &'static str,
        known: &[&str],
    ) -> Result<Self, Refusal> {
        let fields = Self { object, class };
        match object.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(fields),
            Some(key) => {
                let list: Vec<String> = known.iter().map(|name| format!("\"{name}\"")).collect();
                Err(fields.refuse(
                    key,
                    &format!(
                        "Unrecognized field \"{key}\" (class {class}), not marked as ignorable ({} known properties: \
                         {}])",
                        known.len(),
                        list.join(", ")
                    ),
                ))
            }
        }
    }

    /// Text; numbers and booleans are made text, `null` is absent.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.as_text(key, value).map(Some),
        }
    }

    /// A list of texts; absent is empty.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Refusal> {
        match self.object.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| self.as_text(key, item)).collect()
            }
            Some(Value::Null) => Err(Refusal::exception("java.lang.NullPointerException")),
            Some(other) => Err(self.refuse(
                key,
                &format!(
                    "Cannot deserialize value of type `scala.collection.immutable.List<java.lang.Object>` from \
                     {} value (token `{}`)",
                    java_name(other),
                    token(other)
                ),
            )),
        }
    }

    /// Texts by key; absent is empty.
    pub(super) fn texts_by_key(&self, key: &str) -> Result<BTreeMap<String, String>, Refusal> {
        match self.object.get(key) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(name, value)| Ok((name.clone(), self.as_text(key, value)?)))
                .collect(),
            Some(Value::Null) => Err(Refusal::exception("java.lang.NullPointerException")),
            Some(other) => Err(self.refuse(
                key,
                &cannot_construct("scala.collection.immutable.Map", other),
            )),
        }
    }

    /// Scala's `Option[Int]`: its type is lost to the JSON reader, so a text passes it and fails later.
    pub(super) fn boxed_int(&self, key: &str) -> Result<i32, Refusal> {
        let class = match self.object.get(key) {
            None | Some(Value::Null) => return Ok(0),
            Some(Value::Number(number)) => match number.as_i64().map(i32::try_from) {
                Some(Ok(int)) => return Ok(int),
                Some(Err(_)) => "Long",
                None => "Double",
            },
            Some(Value::String(_)) => "String",
            Some(Value::Bool(_)) => "Boolean",
            Some(_) => "Object",
        };
        Err(Refusal::exception(format!(
            "java.lang.ClassCastException: class java.lang.{class} cannot be cast to class java.lang.Integer \
             (java.lang.{class} and java.lang.Integer are in module java.base of loader 'bootstrap')"
        )))
    }

    /// Java's `int`: digits in a text will do, absent is 0.
    pub(super) fn int(&self, key: &str) -> Result<i32, Refusal> {
        let value = match self.object.get(key) {
            None | Some(Value::Null) => return Ok(0),
            Some(value) => value,
        };
        let read = match value {
            Value::Number(number) => number.as_i64().and_then(|int| i32::try_from(int).ok()),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.ok_or_else(|| {
            self.refuse(
                key,
                &format!(
                    "Cannot deserialize value of type `int` from {} {value}: not a valid `int` value",
                    java_name(value)
                ),
            )
        })
    }

    fn as_text(&self, key: &str, value: &Value) -> Result<String, Refusal> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Null => Err(Refusal::exception("java.lang.NullPointerException")),
            Value::Array(_) | Value::Object(_) => Err(self.refuse(
                key,
                &format!(
                    "Cannot deserialize value of type `java.lang.String` from {} value (token `{}`)",
                    java_name(value),
                    token(value)
                ),
            )),
        }
    }

    /// Jackson names the place too; it is not known here, so the first line stands for it.
    fn refuse(&self, key: &str, reason: &str) -> Refusal {
        Refusal::bad_json(format!(
            "{reason}{} (through reference chain: {}[\"{key}\"])",
            at(1, 1),
            self.class
        ))
    }
}

fn java_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "JsonToken.VALUE_NULL",
        Value::Bool(true) => "JsonToken.VALUE_TRUE",
        Value::Bool(false) => "JsonToken.VALUE_FALSE",
        Value::Number(_) => "JsonToken.VALUE_NUMBER_INT",
        Value::String(_) => "JsonToken.VALUE_STRING",
        Value::Array(_) => "JsonToken.START_ARRAY",
        Value::Object(_) => "JsonToken.START_OBJECT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_after_the_object_is_not_looked_at() {
        assert!(object(b"{\"code\": 1} rest", "X").is_ok());
    }

    #[test]
    fn a_text_where_scala_expects_an_option_of_int_is_a_class_cast_exception() {
        let map = object(br#"{"n": "2"}"#, "X").unwrap();
        let fields = Fields::new(&map, "X", &["n"]).unwrap();
        let Err(Refusal::Text(status, text)) = fields.boxed_int("n") else {
            panic!("accepted");
        };
        assert_eq!(status.as_u16(), 500);
        assert!(text.starts_with("java.lang.ClassCastException: class java.lang.String"));
        assert_eq!(fields.int("n"), Ok(2), "a plain int takes digits in a text");
    }

    #[test]
    fn an_unknown_field_names_itself_and_the_known_ones() {
        let map = object(br#"{"foo": 1}"#, "X").unwrap();
        let Err(Refusal::Text(_, text)) = Fields::new(&map, "X", &["a", "b"]).map(|_| ()) else {
            panic!("accepted");
        };
        assert!(text.starts_with("Unrecognized field \"foo\" (class X), not marked as ignorable (2 known properties: \"a\", \"b\"])"));
    }
}
