//! Paths and methods: which of Livy's routes a request means.
use axum::http::Method;
use percent_encoding::percent_decode_str;

/// What can be added to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Jar,
    File,
    PyFile,
}

impl What {
    /// The host's word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Jar => "jar",
            Self::File => "file",
            Self::PyFile => "pyfile",
        }
    }

    /// The multipart field that carries it.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Jar => "jar",
            Self::File | Self::PyFile => "file",
        }
    }
}

/// One of Livy's routes. Ids and names are decoded, numbers not yet read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Root,
    Version,
    Sessions,
    Session(String),
    State(String),
    Log(String),
    Connect(String),
    Stop(String),
    Interrupt(String),
    Completion(String),
    Add(String, What),
    Upload(String, What),
    Statements(String),
    Statement(String, String),
    Cancel(String, String),
}

/// No route: below a servlet, or not even that.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Below,
    Top,
}

impl Route {
    /// Reads a path.
    pub(super) fn of(path: &str) -> Result<Self, Unknown> {
        let segments: Vec<String> = path
            .strip_prefix('/')
            .unwrap_or(path)
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let id = || words[1].to_owned();
        Ok(match words.as_slice() {
            [""] => Self::Root,
            ["version"] | ["version", ""] => Self::Version,
            ["sessions"] | ["sessions", ""] => Self::Sessions,
            ["sessions", _] => Self::Session(id()),
            ["sessions", _, "state"] => Self::State(id()),
            ["sessions", _, "log"] => Self::Log(id()),
            ["sessions", _, "connect"] => Self::Connect(id()),
            ["sessions", _, "stop"] => Self::Stop(id()),
            ["sessions", _, "interrupt"] => Self::Interrupt(id()),
            ["sessions", _, "completion"] => Self::Completion(id()),
            ["sessions", _, "add-jar"] => Self::Add(id(), What::Jar),
            ["sessions", _, "add-file"] => Self::Add(id(), What::File),
            ["sessions", _, "add-pyfile"] => Self::Add(id(), What::PyFile),
            ["sessions", _, "upload-jar"] => Self::Upload(id(), What::Jar),
            ["sessions", _, "upload-file"] => Self::Upload(id(), What::File),
            ["sessions", _, "upload-pyfile"] => Self::Upload(id(), What::PyFile),
            ["sessions", _, "statements"] => Self::Statements(id()),
            ["sessions", _, "statements", number] => Self::Statement(id(), (*number).to_owned()),
            ["sessions", _, "statements", number, "cancel"] => {
                Self::Cancel(id(), (*number).to_owned())
            }
            ["sessions" | "version", ..] => return Err(Unknown::Below),
            _ => return Err(Unknown::Top),
        })
    }

    /// The methods that it has, as Livy lists them.
    pub(super) const fn allow(&self) -> &'static str {
        match self {
            Self::Sessions | Self::Statements(_) => "POST, GET, HEAD",
            Self::Session(_) => "DELETE, GET, HEAD",
            Self::Root | Self::Version | Self::State(_) | Self::Log(_) | Self::Statement(..) => {
                "GET, HEAD"
            }
            Self::Connect(_)
            | Self::Stop(_)
            | Self::Interrupt(_)
            | Self::Completion(_)
            | Self::Add(..)
            | Self::Upload(..)
            | Self::Cancel(..) => "POST",
        }
    }

    /// Does it have this method?
    pub(super) fn has(&self, method: &Method) -> bool {
        self.allow()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_after_the_path_is_taken_apart() {
        assert_eq!(
            Route::of("/sessions/a%2Fb%20c/state"),
            Ok(Route::State("a/b c".to_owned()))
        );
        assert_eq!(Route::of("/sessions/"), Ok(Route::Sessions));
    }

    #[test]
    fn unknown_paths_differ_below_a_servlet_and_at_the_top() {
        assert_eq!(Route::of("/sessions/6/foo"), Err(Unknown::Below));
        assert_eq!(Route::of("/sessions/6/statements/1/x"), Err(Unknown::Below));
        assert_eq!(Route::of("/foo"), Err(Unknown::Top));
    }

    #[test]
    fn methods_are_those_that_livy_lists() {
        let session = Route::Session("6".to_owned());
        assert!(session.has(&Method::DELETE) && session.has(&Method::HEAD));
        assert!(!session.has(&Method::PUT) && !session.has(&Method::OPTIONS));
    }
}
