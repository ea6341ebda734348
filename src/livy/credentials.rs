//! What a client shows to a server to be let in.

use secrecy::SecretString;

/// Credentials for every request of one connection. The secrets cannot be printed.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// No `Authorization` header.
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        user: String,
        /// The user's password.
        password: SecretString,
    },
    /// A bearer token.
    Bearer {
        /// The token, without the word `Bearer`.
        token: SecretString,
    },
}
