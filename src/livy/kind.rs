//! What a session or a statement speaks.
use std::fmt;
use std::str::FromStr;

/// The language of a statement, and the default language of a session.
///
/// Livy also knows `shared` (no default language); it is read but never sent: a statement of that
/// kind waits for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Scala.
    Spark,
    /// Python.
    Pyspark,
    /// R.
    Sparkr,
    /// Spark SQL.
    Sql,
}

impl Kind {
    /// Every kind, in the order in which help texts list them.
    pub const ALL: [Self; 4] = [Self::Spark, Self::Pyspark, Self::Sparkr, Self::Sql];

    /// The name that travels; Livy's names are lower case only.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spark => "spark",
            Self::Pyspark => "pyspark",
            Self::Sparkr => "sparkr",
            Self::Sql => "sql",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no kind.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no kind; use one of spark (scala), pyspark (python), sparkr (r), sql")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Takes Livy's names and the aliases that people type, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        match text.to_ascii_lowercase().as_str() {
            "spark" | "scala" => Ok(Self::Spark),
            "pyspark" | "python" | "py" | "pyspark3" | "python3" => Ok(Self::Pyspark),
            "sparkr" | "r" => Ok(Self::Sparkr),
            "sql" => Ok(Self::Sql),
            _ => Err(UnknownKind(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_name_the_same_kind_and_the_wire_name_is_livys() {
        for (typed, name) in [
            ("scala", "spark"),
            ("Python", "pyspark"),
            ("r", "sparkr"),
            ("SQL", "sql"),
        ] {
            assert_eq!(typed.parse::<Kind>().unwrap().name(), name);
        }
        assert!("shared".parse::<Kind>().is_err());
    }
}
