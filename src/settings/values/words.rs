//! Values that are one of a few words.

use std::fmt;
use std::str::FromStr;

use super::ValueError;

/// Makes an enum of words: what people may type, and the canonical spelling.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $known:literal { $($(#[$item:meta])* $variant:ident = $word:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$item])* $variant),+ }

        impl $name {
            /// The words that can be typed, as a message shows them.
            pub const KNOWN: &'static str = $known;

            /// Its canonical spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                match text {
                    $($word $(| $alias)* => Ok(Self::$variant),)+
                    _ => Err(ValueError::Choice { given: text.to_owned(), known: $known }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// When colours are used.
    Color, "auto, always, never" {
        /// On a terminal that can show them, unless `NO_COLOR` is set.
        Auto = "auto",
        /// Even into a pipe.
        Always = "always",
        /// Not at all.
        Never = "never",
    }
}

words! {
    /// The keys of the line editor.
    EditMode, "emacs, vi" {
        /// Emacs's keys.
        Emacs = "emacs",
        /// vi's keys.
        Vi = "vi",
    }
}
