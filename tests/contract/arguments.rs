//! The arguments, as cargo's own tests take them.

/// The names of the servers.
pub const SERVERS: [&str; 3] = ["genuine", "ours", "given"];

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Run,
    List,
}

/// What was asked for.
#[derive(Debug)]
pub struct Arguments {
    pub wanted: Wanted,
    parts: Vec<String>,
    without: Vec<String>,
    exact: bool,
    servers: Vec<String>,
}

impl Arguments {
    /// Reads them; what is not known is refused, because it might have meant fewer checks.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self {
            wanted: Wanted::Run,
            parts: Vec::new(),
            without: Vec::new(),
            exact: false,
            servers: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => read.wanted = Wanted::List,
                "--exact" => read.exact = true,
                "--server" => match arguments.next() {
                    Some(name) if SERVERS.contains(&name.as_str()) => read.servers.push(name),
                    _ => return Err(format!("--server is one of {SERVERS:?}.")),
                },
                "--skip" => read.without.extend(arguments.next()),
                // how cargo's tests print and spread is nothing to us
                "--nocapture" | "--no-capture" | "--show-output" | "--quiet" | "-q" => {}
                "--test-threads" | "--format" | "--color" => drop(arguments.next()),
                _ if argument.starts_with("--test-threads=") => {}
                _ if argument.starts_with('-') => {
                    return Err(format!(
                        "The contract knows parts of names, --exact, --skip, --server and --list, not {argument}."
                    ));
                }
                _ => read.parts.push(argument),
            }
        }
        Ok(read)
    }

    /// Is this server asked? All are, unless some are named.
    pub fn asks(&self, server: &str) -> bool {
        self.servers.is_empty() || self.servers.iter().any(|it| it == server)
    }

    /// Is this check asked for, by its own name or its group's?
    pub fn choose(&self, group: &str, title: &str) -> bool {
        let fits = |part: &String| {
            if self.exact {
                title == part
            } else {
                title.contains(part.as_str())
            }
        };
        let asked = |part: &String| part == group || fits(part);
        (self.parts.is_empty() || self.parts.iter().any(asked)) && !self.without.iter().any(fits)
    }
}
