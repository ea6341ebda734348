//! What code does in the Livy in memory, and how its outputs look.
use serde_json::{Value, json};

/// How code runs.
pub enum Ran {
    /// Its output is there after that many looks.
    Ends(u32, Value),
    /// It runs until it is cancelled.
    Runs,
    /// It runs, and no cancel reaches it.
    Spins,
}

/// `1 + 1` is 2, `raise` fails, `hang` runs until it is cancelled, SQL gives a table, all else echoes.
pub fn interpret(code: &str, kind: &str) -> Ran {
    let output = match code {
        _ if code.contains("hang") => return Ran::Runs,
        _ if code.contains("raise") => raised("ValueError", "boom"),
        _ if kind == "sql" => table(&json!([[1, "x"], [2, null]])),
        "1 + 1" => text("2"),
        _ => text(code),
    };
    Ran::Ends(1, output)
}

/// An output of a text.
pub fn text(text: &str) -> Value {
    json!({"status": "ok", "execution_count": 0, "data": {"text/plain": text}})
}

/// An output of SQL with the columns `a` and `b`.
pub fn table(rows: &Value) -> Value {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind, "nullable": true, "metadata": {}});
    let schema = json!({"type": "struct", "fields": [field("a", "integer"), field("b", "string")]});
    json!({"status": "ok", "execution_count": 0, "data": {"application/json": {"schema": schema, "data": rows}}})
}

/// An output of code that failed.
pub fn raised(name: &str, value: &str) -> Value {
    let trace = [
        "Traceback (most recent call last):\n",
        "  File \"<stdin>\", line 1, in <module>\n",
    ];
    let last = format!("{name}: {value}\n");
    json!({"status": "error", "execution_count": 0, "ename": name, "evalue": value,
        "traceback": [trace[0], trace[1], last]})
}
