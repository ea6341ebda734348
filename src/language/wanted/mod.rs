//! What could stand before the cursor: what an editor must know before it asks for names.
mod python;
mod sql;
#[cfg(test)]
mod tests;

pub use python::{Place, Wanted, python};
pub use sql::{Relation, WantedSql, sql};

/// Where the name that ends the text begins.
fn word_start(text: &str) -> usize {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.char_indices()
        .rev()
        .take_while(|(_, c)| inside(*c))
        .last()
        .map_or(text.len(), |(at, _)| at)
}
