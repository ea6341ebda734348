//! A password from the terminal.

use std::io;

use secrecy::SecretString;

/// Asks on the terminal, without showing what is typed. Only where there is a terminal.
pub fn prompt(text: &str) -> io::Result<SecretString> {
    rpassword::prompt_password(text).map(SecretString::from)
}
