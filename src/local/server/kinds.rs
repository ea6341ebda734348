//! The names of kinds as Livy takes them: lower case only, with aliases and `shared`.
use crate::livy::Kind;

/// What a session or a request names as its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KindName {
    /// One language.
    Of(Kind),
    /// No language: a session's every statement must name one.
    Shared,
}

impl KindName {
    /// The name that travels back, `spark` for `scala`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Of(kind) => kind.name(),
            Self::Shared => "shared",
        }
    }

    /// Livy's own reading; people's spellings belong to the client.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "spark" | "scala" => Some(Self::Of(Kind::Spark)),
            "pyspark" | "python" => Some(Self::Of(Kind::Pyspark)),
            "sparkr" | "r" => Some(Self::Of(Kind::Sparkr)),
            "sql" => Some(Self::Of(Kind::Sql)),
            "shared" => Some(Self::Shared),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_only_and_aliases_are_told_back_as_livy_does() {
        assert_eq!(KindName::parse("scala").map(KindName::name), Some("spark"));
        assert_eq!(
            KindName::parse("shared").map(KindName::name),
            Some("shared")
        );
        assert_eq!(KindName::parse("SQL"), None);
    }
}
