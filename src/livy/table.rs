//! The two forms in which tables travel.
use serde_json::{Map, Value};

use super::{Column, Kind, Table};

/// An SQL answer: `{"schema": {"type": "struct", "fields": [...]}, "data": [[...]]}`. Other kinds
/// send the same shape only where somebody built it; it must then name itself a struct. What is
/// no table is given back.
pub(super) fn from_sql(
    mut value: Value,
    kind: Kind,
    row_limit: Option<usize>,
) -> Result<Table, Value> {
    let is_struct = value["schema"]["type"] == "struct";
    let fields = columns(&value["schema"]["fields"]).filter(|_| kind == Kind::Sql || is_struct);
    let Some(columns) = fields else {
        return Err(value);
    };
    let Some(mut rows) = take_rows(&mut value) else {
        return Err(value);
    };
    for (at, column) in columns.iter().enumerate() {
        if column.type_name.contains("struct<") {
            for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
                *cell = with_named_fields(cell);
            }
        }
    }
    Ok(Table {
        truncated: !rows.is_empty() && row_limit == Some(rows.len()),
        columns,
        rows,
    })
}

/// The answer of `%table`: `{"headers": [{"name", "type"}], "data": [[...]]}`. What is no table is
/// given back.
pub(super) fn from_magic(mut value: Value) -> Result<Table, Value> {
    let Some(mut columns) = columns(&value["headers"]) else {
        return Err(value);
    };
    let Some(rows) = take_rows(&mut value) else {
        return Err(value);
    };
    align_positions(&mut columns);
    Ok(Table {
        columns,
        rows,
        truncated: false,
    })
}

fn columns(of: &Value) -> Option<Vec<Column>> {
    let column = |field: &Value| Column {
        name: text(field, "name"),
        type_name: field.get("type").map(type_name).unwrap_or_default(),
    };
    Some(of.as_array()?.iter().map(column).collect())
}

/// Moves the rows out, if all of them are rows: an answer may fill half the memory.
fn take_rows(of: &mut Value) -> Option<Vec<Vec<Value>>> {
    let data = of.get_mut("data")?.as_array_mut()?;
    if !data.iter().all(Value::is_array) {
        return None;
    }
    let rows = std::mem::take(data).into_iter();
    Some(
        rows.filter_map(|row| match row {
            Value::Array(cells) => Some(cells),
            _ => None,
        })
        .collect(),
    )
}

