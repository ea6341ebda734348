//! Readers for fields that servers spell in more than one way (numbers as text, ids as GUIDs,
//! `null` for absent).
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A whole number, given as a number (also `3.0`) or as text; anything else is absent.
pub fn int<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(as_int(&Value::deserialize(from)?))
}

/// A number, given as a number or as text; anything else is absent.
pub fn float<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Text, or a number or boolean as its text; anything else is absent.
pub fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(Value::deserialize(from)?))
}

/// A list of texts; `null` is the empty list, one text is a list of one, what is no text is passed over.
pub fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(items) => items.into_iter().filter_map(as_text).collect(),
        Value::String(text) => vec![text],
        _ => Vec::new(),
    })
}

/// The value itself where it can be read as `T`, else `T`'s default: one odd key must not cost the answer.
pub fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).unwrap_or_default())
}

pub(super) fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float that is no whole number of this size saturates, and no id or time is one"
            )]
            number.as_f64().map(|float| float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