fn text(of: &Value, key: &str) -> String {
    match of.get(key) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Scala's unnamed columns are named by position and sorted as text ("10" before "2"), while the
/// cells stay in the row's order. Where the names are exactly the positions, put them in order.
fn align_positions(columns: &mut [Column]) {
    let position = |column: &Column| {
        let at: usize = column.name.parse().ok()?;
        (at.to_string() == column.name).then_some(at)
    };
    let mut seen = vec![false; columns.len()];
    for column in columns.iter() {
        match position(column).and_then(|at| seen.get_mut(at)) {
            Some(slot) if !*slot => *slot = true,
            _ => return,
        }
    }
    columns.sort_by_key(|column| position(column));
}

/// A type as Spark's schema JSON has it: a name stays as it is, a nested one is printed as
/// Spark prints it (`array<int>`).
fn type_name(of: &Value) -> String {
    match of {
        Value::String(name) => name.clone(),
        other => nested_name(other),
    }
}

fn nested_name(of: &Value) -> String {
    let part = |key| of.get(key).map(nested_name).unwrap_or_default();
    match of.get("type").unwrap_or(of).as_str() {
        Some("array") if of.is_object() => format!("array<{}>", part("elementType")),
        Some("map") if of.is_object() => {
            format!("map<{},{}>", part("keyType"), part("valueType"))
        }
        Some("udt") if of.get("sqlType").is_some() => part("sqlType"),
        Some("struct") if of.is_object() => {
            let fields = of.get("fields").and_then(Value::as_array);
            let fields: Vec<String> = fields
                .into_iter()
                .flatten()
                .map(|field| {
                    let inner = field.get("type").map(nested_name).unwrap_or_default();
                    format!("{}:{inner}", text(field, "name"))
                })
                .collect();
            format!("struct<{}>", fields.join(","))
        }
        Some("integer") => "int".to_owned(),
        Some("long") => "bigint".to_owned(),
        Some("short") => "smallint".to_owned(),
        Some("byte") => "tinyint".to_owned(),
        Some(name) => name.to_owned(),
        None => of.to_string(),
    }
}

/// Livy sends a struct as `{"schema": [...], "values": [...]}`: make it an object of its fields,
/// at any depth. Fields that share a name stay as they were sent.
fn with_named_fields(cell: &Value) -> Value {
    match cell {
        Value::Array(items) => items.iter().map(with_named_fields).collect(),
        Value::Object(map) => struct_fields(map).unwrap_or_else(|| {
            let inner = |(key, value): (&String, &Value)| (key.clone(), with_named_fields(value));
            Value::Object(map.iter().map(inner).collect())
        }),
        plain => plain.clone(),
    }
}

fn struct_fields(map: &Map<String, Value>) -> Option<Value> {
    let schema = map.get("schema")?.as_array()?;
    let values = map.get("values")?.as_array()?;
    let mut fields = Map::new();
    for (field, value) in schema.iter().zip(values) {
        let name = field.get("name")?.as_str()?;
        fields.insert(name.to_owned(), with_named_fields(value));
    }
    (map.len() == 2 && schema.len() == values.len() && fields.len() == values.len())
        .then_some(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sql(fields: &Value, data: &Value, limit: Option<usize>) -> Result<Table, Value> {
        let value = json!({"schema": {"type": "struct", "fields": fields}, "data": data});
        from_sql(value, Kind::Sql, limit)
    }

    #[test]
    fn nested_types_are_named_as_spark_names_them() {
        for (given, name) in [
            (json!("integer"), "integer"),
            (json!("decimal(10,2)"), "decimal(10,2)"),
            (
                json!({"type": "array", "elementType": "integer"}),
                "array<int>",
            ),
            (
                json!({"type": "map", "keyType": "string", "valueType": {"type": "array", "elementType": "long"}}),
                "map<string,array<bigint>>",
            ),
            (
                json!({"type": "struct", "fields": [{"name": "a", "type": "short"}, {"name": "b", "type": {"type": "struct", "fields": []}}]}),
                "struct<a:smallint,b:struct<>>",
            ),
            (
                json!({"type": "udt", "sqlType": {"type": "array", "elementType": "double"}}),
                "array<double>",
            ),
            (json!(7), "7"),
        ] {
            assert_eq!(type_name(&given), name);
        }
    }

    #[test]
    fn a_table_with_exactly_as_many_rows_as_the_limit_counts_as_cut() {
        let fields = json!([{"name": "a", "type": "integer"}]);
        let rows = json!([[1], [2]]);
        assert!(sql(&fields, &rows, Some(2)).unwrap().truncated);
        assert!(!sql(&fields, &rows, Some(3)).unwrap().truncated);
        assert!(!sql(&fields, &rows, None).unwrap().truncated);
        assert!(!sql(&fields, &json!([]), Some(0)).unwrap().truncated);
    }

    #[test]
    fn struct_cells_become_objects_unless_names_repeat() {
        let fields = json!([{"name": "s", "type": {"type": "struct", "fields": []}}, {"name": "m", "type": "string"}]);
        let inner = json!({"schema": [{"name": "b"}], "values": [[1]]});
        let row =
            json!([[{"schema": [{"name": "a"}, {"name": "n"}], "values": [inner, null]}, inner]]);
        let table = sql(&fields, &row, None).unwrap();
        assert_eq!(table.rows, [[json!({"a": {"b": [1]}, "n": null}), inner]]);
        let twice = json!({"schema": [{"name": "a"}, {"name": "a"}], "values": [1, 2]});
        let table = sql(&fields, &json!([[twice]]), None).unwrap();
        assert_eq!(table.rows[0][0], twice);
    }

    #[test]
    fn json_that_only_looks_like_a_table_is_none() {
        let pandas =
            json!({"schema": {"fields": [{"name": "a", "type": "integer"}]}, "data": [{"a": 1}]});
        assert_eq!(
            from_sql(pandas.clone(), Kind::Pyspark, None),
            Err(pandas.clone())
        );
        assert_eq!(from_sql(pandas.clone(), Kind::Sql, None), Err(pandas));
        assert_eq!(from_sql(json!([1]), Kind::Sql, None), Err(json!([1])));
    }

    #[test]
    fn positions_sorted_as_text_are_put_back_in_the_order_of_the_cells() {
        let names = ["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"];
        let headers: Vec<_> = names
            .iter()
            .map(|n| json!({"name": n, "type": format!("T{n}")}))
            .collect();
        let table = from_magic(json!({"headers": headers, "data": []})).unwrap();
        for (at, column) in table.columns.iter().enumerate() {
            assert_eq!(
                (column.name.clone(), column.type_name.clone()),
                (at.to_string(), format!("T{at}"))
            );
        }
    }

    #[test]
    fn names_that_are_not_all_the_positions_stay_where_they_are() {
        for names in [["1", "0x"], ["2", "1"], ["1", "1"], ["01", "0"]] {
            let headers: Vec<_> = names.iter().map(|n| json!({"name": n})).collect();
            let table = from_magic(json!({"headers": headers, "data": []})).unwrap();
            let kept: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(kept, names);
        }
    }
}
